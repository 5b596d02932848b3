"""Entropy coding of symbols by finite states, as the runtime decodes it.

A tabled asymmetric numeral system (Duda, arXiv:1311.2540). The stream is one of bits, the highest
first, in words of 64; it is read backwards, so that the symbol that was coded last comes first.
The layout is that of ``FSEDecoder::DeCompress`` in MindSpore Lite 2.0: number of symbols and log2
of the table (16 bits each), words (32), frequencies (32 each), values (32 each), words (64 each),
the last word and its bits (8).
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

#: The decoder walks through its table in steps that only from this size on meet every place.
_LEAST_LOG = 4
_LARGEST_LOG = 12


def encode(symbols: Any, counts: Any, values: bytes) -> bytes:
    """Data that decode to ``values`` (4 bytes for each symbol) by ``symbols`` (ints from 0).

    ``counts`` says how often each symbol occurs, none of them never. The table is as large as
    makes the whole smallest by the entropy that its frequencies give.
    """
    counts = np.asarray(counts, dtype=np.int64)
    log = _best_log(counts)
    frequencies = _normalized(counts, 1 << log)
    bits = _bits(np.asarray(symbols), frequencies, log)
    words, rest = divmod(len(bits), 64)
    padded = np.zeros(64 * (words + 1), dtype=np.uint8)
    padded[: len(bits)] = bits
    stream = np.packbits(padded).view(">u8").astype("<u8").tobytes()
    head = struct.pack("<HHI", len(counts), log, words + 1)
    return b"".join(
        [_filled(head + frequencies.astype("<u4").tobytes()), _filled(values), stream]
    ) + bytes([rest])


def estimate(counts: Any) -> int:
    """About the bytes that ``encode`` will give, and hardly more."""
    shares = counts / counts.sum()
    return 17 + 8 * len(counts) + int(-(counts * np.log2(shares)).sum()) // 8


def _filled(data: bytes) -> bytes:
    return data + bytes(-len(data) % 8)


def _best_log(counts: Any) -> int:
    least = max(_LEAST_LOG, int(len(counts) - 1).bit_length() + 1)
    costs = {}
    for log in range(least, max(least, _LARGEST_LOG) + 1):
        shares = _normalized(counts, 1 << log) / (1 << log)
        costs[log] = float(-(counts * np.log2(shares)).sum())
    lowest = min(costs.values())
    # A larger table costs time at load, so it must be worth it.
    return next(log for log, cost in costs.items() if cost <= 1.001 * lowest + 64)


def _normalized(counts: Any, size: int) -> Any:
    """Frequencies that sum up to ``size``, none of them 0, near the shares of ``counts``."""
    shares = counts * (size / counts.sum())
    frequencies = np.maximum(1, np.rint(shares)).astype(np.int64)
    while (excess := int(frequencies.sum()) - size) != 0:
        step = -1 if excess > 0 else 1
        # What one more or less costs in bits: the counts times the change of the logarithm.
        movable = frequencies + step >= 1
        cost = np.full(len(counts), np.inf)
        cost[movable] = -counts[movable] * np.log2(
            (frequencies + step)[movable] / frequencies[movable]
        )
        frequencies[int(np.argmin(cost))] += step
    return frequencies


def spread(frequencies: Any, log: int) -> Any:
    """The symbol of each state: places that follow in steps of 5/8 of the table and 3."""
    size = 1 << log
    step = (size >> 1) + (size >> 3) + 3
    places = (np.arange(size, dtype=np.int64) * step) & (size - 1)
    table = np.empty(size, dtype=np.int64)
    table[places] = np.repeat(np.arange(len(frequencies)), frequencies)
    return table


def _bits(symbols: Any, frequencies: Any, log: int) -> Any:
    """The stream, a bit an item."""
    size = 1 << log
    order = np.argsort(spread(frequencies, log), kind="stable")
    coding = (size + order).tolist()
    firsts = np.concatenate([[0], np.cumsum(frequencies)[:-1]])
    # A state s of symbol f gives up the bits that bring it into [f, 2f), where f is the frequency.
    shifts = [log - (int(f) - 1).bit_length() + 1 if f > 1 else log for f in frequencies]
    limits = [int(f) << shift for f, shift in zip(frequencies, shifts, strict=True)]
    starts = (firsts - frequencies).tolist()
    state = size
    first = int(symbols[0])
    shift = shifts[first] - (state < limits[first])
    state = coding[(state >> shift) + starts[first]]
    states, widths = [], []
    for symbol in symbols.tolist():
        shift = shifts[symbol] - (state < limits[symbol])
        states.append(state)
        widths.append(shift)
        state = coding[(state >> shift) + starts[symbol]]
    states.append(state - size)
    widths.append(log)
    return _stream(np.array(states), np.array(widths))


def _stream(values: Any, widths: Any) -> Any:
    """The lowest ``widths`` bits of each value, the highest first."""
    places = np.arange(15, -1, -1)
    bits = (values[:, None] >> places) & 1
    return bits[places < widths[:, None]].astype(np.uint8)
