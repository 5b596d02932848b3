"""``.ckpt`` files: parameters as MindSpore's ``save_checkpoint`` writes them.

``Checkpoint`` is repeated ``value`` (1) of ``tag`` (1), ``tensor`` (2) or ``maptensor`` (3); a
``tensor`` is ``dims`` (1), ``tensor_type`` (2) and ``tensor_content`` (3). A long one comes in
pieces, values with the same tag one after the other. With a checksum, the text ``crc_num`` and
ten bytes follow the message.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import replace

from pipeline.inspect import dtypes
from pipeline.inspect.record import Inspection, Kind, Smell, Tensor
from pipeline.inspect.smells import of_tensors
from pipeline.inspect.source import MOST_DIMENSIONS, Source
from pipeline.inspect.wire import BYTES, Message, fields

_VALUE = 1
_TAG, _TENSOR, _MAP = 1, 2, 3
_DIMENSIONS, _TYPE, _CONTENT = 1, 2, 3

_CHECKSUM = b"crc_num"
_CHECKSUM_BYTES = 17
_BLOCK = 1 << 20


def read(source: Source) -> Inspection:
    """The parameters in ``source``; ``Damaged`` or ``Unsupported`` when they do not hold."""
    end, details, smells = _checked(source)
    tensors = tuple(_tensors(source, end))
    if not tensors:
        raise source.damaged("it has no parameters", 0)
    return Inspection(
        source.path,
        Kind.CHECKPOINT,
        source.size,
        "checkpoint",
        "MindSpore",
        tensors=tensors,
        smells=(*smells, *of_tensors((), tensors)),
        details=details,
    )


def _tensors(source: Source, end: int) -> Iterator[Tensor]:
    last: Tensor | None = None
    pieces: list[tuple[int, int]] = []
    for number, form, begin, after in fields(source, 0, end):
        if number != _VALUE or form != BYTES:
            raise source.damaged(f"field {number} where a parameter must be", begin)
        source.part()
        found = _tensor(source, Message(source, begin, after, (_TAG, _TENSOR, _MAP)))
        if last is not None and not _continues(last, found):
            yield _settled(last, pieces)
            pieces = []
        pieces.extend(found.stored)
        last = found
    if last is not None:
        yield _settled(last, pieces)


def _tensor(source: Source, value: Message) -> Tensor:
    name = value.text(_TAG)
    tensor = value.message(_TENSOR, (_DIMENSIONS, _TYPE, _CONTENT))
    if tensor is None:
        if not value.has(_MAP):
            raise source.damaged("a parameter without a value", value.start)
        return Tensor(name, "map", None, stored=((value.start, value.end - value.start),))
    dimensions = tensor.integers(_DIMENSIONS, MOST_DIMENSIONS)
    return Tensor(
        name,
        dtypes.of_checkpoint(tensor.text(_TYPE)),
        source.shape(dimensions, tensor.start),
        stored=tuple((begin, after - begin) for begin, after in tensor.spans(_CONTENT)[-1:]),
    )


def _continues(last: Tensor, found: Tensor) -> bool:
    return (last.name, last.dtype, last.shape) == (found.name, found.dtype, found.shape)


def _settled(tensor: Tensor, pieces: list[tuple[int, int]]) -> Tensor:
    """With all its pieces; a single number is written with the dimensions [0], and has none."""
    single = replace(tensor, shape=(), stored=tuple(pieces))
    if tensor.shape == (0,) and single.stored_bytes == single.plain_bytes:
        return single
    return replace(single, shape=tensor.shape)


def _checked(source: Source) -> tuple[int, dict[str, str | int], list[Smell]]:
    """Where the message ends, and whether a checksum holds."""
    end = source.size - _CHECKSUM_BYTES
    if end <= 0 or source.data[end : end + len(_CHECKSUM)] != _CHECKSUM:
        return source.size, {}, []
    stated = int.from_bytes(source.data[end + len(_CHECKSUM) : source.size], "big")
    found = 0
    for at in range(0, end, _BLOCK):
        found = zlib.crc32(source.data[at : min(at + _BLOCK, end)], found)
    if found == stated:
        return end, {"checksum": "holds"}, []
    wrong = Smell("checksum", 1, "the checksum does not hold: some parameters have changed")
    return end, {"checksum": "does not hold"}, [wrong]
