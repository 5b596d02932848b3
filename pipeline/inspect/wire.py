"""Protocol buffers, read without a schema and without trust.

A message is fields, each a varint ``number << 3 | form`` and a value: form 0 a varint, 1 eight
bytes, 2 a varint length and as many bytes, 5 four bytes. Repeated numbers come as a field each,
or packed into one of form 2. https://protobuf.dev/programming-guides/encoding
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterator

from pipeline.inspect.source import Source

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5

#: Fields that one message may hold of those that are looked for.
_MOST_KEPT = 500_000
_FLOAT = struct.Struct("<f")
#: Bytes of a varint that others follow.
_CONTINUED = bytes(range(0x80, 0x100))

#: Field number, form, the value (varint) or where it begins, and where the field ends.
Field = tuple[int, int, int, int]


def fields(source: Source, start: int, end: int) -> Iterator[Field]:
    """The fields of the message between ``start`` and ``end``; ``Damaged`` when it is none."""
    data = source.data
    at = start
    while at < end:
        source.step()
        key = data[at]
        if key < 0x80:
            begin = at + 1
        else:
            key, begin = _varint(source, at, end)
        number, form = key >> 3, key & 7
        if number == 0:
            raise source.damaged("a field without a number", at)
        if form == BYTES:
            length, begin = _varint(source, begin, end)
            after = begin + length
        elif form == VARINT:
            value, after = _varint(source, begin, end)
            yield number, form, value, after
            at = after
            continue
        elif form in (FIXED32, FIXED64):
            after = begin + (4 if form == FIXED32 else 8)
        else:
            raise source.damaged(f"a field of the unknown form {form}", at)
        if after > end:
            raise source.damaged(f"field {number} is cut off", at)
        yield number, form, begin, after
        at = after


class Message:
    """The fields of one message, of those numbers that were asked for."""

    __slots__ = ("_fields", "_source", "end", "start")

    def __init__(self, source: Source, start: int, end: int, wanted: Collection[int]) -> None:
        self.start = start
        self.end = end
        self._source = source
        self._fields: dict[int, list[Field]] = {}
        kept = 0
        for field in fields(source, start, end):
            if field[0] in wanted:
                kept += 1
                if kept > _MOST_KEPT:
                    raise source.damaged(f"a message of more than {_MOST_KEPT:,} fields", start)
                # Where a varint ends is not asked for again, and a number takes memory.
                small = (*field[:3], 0) if field[1] == VARINT else field
                self._fields.setdefault(field[0], []).append(small)

    def has(self, number: int) -> bool:
        """Whether the field is there."""
        return number in self._fields

    def integer(self, number: int, default: int = 0) -> int:
        """A signed integer: the last one, as the format says."""
        for field in reversed(self._of(number, VARINT)):
            return _signed(field[2])
        return default

    def real(self, number: int) -> float | None:
        """A 32-bit real number."""
        for field in reversed(self._of(number, FIXED32)):
            return float(_FLOAT.unpack_from(self._source.data, field[2])[0])
        return None

    def integers(self, number: int, most: int) -> tuple[int, ...]:
        """At most ``most`` + 1 signed integers, packed or not."""
        found: list[int] = []
        for _, form, begin, end in self._fields.get(number, ()):
            if form == VARINT:
                found.append(_signed(begin))
            elif form == BYTES:
                at = begin
                while at < end and len(found) <= most:
                    value, at = _varint(self._source, at, end)
                    found.append(_signed(value))
            if len(found) > most:
                break
        self._source.step(len(found))
        return tuple(found)

    def count(self, number: int) -> int:
        """How many integers a field has, packed or not: each ends with a byte below 0x80."""
        return sum(
            1 if form == VARINT else len(self._source.data[begin:end].translate(None, _CONTINUED))
            for _, form, begin, end in self._fields.get(number, ())
        )

    def text(self, number: int) -> str:
        """A name; empty when it is not there."""
        for span in reversed(self.spans(number)):
            return self._source.text(span[0], span[1] - span[0])
        return ""

    def texts(self, number: int) -> tuple[str, ...]:
        """Names."""
        return tuple(self._source.text(begin, end - begin) for begin, end in self.spans(number))

    def spans(self, number: int) -> list[tuple[int, int]]:
        """Where each value of the field begins and ends, for what is bytes or a message."""
        return [(begin, end) for _, _, begin, end in self._of(number, BYTES)]

    def places(self, number: int) -> list[tuple[int, int]]:
        """Offset and length of each value of a field of numbers, packed or not, but varints."""
        found = self._fields.get(number, ())
        return [(begin, end - begin) for _, form, begin, end in found if form != VARINT]

    def message(self, number: int, wanted: Collection[int]) -> Message | None:
        """A message within, the last one."""
        for begin, end in reversed(self.spans(number)):
            return Message(self._source, begin, end, wanted)
        return None

    def messages(self, number: int, wanted: Collection[int]) -> Iterator[Message]:
        """The messages of a repeated field, one after the other."""
        for begin, end in self.spans(number):
            yield Message(self._source, begin, end, wanted)

    def _of(self, number: int, form: int) -> list[Field]:
        """The values of a field; ``Damaged`` when their form is another than the schema's."""
        found = self._fields.get(number, [])
        if any(field[1] != form for field in found):
            raise self._source.damaged(f"field {number} has another form than it must", self.start)
        return found


def _varint(source: Source, at: int, end: int) -> tuple[int, int]:
    """The number at ``at``, and where the next thing is."""
    data = source.data
    value = 0
    for shift in range(0, 70, 7):
        if at >= end:
            raise source.damaged("a number is cut off", at)
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFF_FFFF_FFFF_FFFF, at
    raise source.damaged("a number of more than ten bytes", at)


def _signed(value: int) -> int:
    return value - (1 << 64) if value >= 1 << 63 else value
