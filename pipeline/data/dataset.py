"""A set of samples on disk, and how it gets there from what the configuration names."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.config.deployment import Source
from pipeline.core import files, process
from pipeline.core.errors import LocalDiskFull
from pipeline.data.errors import DataFunctionFailed, DataFunctionNotFound, DataInvalid

_DEADLINE_S = 3600.0


@dataclass(frozen=True)
class Dataset:
    """Arrays in ``.npy`` files: for each input [N, ...sample], and N labels (int64) or None."""

    source: str
    inputs: tuple[Path, ...]
    labels: Path | None
    count: int
    sample_shapes: tuple[tuple[int, ...], ...]
    digest: str


def describe(source: Source) -> str:
    """The source as people name it."""
    return source.function or str(source.file)


def fetch(
    source: Source, python_path: tuple[Path, ...], folder: Path, log: Path
) -> Mapping[str, Any]:
    """Fill ``folder`` with the arrays of ``source``, in a child process; gives the facts.

    The process's output goes to ``log``. Raises DataFunctionNotFound, DataFunctionFailed,
    DataInvalid.
    """
    name = describe(source)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        request = Path(scratch) / "request.json"
        answer = Path(scratch) / "result.json"
        files.write_json(
            request,
            {
                "function": source.function,
                "file": str(source.file) if source.file else None,
                "python_path": [str(path) for path in python_path],
                "output": str(folder),
            },
        )
        done = process.run(
            (sys.executable, "-m", "pipeline.data.worker", str(request), str(answer)),
            deadline_s=_DEADLINE_S,
            env=process.python_environment(),
        )
        files.write_bytes(log, done.stdout + done.stderr)
        if not answer.is_file():
            if done.lacked_space:
                raise LocalDiskFull(folder)
            raise DataFunctionFailed(name, f"its process {done.how}", "an unknown place", log)
        result: dict[str, Any] = files.read_json(answer)
    if result["status"] == "not found":
        raise DataFunctionNotFound(name, result["reason"])
    if result["status"] == "failed":
        raise DataFunctionFailed(name, result["reason"], result["place"], log)
    if result["status"] == "disk full":
        raise LocalDiskFull(Path(result["path"]))
    if result["status"] == "invalid":
        raise DataInvalid(name, result["reason"])
    return result


def from_facts(source: Source, folder: Path, facts: Mapping[str, Any]) -> Dataset:
    """The data set that ``fetch`` put into ``folder``."""
    arrays = tuple(folder / name for name in facts["inputs"])
    labels = folder / facts["labels"] if facts["labels"] else None
    return Dataset(
        source=describe(source),
        inputs=arrays,
        labels=labels,
        count=facts["count"],
        sample_shapes=tuple(tuple(shape) for shape in facts["sample_shapes"]),
        digest=files.sha256_json(
            [files.sha256_file(path) for path in (*arrays, *([labels] if labels else []))]
        ),
    )
