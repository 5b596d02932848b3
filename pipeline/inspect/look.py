"""The way in: any model file to one record."""

from __future__ import annotations

import struct
from collections.abc import Callable
from itertools import islice
from pathlib import Path

from pipeline.inspect import checkpoint, mindir, ms, onnx
from pipeline.inspect.errors import Damaged, NotAModel, Unsupported
from pipeline.inspect.record import Inspection, Kind
from pipeline.inspect.source import Source, opened
from pipeline.inspect.wire import BYTES, VARINT, fields

_READERS: dict[Kind, Callable[[Source], Inspection]] = {
    Kind.MS: ms.read,
    Kind.MINDIR: mindir.read,
    Kind.CHECKPOINT: checkpoint.read,
    Kind.ONNX: onnx.read,
}

#: First bytes of what MindSpore encrypts, one for each cipher.
_ENCRYPTED = tuple(struct.pack("<I", 0x7F3A5ED8 + cipher) for cipher in range(3))
#: What people mix up with these kinds: offset, bytes, and what it is.
_OTHERS = (
    (0, b"PK\x03\x04", "it is a zip archive, as PyTorch and Keras write them"),
    (0, b"\x80\x02", "it is a Python pickle"),
    (0, b"\x89HDF", "it is an HDF5 file"),
    (0, b"\x1f\x8b", "it is compressed with gzip"),
    (4, b"TFL3", "it is a TensorFlow Lite model"),
    (8, b'{"', "it is a safetensors file"),
    (0, b"\x12\x34\x56\x78"[::-1], "it is the weights that belong to a .ms file of the same name"),
)
#: Top-level fields that are looked at to tell the kinds of protobuf apart.
_GLANCE = 64


def look(path: Path) -> Inspection:
    """What is in the model file at ``path``.

    The kind is told by the content, and only where that fails by the ending. Raises
    ``FileMissing``, ``NotAModel``, ``Damaged``, ``Unsupported`` and ``LocalFileError``.
    """
    with opened(path) as source:
        return examine(source)


def examine(source: Source) -> Inspection:
    """``look`` for bytes that are at hand already."""
    return _READERS[kind_of(source)](source)


def kind_of(source: Source) -> Kind:
    """The kind of model; ``NotAModel`` or ``Unsupported`` when it is none that is read."""
    head = source.data[:16]
    if head[4:7] == b"MSL":
        return Kind.MS
    if head[:4] in _ENCRYPTED:
        raise Unsupported(
            source.path, "it is encrypted", "save or export it without enc_key, or decrypt it first"
        )
    ending = source.path.suffix.lower().removeprefix(".")
    known = Kind(ending) if ending in [kind.value for kind in Kind] else None
    for offset, mark, what in _OTHERS:
        if head[offset:].startswith(mark):
            raise NotAModel(source.path, what)
    if found := _protobuf(source):
        return found
    if known is None:
        raise NotAModel(source.path, "its content is that of no model")
    return known


def _protobuf(source: Source) -> Kind | None:
    """Which schema the first fields are of: only ONNX begins with a number."""
    seen: dict[int, int] = {}
    first: tuple[int, int] | None = None
    try:
        for count, (number, form, begin, end) in enumerate(fields(source, 0, source.size)):
            if number == 1 and form == BYTES and first is None:
                first = (begin, end)
            if seen.setdefault(number, form) != form or count >= _GLANCE:
                break
    except Damaged:
        pass  # the rest is the reader's to judge
    if seen.get(7) == BYTES and 1 in seen:
        return Kind.ONNX if seen[1] == VARINT else Kind.MINDIR
    if first is None or any(number != 1 for number in seen):
        return None
    return Kind.CHECKPOINT if _is_parameter(source, *first) else None


def _is_parameter(source: Source, begin: int, end: int) -> bool:
    """Whether the message is a name and a tensor."""
    try:
        found = [field[:2] for field in islice(fields(source, begin, end), 3)]
    except Damaged:
        return False
    return found in ([(1, BYTES), (2, BYTES)], [(1, BYTES), (3, BYTES)])
