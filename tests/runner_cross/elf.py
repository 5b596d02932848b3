"""What an ELF file says of itself: enough to tell whether a device can start it.

Field offsets are those of the System V ABI, chapters 4 and 5.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_PT_LOAD, _PT_DYNAMIC, _PT_INTERP = 1, 2, 3
_DT_NEEDED, _DT_STRTAB, _DT_RPATH, _DT_RUNPATH = 1, 5, 15, 29
_SHT_DYNSYM = 11
_EM = {40: "arm", 62: "x86_64", 183: "aarch64"}
_ET = {2: "executable", 3: "shared"}


@dataclass(frozen=True)
class Elf:
    """``kind`` is ``shared`` for a library and for a program that may lie anywhere.

    ``imports`` are the names that other libraries must define.
    """

    machine: str
    bits: int
    kind: str
    interpreter: str | None
    needed: tuple[str, ...]
    has_run_path: bool
    imports: frozenset[str]


@dataclass(frozen=True)
class _Segment:
    type: int
    offset: int
    address: int
    size: int


def read_elf(path: Path) -> Elf:
    """The facts of a little-endian ELF file. Raises ValueError for anything else."""
    data = path.read_bytes()
    if data[:4] != b"\x7fELF" or data[5] != 1:
        raise ValueError(f"{path} is no little-endian ELF file")
    wide = data[4] == 2
    kind, machine = struct.unpack_from("<HH", data, 16)
    segments = tuple(_segments(data, wide))
    entries = tuple(_dynamic(data, wide, segments))
    table = next((value for tag, value in entries if tag == _DT_STRTAB), 0)
    names = _at(segments, table)
    return Elf(
        machine=_EM.get(machine, str(machine)),
        bits=64 if wide else 32,
        kind=_ET.get(kind, str(kind)),
        interpreter=next(
            (_text(data, part.offset) for part in segments if part.type == _PT_INTERP), None
        ),
        needed=tuple(_text(data, names + value) for tag, value in entries if tag == _DT_NEEDED),
        has_run_path=any(tag in (_DT_RPATH, _DT_RUNPATH) for tag, _ in entries),
        imports=frozenset(_text(data, names + name) for name in _undefined(data, wide)),
    )


def _segments(data: bytes, wide: bool) -> Iterator[_Segment]:
    (table,) = struct.unpack_from("<Q" if wide else "<I", data, 32 if wide else 28)
    size, count = struct.unpack_from("<HH", data, 54 if wide else 42)
    for index in range(count):
        at = table + index * size
        if wide:
            kind, _, offset, address, _, length = struct.unpack_from("<IIQQQQ", data, at)
        else:
            kind, offset, address, _, length = struct.unpack_from("<IIIII", data, at)
        yield _Segment(kind, offset, address, length)


def _dynamic(data: bytes, wide: bool, segments: tuple[_Segment, ...]) -> Iterator[tuple[int, int]]:
    form = "<qQ" if wide else "<iI"
    for segment in segments:
        if segment.type == _PT_DYNAMIC:
            part = data[segment.offset : segment.offset + segment.size]
            yield from struct.iter_unpack(form, part)


def _undefined(data: bytes, wide: bool) -> Iterator[int]:
    """Offsets of the names of symbols that must be there and are not defined here."""
    (table,) = struct.unpack_from("<Q" if wide else "<I", data, 40 if wide else 32)
    size, count = struct.unpack_from("<HH", data, 58 if wide else 46)
    for at in range(table, table + count * size, size):
        form = "<IIQQQQ" if wide else "<IIIIII"
        _, kind, _, _, offset, length = struct.unpack_from(form, data, at)
        if kind != _SHT_DYNSYM:
            continue
        for name, info, section in _symbols(data[offset : offset + length], wide):
            if section == 0 and info >> 4 == 1:  # undefined, global and not weak
                yield name


def _symbols(table: bytes, wide: bool) -> Iterator[tuple[int, int, int]]:
    for fields in struct.iter_unpack("<IBBHQQ" if wide else "<IIIBBH", table):
        name, info, section = (
            (fields[0], fields[1], fields[3]) if wide else (fields[0], fields[3], fields[5])
        )
        yield name, info, section


def _at(segments: tuple[_Segment, ...], address: int) -> int:
    """Where in the file lies what is loaded at ``address``."""
    for segment in segments:
        if segment.type == _PT_LOAD and 0 <= address - segment.address < segment.size:
            return segment.offset + address - segment.address
    return 0


def _text(data: bytes, offset: int) -> str:
    return data[offset : data.index(b"\0", offset)].decode()
