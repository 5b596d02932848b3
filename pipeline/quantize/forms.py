"""Codes in the forms that the runtime decodes, and which of them is the smallest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.quantize import fse, packing
from pipeline.quantize.stored import (
    FLOAT32,
    INT8,
    INT16,
    Channel,
    Compression,
    Constant,
    parameter_bytes,
)


@dataclass(frozen=True)
class Coded:
    """Codes [channels, elements] of ``bits`` bits and the channels' parameters; without
    parameters the codes are the values themselves (float32). ``levels``: the number of different
    codes where they are listed one by one, 0 where they fill a grid."""

    codes: Any
    bits: int
    channels: tuple[Channel, ...]
    levels: int = 0

    @property
    def real(self) -> Any:
        """What the runtime makes of the codes: 64-bit arithmetic, float32 at the end."""
        if not self.channels:
            return self.codes
        steps, zeros, means = (
            np.array(list(column), dtype=kind)[:, None]
            for column, kind in (
                ((channel.scale for channel in self.channels), np.float64),
                ((channel.zero_point for channel in self.channels), np.int64),
                ((channel.mean for channel in self.channels), np.float32),
            )
        )
        return ((self.codes - zeros) * steps + means).astype(np.float32)


def smallest(coded: Coded, codes: Any, compress: bool) -> Constant:
    """The smallest form; ``codes`` are those of ``coded`` in the order of the file.

    Without ``compress`` only what lists its levels one by one is compressed.
    """
    bits, channels = coded.bits, coded.channels
    found: list[Constant] = []
    if not coded.levels:
        found.append(_as_they_are(codes, bits, channels))
    if compress or coded.levels:
        values, indices, counts = np.unique(codes.ravel(), return_inverse=True, return_counts=True)
        indices = indices.ravel()
        if channels and len(values) <= 2**bits:
            data = packing.indexed(indices, values, bits)
            found.append(Constant(data, _dtype(bits), Compression.INDEXING, bits, channels))
        least = min((constant.stored_bytes for constant in found), default=None)
        if least is None or fse.estimate(counts) + parameter_bytes(channels) < least:
            found.append(_entropy_coded(indices, counts, values, bits, channels))
    return min(found, key=lambda constant: constant.stored_bytes)


def _as_they_are(codes: Any, bits: int, channels: tuple[Channel, ...]) -> Constant:
    if bits in (8, 16):
        data = codes.astype("i1" if bits == 8 else "<i2").tobytes()
        return Constant(data, _dtype(bits), Compression.NONE, bits, channels)
    data = packing.bit_packed(codes, bits)
    return Constant(data, _dtype(bits), Compression.BITPACKING, bits, channels)


def _entropy_coded(
    indices: Any, counts: Any, values: Any, bits: int, channels: tuple[Channel, ...]
) -> Constant:
    if not channels:
        data = fse.encode(indices, counts, values.astype("<f4").tobytes())
        return Constant(data, FLOAT32, Compression.FSE)
    data = fse.encode(indices, counts, values.astype("<i4").tobytes())
    return Constant(data, _dtype(bits), Compression.FSE_INT, bits, channels)


def _dtype(bits: int) -> int:
    return INT8 if bits <= 8 else INT16
