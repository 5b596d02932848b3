"""One question to a process of its own that runs somebody's model file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.core import files, process
from pipeline.core.errors import LocalDiskFull
from pipeline.stages import child
from pipeline.stages.checkpoint.errors import WorkerCrashed, WorkerTimeout
from pipeline.stages.source.errors import decode


def ask(
    worker: str,
    request: Mapping[str, Any],
    model: Path,
    scratch: Path,
    *,
    deadline_s: float,
    log: Path,
) -> Any:
    """What the module ``worker`` answers to ``request``; all that it prints goes to ``log``.

    ``scratch`` is a folder for its files that go away. Raises the errors that the worker met,
    ``WorkerTimeout``, ``WorkerCrashed`` and ``LocalDiskFull``.
    """
    environment = child.environment(scratch)
    answer, done = child.ask(worker, request, scratch, deadline_s, environment)
    files.write_bytes(log, done.stdout + done.stderr)
    if done.ending is not process.Ending.EXIT:
        raise WorkerTimeout(str(model), deadline_s, log)
    if answer is None and done.lacked_space:
        raise LocalDiskFull(scratch)
    if answer is None:
        raise WorkerCrashed(str(model), child.how(done.returncode), log)
    if "error" in answer:
        raise decode(answer["error"])
    return answer["result"]
