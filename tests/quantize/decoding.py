"""The runtime's decoding, written a second time and slowly, to check the packing against."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np


def bit_packed(data: bytes, count: int, bits: int) -> list[int]:
    stream = [byte >> place & 1 for byte in data for place in range(8)]
    codes = []
    for start in range(0, count * bits, bits):
        number = sum(bit << place for place, bit in enumerate(stream[start : start + bits]))
        codes.append(number - 2 ** (bits - 1))
    return codes


def indexed(data: bytes, count: int, bits: int) -> list[int]:
    stream = "".join(f"{byte:08b}" for byte in data)
    at = 0

    def take(width: int) -> int:
        nonlocal at
        at += width
        return int(stream[at - width : at], 2) if width else 0

    number = take(bits) or 2**bits
    values = [take(bits) - 2 ** (bits - 1) for _ in range(number)]
    width = max(0, (number - 1).bit_length())
    return [values[take(width)] for _ in range(count)]


def fse(data: bytes, count: int, form: str) -> list[Any]:
    """``form``: struct's letter of a value, f or i."""
    symbols, log, words = struct.unpack_from("<HHI", data)
    at = 8
    frequencies = struct.unpack_from(f"<{symbols}I", data, at)
    at = -(-(at + 4 * symbols) // 8) * 8
    values = struct.unpack_from(f"<{symbols}{form}", data, at)
    at = -(-(at + 4 * symbols) // 8) * 8
    chunks = struct.unpack_from(f"<{words}Q", data, at)
    at += 8 * words
    last = data[at]
    assert at + 1 == len(data)
    bits = "".join(f"{word:064b}" for word in chunks)[: 64 * (words - 1) + last]
    table = _table(frequencies, log)
    state, bits = int(bits[-log:], 2), bits[:-log]
    out = []
    for _ in range(count):
        symbol, width, base = table[state]
        out.append(values[symbol])
        taken = bits[len(bits) - width :] if width else ""
        bits = bits[: len(bits) - width]
        state = base + (int(taken, 2) if taken else 0)
    assert not bits
    return out[::-1]


def _table(frequencies: tuple[int, ...], log: int) -> list[tuple[int, int, int]]:
    size = 1 << log
    step = (size >> 1) + (size >> 3) + 3
    symbols = [0] * size
    place = 0
    for symbol, frequency in enumerate(frequencies):
        for _ in range(frequency):
            symbols[place] = symbol
            place = (place + step) % size
    assert place == 0
    seen = list(frequencies)
    table = []
    for symbol in symbols:
        number = seen[symbol]
        seen[symbol] += 1
        width = log - (number.bit_length() - 1)
        table.append((symbol, width, (number << width) - size))
    return table


def real(codes: Any, scale: float, zero: int, mean: float) -> Any:
    return ((np.asarray(codes) - zero) * scale + np.float32(mean)).astype(np.float32)
