"""The bytes of a model file, mapped and not loaded, and how much may be made of them."""

from __future__ import annotations

import mmap
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.core.errors import FileMissing
from pipeline.core.files import disk_errors
from pipeline.inspect.errors import Damaged, NotAModel, Unsupported

Data = bytes | mmap.mmap

#: Operators and tensors of one model. The largest networks that run on a device have a few
#: thousand; with this many, what is kept of a model stays below some 200 MB.
MOST_PARTS = 200_000
#: Fields or tables that are looked at, a few seconds' worth.
MOST_STEPS = 5_000_000
MOST_DIMENSIONS = 32
_MOST_ELEMENTS = 1 << 62
_LONGEST_NAME = 1 << 16


class Source:
    """A file's bytes, where they come from, and the count of what was made of them.

    A reader calls ``part`` for each operator and tensor and ``step`` for each field or table, so
    that neither memory nor time depends on a number that the file merely states.
    """

    def __init__(self, data: Data, path: Path) -> None:
        self.data = data
        self.path = path
        self.size = len(data)
        self._parts = 0
        self._steps = 0
        self._names: dict[str, str] = {}

    def damaged(self, what: str, offset: int) -> Damaged:
        """The error for a fault at ``offset``."""
        return Damaged(self.path, what, offset)

    def part(self) -> None:
        """One more operator or tensor; ``Unsupported`` when there are too many."""
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise self._too_large(f"it has more than {MOST_PARTS:,} operators and tensors")

    def step(self, count: int = 1) -> None:
        """Some more fields or tables; ``Unsupported`` when there are too many."""
        self._steps += count
        if self._steps > MOST_STEPS:
            raise self._too_large(f"it has more than {MOST_STEPS:,} fields")

    def text(self, start: int, length: int) -> str:
        """A name of ``length`` bytes that were checked to be there; what is no UTF-8 is marked."""
        if length > _LONGEST_NAME:
            raise self.damaged(f"a name of {length:,} bytes", start)
        found = self.data[start : start + length].decode("utf-8", "replace")
        return self._names.setdefault(found, found)  # the same name is kept once

    def shape(self, dimensions: tuple[int, ...], offset: int) -> tuple[int, ...]:
        """Dimensions that may be believed; an open one becomes -1."""
        if len(dimensions) > MOST_DIMENSIONS:
            raise self.damaged(f"a tensor of {len(dimensions)} dimensions", offset)
        elements = 1
        for size in dimensions:
            elements *= max(size, 1)
        if elements > _MOST_ELEMENTS:
            raise self.damaged("a tensor with more elements than any memory holds", offset)
        return tuple(max(size, -1) for size in dimensions)

    def _too_large(self, what: str) -> Unsupported:
        return Unsupported(self.path, what, "inspect a part of the model, or export it smaller")


@contextmanager
def opened(path: Path) -> Iterator[Source]:
    """The file at ``path``, mapped for reading while the block runs.

    Raises ``FileMissing``, ``NotAModel`` for what is no file or empty, ``LocalFileError``.
    """
    with disk_errors(path):
        try:
            kind = path.stat().st_mode
        except (FileNotFoundError, NotADirectoryError):
            raise FileMissing(path, "model") from None
        except ValueError:  # a NUL in the name
            raise FileMissing(path, "model") from None
        if stat.S_ISDIR(kind):
            raise NotAModel(path, "it is a folder")
        if not stat.S_ISREG(kind):
            raise NotAModel(path, "it is not a regular file")
        with path.open("rb") as stream:
            if os.fstat(stream.fileno()).st_size == 0:
                raise NotAModel(path, "it is empty")
            mapped = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    with mapped:
        yield Source(mapped, path)
