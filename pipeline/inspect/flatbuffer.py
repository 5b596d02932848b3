"""Flatbuffers, read without a schema compiler and without trust.

A table at ``p`` has its vtable at ``p - int32(p)``; the vtable is uint16s: its own bytes, the
table's bytes, then for each field its offset from ``p``, 0 or none for a field that is not there.
Strings, vectors and tables are uint32 offsets forward from where they stand. All little-endian.
https://flatbuffers.dev/internals
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterator
from typing import Any

from pipeline.inspect.source import Source

_U8 = struct.Struct("<B")
_I8 = struct.Struct("<b")
_PAIR = struct.Struct("<HH")
_I32 = struct.Struct("<i")
_U32 = struct.Struct("<I")
_I64 = struct.Struct("<q")
_F32 = struct.Struct("<f")
_F64 = struct.Struct("<d")

#: Fields of a table that are looked at; no table that is read has more.
_MOST_FIELDS = 32


class Flatbuffer:
    """A buffer, and how much of it was read as structure.

    In a tree every table, string and vector is read once, so that together they are no longer
    than the file. Some sharing is allowed; a file whose offsets meet again and again is not.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.data = source.data
        self.size = source.size
        self._left = 2 * source.size
        self._vtables: dict[int, tuple[tuple[int, ...], int]] = {}

    def root(self) -> Table:
        """The table that the first four bytes point to."""
        return self.table(self.follow(0))

    def table(self, at: int) -> Table:
        """The table at ``at``."""
        vtable = at - self.number(_I32, at)
        fields, size = self._vtables.get(vtable) or self._vtable(vtable)
        if at + size > self.size:
            raise self.source.damaged("a table reaches beyond the end of the file", at)
        self.spend(size, at)
        return Table(self, at, fields)

    def follow(self, at: int) -> int:
        """Where the offset at ``at`` leads."""
        target = at + int(self.number(_U32, at))
        if target == at or target > self.size - 4:
            raise self.source.damaged("an offset leads nowhere", at)
        return target

    def number(self, form: struct.Struct, at: int) -> Any:
        """The number of the form ``form`` at ``at``."""
        if not 0 <= at <= self.size - form.size:
            raise self.source.damaged("an offset leads out of the file", at)
        return form.unpack_from(self.data, at)[0]

    def vector(self, at: int, item_bytes: int) -> tuple[int, int]:
        """Where the items of the vector at ``at`` begin, and their number."""
        count = int(self.number(_U32, at))
        if count * item_bytes > self.size - at - 4:
            raise self.source.damaged(f"a vector of {count:,} items is cut off", at)
        return at + 4, count

    def spend(self, size: int, at: int) -> None:
        """Count ``size`` bytes at ``at`` as read."""
        self.source.step()
        self._left -= size
        if self._left < 0:
            raise self.source.damaged("its parts overlap", at)

    def _vtable(self, at: int) -> tuple[tuple[int, ...], int]:
        """Offsets of the fields, and the table's bytes."""
        self.number(_U32, at)
        length, size = _PAIR.unpack_from(self.data, at)
        if length < 4 or length % 2 or at + length > self.size or size < 4:
            raise self.source.damaged("a table's layout is impossible", at)
        count = min((length - 4) // 2, _MOST_FIELDS)
        fields = struct.unpack_from(f"<{count}H", self.data, at + 4)
        if any(0 < field < 4 or field >= size for field in fields):
            raise self.source.damaged("a field lies outside of its table", at)
        found = (fields, size)
        self._vtables[at] = found
        return found


class Table:
    """One table. Fields go by their number; one that is not there gives the default."""

    __slots__ = ("_buffer", "_fields", "position")

    def __init__(self, buffer: Flatbuffer, position: int, fields: tuple[int, ...]) -> None:
        self._buffer = buffer
        self._fields = fields
        self.position = position

    def uint8(self, field: int, default: int = 0) -> int:
        """An unsigned byte."""
        return int(self._number(_U8, field, default))

    def int8(self, field: int, default: int = 0) -> int:
        """A signed byte."""
        return int(self._number(_I8, field, default))

    def boolean(self, field: int, default: bool = False) -> bool:
        """A truth value."""
        return bool(self._number(_U8, field, default))

    def int32(self, field: int, default: int = 0) -> int:
        """A 32-bit integer."""
        return int(self._number(_I32, field, default))

    def int64(self, field: int, default: int = 0) -> int:
        """A 64-bit integer."""
        return int(self._number(_I64, field, default))

    def float32(self, field: int, default: float = 0.0) -> float:
        """A 32-bit real number."""
        return float(self._number(_F32, field, default))

    def float64(self, field: int, default: float = 0.0) -> float:
        """A 64-bit real number."""
        return float(self._number(_F64, field, default))

    def text(self, field: int) -> str:
        """A string; empty when it is not there."""
        if not (at := self._target(field)):
            return ""
        start, length = self._buffer.vector(at, 1)
        self._buffer.spend(length + 4, at)
        return self._buffer.source.text(start, length)

    def table(self, field: int) -> Table | None:
        """A table within."""
        at = self._target(field)
        return self._buffer.table(at) if at else None

    def tables(self, field: int) -> Iterator[Table]:
        """The tables of a vector, one after the other."""
        start, count = self._items(field, 4)
        for at in range(start, start + 4 * count, 4):
            yield self._buffer.table(self._buffer.follow(at))

    def count(self, field: int) -> int:
        """The number of items of a vector of tables."""
        at = self._target(field)
        return self._buffer.vector(at, 4)[1] if at else 0

    def ints(self, field: int) -> array[int]:
        """A vector of 32-bit integers."""
        return self._array(field, "i")

    def uints(self, field: int) -> array[int]:
        """A vector of unsigned 32-bit integers."""
        return self._array(field, "I")

    def floats(self, field: int) -> array[float]:
        """A vector of 32-bit real numbers."""
        return self._array(field, "f")

    def longs(self, field: int) -> array[int]:
        """A vector of 64-bit integers."""
        return self._array(field, "q")

    def span(self, field: int) -> tuple[int, int] | None:
        """Where the bytes of a vector of bytes begin, and their number; they are not read."""
        at = self._target(field)
        return self._buffer.vector(at, 1) if at else None

    def has(self, field: int) -> bool:
        """Whether the field is there, that is, not the default."""
        return bool(self._at(field))

    def target(self, field: int) -> int:
        """Where what the field points to stands; 0 when it is not there."""
        return self._target(field)

    def _array(self, field: int, code: str) -> array[Any]:
        found: array[Any] = array(code)
        start, count = self._items(field, found.itemsize)
        found.frombytes(self._buffer.data[start : start + count * found.itemsize])
        if _SWAPPED:
            found.byteswap()
        return found

    def _items(self, field: int, item_bytes: int) -> tuple[int, int]:
        if not (at := self._target(field)):
            return 0, 0
        start, count = self._buffer.vector(at, item_bytes)
        self._buffer.spend(count * item_bytes + 4, at)
        return start, count

    def _target(self, field: int) -> int:
        at = self._at(field)
        return self._buffer.follow(at) if at else 0

    def _at(self, field: int) -> int:
        offset = self._fields[field] if field < len(self._fields) else 0
        return self.position + offset if offset else 0

    def _number(self, form: struct.Struct, field: int, default: Any) -> Any:
        at = self._at(field)
        return self._buffer.number(form, at) if at else default


_SWAPPED = struct.pack("=H", 1) != struct.pack("<H", 1)
