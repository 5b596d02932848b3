"""The two containers, written: the least that makes files to read, whole or hostile."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Union

Value = Union["Table", "Vector", "Scalar", str, bytes]


@dataclass(frozen=True)
class Scalar:
    """A number of a struct form: ``b``, ``i``, ``q``, ``d``, ``f`` ..."""

    form: str
    value: float


@dataclass(frozen=True)
class Vector:
    """Items of a struct form, or tables where ``form`` is empty."""

    form: str
    items: Sequence[object]


@dataclass(frozen=True)
class Table:
    """Fields by number."""

    fields: Mapping[int, Value]


def flatbuffer(root: Table, mark: bytes = b"MSL2") -> bytes:
    """A flatbuffer of ``root``; parts follow what points to them, as offsets go forward."""
    out = bytearray(4) + mark
    struct.pack_into("<I", out, 0, _table(out, root))
    return bytes(out)


def _table(out: bytearray, table: Table) -> int:
    """Append a table and all below it; its vtable stands before it."""
    count = max(table.fields, default=-1) + 1
    offsets, size = [0] * count, 4
    for number, value in sorted(table.fields.items()):
        width = struct.calcsize(value.form) if isinstance(value, Scalar) else 4
        size += -size % width
        offsets[number] = size
        size += width
    _align(out, 8)
    vtable = len(out)
    out += struct.pack(f"<HH{count}H", 4 + 2 * count, size, *offsets)
    _align(out, 8)
    at = len(out)
    out += bytes(size)
    struct.pack_into("<i", out, at, at - vtable)
    for number, value in sorted(table.fields.items()):
        place = at + offsets[number]
        if isinstance(value, Scalar):
            struct.pack_into(f"<{value.form}", out, place, value.value)
        else:
            struct.pack_into("<I", out, place, _below(out, value) - place)
    return at


def _below(out: bytearray, value: Value) -> int:
    if isinstance(value, Table):
        return _table(out, value)
    if isinstance(value, (str, bytes)):
        data = value.encode() + b"\0" if isinstance(value, str) else value
        _align(out, 4)
        at = len(out)
        out += struct.pack("<I", len(value.encode()) if isinstance(value, str) else len(data))
        out += data
        return at
    assert isinstance(value, Vector)
    _align(out, 4)
    if value.form and struct.calcsize(value.form) == 8 and len(out) % 8 == 0:
        out += bytes(4)
    at = len(out)
    out += struct.pack("<I", len(value.items))
    if value.form:
        out += struct.pack(f"<{len(value.items)}{value.form}", *value.items)
        return at
    out += bytes(4 * len(value.items))
    for number, item in enumerate(value.items):
        place = at + 4 + 4 * number
        assert isinstance(item, Table)
        struct.pack_into("<I", out, place, _table(out, item) - place)
    return at


def _align(out: bytearray, width: int) -> None:
    out += bytes(-len(out) % width)


def varint(value: int) -> bytes:
    """A protobuf number; negative ones take ten bytes."""
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def message(*fields: tuple[int, int | float | str | bytes]) -> bytes:
    """A protobuf message of fields: ints as varints, floats in four bytes, the rest by length."""
    out = b""
    for number, value in fields:
        if isinstance(value, int):
            out += varint(number << 3) + varint(value)
        elif isinstance(value, float):
            out += varint(number << 3 | 5) + struct.pack("<f", value)
        else:
            data = value.encode() if isinstance(value, str) else value
            out += varint(number << 3 | 2) + varint(len(data)) + data
    return out
