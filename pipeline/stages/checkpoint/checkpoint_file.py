"""A look at a checkpoint's bytes before MindSpore sees them, for a better message."""

from __future__ import annotations

import mmap
from pathlib import Path

from pipeline.core import files
from pipeline.stages.checkpoint.errors import NotACheckpoint

#: Every parameter is a field 1 with a length; nothing else is at the top level.
_PARAMETER = 0x0A
_CHECKSUM = b"crc_num"
_CHECKSUM_BYTES = len(_CHECKSUM) + 10
_LONGEST_VARINT = 10


def check(path: Path) -> int:
    """The number of parts of a checkpoint; ``NotACheckpoint`` when it cannot be one.

    The file is mapped, not read: only the length of each part is looked at.
    """
    if path.suffix == ".safetensors":
        return 0
    with files.disk_errors(path):
        size = path.stat().st_size
        if size == 0:
            raise NotACheckpoint(path, "the file is empty")
        with (
            path.open("rb") as stream,
            mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data,
        ):
            return _walk(path, data, size)


def _walk(path: Path, data: mmap.mmap, size: int) -> int:
    end = size
    if size > _CHECKSUM_BYTES and data[-_CHECKSUM_BYTES:-10] == _CHECKSUM:
        end -= _CHECKSUM_BYTES
    position = parts = 0
    while position < end:
        if data[position] != _PARAMETER:
            raise NotACheckpoint(path, _what_it_is(data[:512], parts, position))
        length, position = _varint(path, data, position + 1, end)
        position += length
        parts += 1
        if position > end:
            raise NotACheckpoint(
                path, f"it is cut short: {size} bytes, parameter {parts} ends at {position}"
            )
    return parts


def _varint(path: Path, data: mmap.mmap, position: int, end: int) -> tuple[int, int]:
    value = 0
    for count in range(_LONGEST_VARINT):
        if position + count >= end:
            raise NotACheckpoint(path, f"it is cut short at byte {end}")
        byte = data[position + count]
        value |= (byte & 0x7F) << (7 * count)
        if byte < 0x80:
            return value, position + count + 1
    raise NotACheckpoint(path, f"it is damaged at byte {position}")


def _what_it_is(head: bytes, parts: int, position: int) -> str:
    if head[:4] == b"PK\x03\x04":
        return "it is a zip archive (PyTorch writes these)"
    if head[:1] == b"\x80" or head[:6] == b"\x93NUMPY":
        return "it is a pickle or numpy file"
    if not parts and all(byte in b"\t\n\r\f" or byte >= 32 for byte in head) and _is_text(head):
        return "it is a text file"
    return f"it is damaged at byte {position}"


def _is_text(head: bytes) -> bool:
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start > len(head) - 4
    return True
