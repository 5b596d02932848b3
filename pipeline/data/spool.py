"""An ``.npy`` file that grows by a sample at a time, so that no set has to fit into memory."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from pipeline.core import files

_HEAD_BYTES = 512


class Misfit(ValueError):
    """A sample has another shape or type than the first one; the text says which."""


class Spool:
    """Samples of one shape and type, written to ``path`` one after another.

    The head of the file comes last, when it is known how many there are; until then it is no
    ``.npy``. Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
    """

    def __init__(self, path: Path) -> None:
        self.count = 0
        self.shape: tuple[int, ...] = ()
        self.dtype = ""
        self._path = path
        with files.disk_errors(path):
            self._stream = path.open("wb")
            self._stream.write(bytes(_HEAD_BYTES))

    def __enter__(self) -> Spool:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with files.disk_errors(self._path):
            if kind is None:
                self._stream.seek(0)
                self._stream.write(self._head())
            self._stream.close()

    def add(self, sample: Any) -> None:
        """Append an array; raises Misfit."""
        dtype = sample.dtype.str
        if not self.count:
            self.shape, self.dtype = sample.shape, dtype
        elif (sample.shape, dtype) != (self.shape, self.dtype):
            raise Misfit(
                f"{np.dtype(dtype)} {list(sample.shape)}, "
                f"the first was {np.dtype(self.dtype)} {list(self.shape)}"
            )
        with files.disk_errors(self._path):
            self._stream.write(sample.tobytes())
        self.count += 1

    def _head(self) -> bytes:
        shape = (self.count, *self.shape)
        text = repr({"descr": self.dtype, "fortran_order": False, "shape": shape}).encode()
        magic = b"\x93NUMPY\x01\x00"
        room = _HEAD_BYTES - len(magic) - 2
        return magic + room.to_bytes(2, "little") + text.ljust(room - 1) + b"\n"
