"""Codes of weights as bits, in the forms that the runtime decodes when it loads a model.

After ``WeightDecoder`` of MindSpore Lite 2.0. A code of ``b`` bits is stored as itself plus
``2**(b - 1)``, so that it is not negative.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def bit_packed(codes: Any, bits: int) -> bytes:
    """All codes one after another, the lowest bit first; in words of 16 bits above 8."""
    flat = np.asarray(codes).ravel().astype(np.int64) + (1 << (bits - 1))
    stream = ((flat[:, None] >> np.arange(bits)) & 1).astype(np.uint8).ravel()
    packed = np.packbits(stream, bitorder="little").tobytes()
    return packed + bytes(len(packed) % 2 if bits > 8 else 0)


def indexed(indices: Any, values: Any, bits: int) -> bytes:
    """The number of values, the values, and for each weight the index of its value.

    The highest bit first; number and values have ``bits`` bits (a number of 0 is ``2**bits``),
    an index as many as it needs.
    """
    count = len(values)
    width = max(0, int(count - 1).bit_length())
    head = [_bits([count % (1 << bits)], bits), _bits(np.asarray(values) + (1 << (bits - 1)), bits)]
    return np.packbits(np.concatenate([*head, _bits(indices, width)])).tobytes()


def _bits(numbers: Any, width: int) -> Any:
    """Numbers that are not negative as bits, the highest first."""
    flat = np.asarray(numbers).ravel().astype(np.int64)
    return ((flat[:, None] >> np.arange(width - 1, -1, -1)) & 1).astype(np.uint8).ravel()
