"""Export a network in a process of its own, whatever the user's code does there."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from pipeline.core import files, process
from pipeline.core.errors import LocalDiskFull
from pipeline.stages import child
from pipeline.stages.checkpoint.errors import (
    CheckpointMissing,
    WorkerCrashed,
    WorkerTimeout,
    decode,
)
from pipeline.stages.checkpoint.request import ExportRequest, ExportResult, InputSpec

__all__ = ["ExportRequest", "ExportResult", "InputSpec", "export_checkpoint"]

_environment = child.environment
_WORKER = "pipeline.stages.checkpoint.worker"


def export_checkpoint(
    request: ExportRequest, output: Path, *, deadline_s: float, log: Path
) -> ExportResult:
    """Export ``request`` into the folder ``output``, which is there and empty.

    Everything that MindSpore and the user's code print goes to ``log``, also on failure. Raises
    the errors of ``pipeline.stages.checkpoint.errors``, ``OperatorUnsupported``,
    ``MindSporeMissing``, and ``LocalFileError`` when a file cannot be written.
    """
    answer = ask(_WORKER, request, output, deadline_s=deadline_s, log=log)
    return ExportResult.from_json(answer, output)


def ask(worker: str, request: ExportRequest, output: Path, *, deadline_s: float, log: Path) -> Any:
    """What the module ``worker``, run as a process of its own, answers to ``request``."""
    if not request.checkpoint.is_file():
        raise CheckpointMissing(request.checkpoint)
    with files.disk_errors(output):
        output.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=output) as name:
            answer, done = _run(worker, request, output, Path(name), deadline_s)
    files.write_bytes(log, done.stdout + done.stderr)
    if done.ending is not process.Ending.EXIT:
        raise WorkerTimeout(request.factory, deadline_s, log)
    if answer is None and done.lacked_space:
        raise LocalDiskFull(output)
    if answer is None:
        raise WorkerCrashed(request.factory, child.how(done.returncode), log)
    if "error" in answer:
        raise decode(answer["error"])
    return answer["result"]


def _run(
    worker: str, request: ExportRequest, output: Path, scratch: Path, deadline_s: float
) -> tuple[Any, process.Completed]:
    env = _environment(scratch)
    return child.ask(worker, request.to_json(output), scratch, deadline_s, env)
