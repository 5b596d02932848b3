"""Export a network in a process of its own, whatever the user's code does there."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

from pipeline.core import files, process
from pipeline.core.errors import LocalDiskFull
from pipeline.stages.checkpoint.errors import (
    CheckpointMissing,
    WorkerCrashed,
    WorkerTimeout,
    decode,
)
from pipeline.stages.checkpoint.request import ExportRequest, ExportResult, InputSpec

__all__ = ["ExportRequest", "ExportResult", "InputSpec", "export_checkpoint"]

_WORKER = "pipeline.stages.checkpoint.worker"


def export_checkpoint(
    request: ExportRequest, output: Path, *, deadline_s: float, log: Path
) -> ExportResult:
    """Export ``request`` into the folder ``output``, which is there and empty.

    Everything that MindSpore and the user's code print goes to ``log``, also on failure. Raises
    the errors of ``pipeline.stages.checkpoint.errors``, ``OperatorUnsupported``,
    ``MindSporeMissing``, and ``LocalFileError`` when a file cannot be written.
    """
    if not request.checkpoint.is_file():
        raise CheckpointMissing(request.checkpoint)
    with files.disk_errors(output):
        output.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=output) as name:
            answer, done = _run(request, output, Path(name), deadline_s)
    files.write_bytes(log, done.stdout + done.stderr)
    if done.ending is not process.Ending.EXIT:
        raise WorkerTimeout(request.factory, deadline_s, log)
    if answer is None and done.lacked_space:
        raise LocalDiskFull(output)
    if answer is None:
        raise WorkerCrashed(request.factory, _how(done.returncode), log)
    if "error" in answer:
        raise decode(answer["error"])
    return ExportResult.from_json(answer["result"], output)


def _run(
    request: ExportRequest, output: Path, scratch: Path, deadline_s: float
) -> tuple[Any, process.Completed]:
    asked, answered = scratch / "request.json", scratch / "result.json"
    files.write_json(asked, request.to_json(output))
    command = [sys.executable, "-m", _WORKER, str(asked), str(answered)]
    done = process.run(command, deadline_s=deadline_s, env=_environment(scratch))
    if done.ending is not process.Ending.EXIT or not answered.is_file():
        return None, done
    try:
        return files.read_json(answered), done
    except ValueError:
        return None, done


def _environment(scratch: Path) -> dict[str, str]:
    """What makes the worker find this package, repeat itself exactly and litter nothing."""
    return {
        **process.python_environment(),
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        "GLOG_v": os.environ.get("GLOG_v", "3"),  # noqa: SIM112 (its name)
        "MS_OM_PATH": str(scratch),  # what it dumps on errors; else a rank_0 where we stand
    }


def _how(returncode: int) -> str:
    if returncode >= 0:
        return f"it exited with code {returncode} and no answer"
    try:
        return signal.Signals(-returncode).name
    except ValueError:
        return f"signal {-returncode}"
