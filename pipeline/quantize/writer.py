"""Flatbuffers, written from the end to the front, in front of bytes that are kept as they are.

Places are counted from the end of the file, so that they hold while the file grows. What a table
points to must be there before it; a vtable is shared by all tables of the same layout.
https://flatbuffers.dev/internals
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

#: The largest alignment of anything in a file, and what its length is a multiple of.
_ALIGNMENT = 8


class Form(Enum):
    """How a field of a table is stored: format and bytes; an offset is a place in the file."""

    BOOL = ("<?", 1)
    UINT8 = ("<B", 1)
    INT32 = ("<i", 4)
    FLOAT32 = ("<f", 4)
    FLOAT64 = ("<d", 8)
    OFFSET = ("<I", 4)

    @property
    def size(self) -> int:
        """Bytes."""
        return self.value[1]


@dataclass(frozen=True)
class Field:
    """A field and its value; for an offset the place that it points to."""

    form: Form
    value: float


class Writer:
    """Grows a file towards its front; ``tail`` is what it ends with."""

    def __init__(self, tail: bytes) -> None:
        self._parts: list[bytes] = [tail]
        self._length = len(tail)
        self._vtables: dict[bytes, int] = {}

    @property
    def place(self) -> int:
        """Where what was written last begins."""
        return self._length

    def bytes_vector(self, data: bytes) -> int:
        """A vector of bytes."""
        self._align(4, len(data))
        self._put(data)
        return self._put(struct.pack("<I", len(data)))

    def text(self, text: str) -> int:
        """A string, with the zero byte that ends it."""
        data = text.encode()
        self._align(4, len(data) + 1)
        self._put(data + b"\0")
        return self._put(struct.pack("<I", len(data)))

    def numbers(self, form: Form, values: Sequence[float]) -> int:
        """A vector of numbers of one form, of at most 4 bytes each."""
        code = form.value[0][1]
        self._align(4, form.size * len(values))
        self._put(struct.pack(f"<{len(values)}{code}", *values))
        return self._put(struct.pack("<I", len(values)))

    def offsets(self, places: Sequence[int]) -> int:
        """A vector of offsets to ``places``."""
        self._align(4, 4 * len(places))
        for left, place in enumerate(reversed(places)):
            assert place <= self._length, left
            self._put(struct.pack("<I", self._length + 4 - place))
        return self._put(struct.pack("<I", len(places)))

    def table(self, fields: Mapping[int, Field]) -> int:
        """A table of the fields by their numbers."""
        order = sorted(fields, key=lambda number: (-fields[number].form.size, number))
        offsets: dict[int, int] = {}
        size = 4  # the offset to the vtable
        for number in order:
            offsets[number] = size
            size += fields[number].form.size
        wide = order and fields[order[0]].form.size == 8
        # Fields of 8 bytes come first, right behind the 4 bytes of the vtable's offset.
        self._align(8 if wide else 4, size - 4 if wide else size)
        start = self._length + size
        body = bytearray(size)
        for number, offset in offsets.items():
            field = fields[number]
            code = field.form.value[0]
            if field.form is Form.OFFSET:
                struct.pack_into(code, body, offset, start - offset - int(field.value))
            elif code[1] in "df":
                struct.pack_into(code, body, offset, field.value)
            else:
                struct.pack_into(code, body, offset, int(field.value))
        count = max(fields, default=-1) + 1
        slots = [offsets.get(number, 0) for number in range(count)]
        vtable = struct.pack(f"<{count + 2}H", 4 + 2 * count, size, *slots)
        known = self._vtables.get(vtable)
        if known is None:
            # It will stand right before the table, padded to keep the table where it is.
            padded = vtable if len(vtable) % 4 == 0 else b"\0\0" + vtable
            struct.pack_into("<i", body, 0, len(vtable))
            self._put(bytes(body))
            self._put(padded)
            self._vtables[vtable] = start + len(vtable)
        else:
            struct.pack_into("<i", body, 0, known - start)
            self._put(bytes(body))
        return start

    def finish(self, root: int, mark: bytes) -> bytes:
        """The whole file: the offset to its root table, its mark, and all that was written."""
        self._align(_ALIGNMENT, 8)
        total = self._length + 8
        self._put(struct.pack("<I", total - root) + mark)
        return b"".join(reversed(self._parts))

    def _align(self, alignment: int, size: int) -> None:
        """Pad so that what begins ``size`` bytes further to the front is aligned."""
        self._put(bytes(-(self._length + size) % alignment))

    def _put(self, data: bytes) -> int:
        if data:
            self._parts.append(data)
            self._length += len(data)
        return self._length
