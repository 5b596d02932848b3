"""Protocol buffers read in the plainest way, to judge what the pipeline writes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def fields(data: bytes) -> Iterator[tuple[int, Any]]:
    """Number and value of each field: a number, or bytes."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        if key & 7 == 0:
            value, at = _varint(data, at)
            yield key >> 3, value
            continue
        length, at = _varint(data, at) if key & 7 == 2 else ({1: 8, 5: 4}[key & 7], at)
        assert at + length <= len(data)
        yield key >> 3, data[at : at + length]
        at += length


def attributes(model: bytes) -> dict[str, Any]:
    """The attributes of an ONNX model's first operator: lists of numbers, numbers and texts."""
    graph = next(value for number, value in fields(model) if number == 7)
    node = next(value for number, value in fields(graph) if number == 1)
    found = {}
    for number, attribute in fields(node):
        if number == 5:
            parts = list(fields(attribute))
            name = next(value for key, value in parts if key == 1).decode()
            assert name not in found
            form = next(value for key, value in parts if key == 20)
            values = [value for key, value in parts if key == {2: 3, 3: 4, 7: 8}[form]]
            found[name] = {2: lambda v: v[0], 3: lambda v: v[0].decode(), 7: tuple}[form](values)
    return found


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
