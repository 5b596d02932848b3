"""Arrays as the user gives them, checked: from a function, an ``.npz`` or an ``.npy``."""

from __future__ import annotations

import re
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

_INPUT = re.compile(r"input_([0-9]{1,3})$")


class Unusable(Exception):
    """The data is there and is of no use; the text says why."""


@dataclass(frozen=True)
class Arrays:
    """For each input an array [N, ...], N labels (int64) or None, and the inputs' names if any."""

    inputs: tuple[Any, ...]
    labels: Any | None
    names: tuple[str, ...] = ()

    def limited(self, limit: int | None) -> Arrays:
        """At most ``limit`` samples, chosen the same way each time."""
        from pipeline.data import choice

        count = len(self.inputs[0])
        if limit is None or limit >= count:
            return self
        rows = choice.choose(count, limit, 0, self.labels)
        labels = self.labels[rows] if self.labels is not None else None
        return Arrays(tuple(array[rows] for array in self.inputs), labels, self.names)


def checked(value: Any) -> Arrays:
    """A pair (inputs, labels) of usable arrays; raises Unusable."""
    if not isinstance(value, tuple) or len(value) != 2:
        raise Unusable(f"a {type(value).__name__} where a pair (inputs, labels) was expected")
    given, labels = value
    inputs = tuple(as_array(a) for a in (given if isinstance(given, (tuple, list)) else (given,)))
    counts = {len(array) if array.ndim and array.size else 0 for array in inputs}
    if len(counts) != 1 or counts == {0}:
        raise Unusable("no samples" if counts <= {0} else "inputs with different sample counts")
    for number, array in enumerate(inputs):
        check_elements(array, number)
    if labels is None:
        return Arrays(inputs, None)
    labels = as_array(labels)
    if labels.shape != (len(inputs[0]),):
        raise Unusable(f"labels of shape {list(labels.shape)} for {len(inputs[0])} samples")
    return Arrays(inputs, whole(labels))


def check_elements(array: Any, number: int) -> None:
    """Refuse what no network takes as its input ``number``."""
    if array.dtype.kind not in "fiub":
        raise Unusable(f"input {number} has elements of type {array.dtype}")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise Unusable(f"input {number} holds NaN or infinity")


def whole(labels: Any) -> Any:
    """Labels as int64; raises Unusable for those that number no class."""
    found = labels.astype(np.int64) if labels.dtype.kind in "iu" else None
    if found is None or not found.size or found.min() < 0:
        raise Unusable("labels must be whole numbers from 0")
    return found


def as_array(value: Any) -> Any:
    """An array of numpy's; a tensor of MindSpore's or of another framework's becomes one."""
    try:
        return value.asnumpy() if hasattr(value, "asnumpy") else np.asarray(value)
    except ValueError as error:
        raise Unusable(f"not an array: {error}") from None


def read(path: Path, labels: Path | None) -> Arrays:
    """The arrays of an ``.npz``, or those of an ``.npy`` and of the one with its labels."""
    found = _load(path)
    if isinstance(found, np.ndarray):
        return checked((found, _load(labels) if labels else None))
    if labels is not None:
        raise Unusable("it holds several arrays; `labels:` is for a single one")
    names = [name for name in found if name != "labels"]
    numbered = {int(at[1]): name for name in names if (at := _INPUT.match(name))}
    if "inputs" in found:
        return checked((found["inputs"], found.get("labels")))
    if numbered:
        inputs = tuple(found[numbered[number]] for number in sorted(numbered))
        return checked((inputs, found.get("labels")))
    if not names:
        raise Unusable(f"no array `inputs` among {', '.join(found) or 'none'}")
    arrays = checked((tuple(found[name] for name in names), found.get("labels")))
    return Arrays(arrays.inputs, arrays.labels, tuple(names))


def _load(path: Path) -> Any:
    """An array, or those of an ``.npz`` by name."""
    try:
        found = np.load(path, allow_pickle=False)
        if not isinstance(found, np.lib.npyio.NpzFile):
            return found
        with found:
            return {name: found[name] for name in found.files}
    except (OSError, ValueError, EOFError, MemoryError, zipfile.BadZipFile, zlib.error) as error:
        raise Unusable(f"{path.name} is not an .npz or .npy of plain arrays: {error}") from None
