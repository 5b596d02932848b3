"""A set of samples on disk, and how it gets there from what the configuration names."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipeline.config.data import Source
from pipeline.core import files, process
from pipeline.core.errors import LocalDiskFull
from pipeline.data import errors
from pipeline.data.errors import (
    DataFunctionFailed,
    DataFunctionNotFound,
    DataInvalid,
    InputNamesDiffer,
)

_DEADLINE_S = 3600.0


@dataclass(frozen=True)
class Dataset:
    """Arrays in ``.npy`` files: for each input [N, ...sample], and N labels (int64) or None.

    ``input_names``: of the inputs, where they are still to be put into the network's order.
    ``files``: a JSON list with the name of the image that each sample comes from.
    """

    source: str
    inputs: tuple[Path, ...]
    labels: Path | None
    count: int
    sample_shapes: tuple[tuple[int, ...], ...]
    digest: str
    input_names: tuple[str, ...] = ()
    files: Path | None = None

    def ordered(self, names: Sequence[str]) -> Dataset:
        """The same set with its inputs in the order of ``names``, the network's.

        Inputs without names are in it already. Raises InputNamesDiffer.
        """
        if not self.input_names:
            return self
        if sorted(names) != sorted(self.input_names):
            raise InputNamesDiffer(self.source, self.input_names, tuple(names))
        order = [self.input_names.index(name) for name in names]
        return replace(
            self,
            inputs=tuple(self.inputs[at] for at in order),
            sample_shapes=tuple(self.sample_shapes[at] for at in order),
            digest=files.sha256_json([self.digest, order]),
            input_names=(),
        )

    def names_of(self, rows: Sequence[int]) -> list[str] | list[int]:
        """The images that samples come from, or where they are no images their numbers."""
        if self.files is None:
            return list(rows)
        names = files.read_json(self.files)
        return [names[row] for row in rows]


def describe(source: Source) -> str:
    """The source as people name it."""
    return source.function or str(source.file or source.images)


def fetch(
    source: Source, python_path: tuple[Path, ...], folder: Path, log: Path
) -> Mapping[str, Any]:
    """Fill ``folder`` with the arrays of ``source``, in a child process; gives the facts.

    The process's output goes to ``log``. Raises DataFunctionNotFound, DataFunctionFailed,
    DataInvalid, ImageUnusable, ImageTooSmall, ImageSizesDiffer.
    """
    name = describe(source)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        request = Path(scratch) / "request.json"
        answer = Path(scratch) / "result.json"
        files.write_json(
            request,
            {
                "source": source.model_dump(mode="json"),
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
    if result["status"] == "image":
        raise _image_error(result["error"], result["facts"])
    return result


def from_facts(source: Source, folder: Path, facts: Mapping[str, Any]) -> Dataset:
    """The data set that ``fetch`` put into ``folder``."""
    arrays = tuple(folder / name for name in facts["inputs"])
    labels = folder / facts["labels"] if facts["labels"] else None
    names = facts.get("input_names", [])
    digests = [files.sha256_file(path) for path in (*arrays, *([labels] if labels else []))]
    return Dataset(
        source=describe(source),
        inputs=arrays,
        labels=labels,
        count=facts["count"],
        sample_shapes=tuple(tuple(shape) for shape in facts["sample_shapes"]),
        digest=files.sha256_json([*digests, *names]),
        input_names=tuple(names),
        files=folder / facts["files"] if "files" in facts else None,
    )


def _image_error(name: str, facts: Mapping[str, Any]) -> Exception:
    fields = {key: tuple(item) if isinstance(item, list) else item for key, item in facts.items()}
    error: Exception = getattr(errors, name)(**fields | {"path": Path(facts["path"])})
    return error
