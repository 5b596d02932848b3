"""Protocol buffers, written: what ``wire`` reads."""

from __future__ import annotations

from pipeline.inspect.wire import BYTES, VARINT


def varint(value: int) -> bytes:
    """A number of 64 bits, seven of them a byte; negative ones take ten bytes."""
    rest = value & 0xFFFF_FFFF_FFFF_FFFF
    out = bytearray()
    while rest > 0x7F:
        out.append(rest & 0x7F | 0x80)
        rest >>= 7
    out.append(rest)
    return bytes(out)


def message(*fields: tuple[int, int | str | bytes]) -> bytes:
    """A message of numbered fields: numbers as varints, texts and messages by their length."""
    return b"".join(_field(number, value) for number, value in fields)


def _field(number: int, value: int | str | bytes) -> bytes:
    if isinstance(value, int):
        return varint(number << 3 | VARINT) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return header(number, len(data)) + data


def header(number: int, length: int) -> bytes:
    """What stands before ``length`` bytes of a field."""
    return varint(number << 3 | BYTES) + varint(length)
