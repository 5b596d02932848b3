"""How a tensor of a ``.ms`` file is quantized."""

from __future__ import annotations

from pipeline.inspect.dtypes import BITS
from pipeline.inspect.flatbuffer import Table
from pipeline.inspect.ms_names import COMPRESSIONS, named
from pipeline.inspect.record import Quantization
from pipeline.inspect.source import Source

# Fields of Tensor and of QuantParam.
_PARAMS, _CLUSTERS, _HUFFMAN, _COMPRESSION = 7, 8, 10, 11
_SCALE, _ZERO_POINT, _BITS, _VARIANCE, _MEAN = 0, 1, 5, 7, 8

_MOST_BITS = 64
#: What a set of parameters counts for: it is four numbers, and there may be many.
_STEPS = 3


def quantization(
    tensor: Table,
    dtype: str,
    shape: tuple[int, ...] | None,
    source: Source,
    span: tuple[int, int] | None,
) -> Quantization | None:
    """What the tensor says of it; None when it says nothing. ``span`` is where its data are.

    Parameters alone do not make a tensor integer: activations keep their type and carry them.
    """
    scales: list[float] = []
    zeros: list[int] = []
    variances: list[float] = []
    means: list[float] = []
    bits = 0
    source.step(_STEPS * tensor.count(_PARAMS))
    for item in tensor.tables(_PARAMS):
        if not scales:
            bits = item.int32(_BITS, 8)
        scales.append(item.float64(_SCALE, 1.0))
        zeros.append(item.int32(_ZERO_POINT))
        variances.append(item.float32(_VARIANCE, 1.0))
        means.append(item.float32(_MEAN))
    compression = named(COMPRESSIONS, tensor.int32(_COMPRESSION), "compression")
    clusters = tensor.count(_CLUSTERS)
    huffman = tensor.boolean(_HUFFMAN)
    if not (scales or clusters or huffman or compression != "NONE"):
        return None
    if not 1 <= bits <= _MOST_BITS:
        bits = BITS.get(dtype, 0)
    return Quantization(
        bits,
        tuple(scales),
        tuple(zeros),
        tuple(variances) if any(item != 1.0 for item in variances) else (),
        tuple(means) if any(means) else (),
        channel_axis(shape, len(scales)),
        "HUFFMAN" if huffman else compression,
        clusters or _distinct(compression, bits, source, span),
    )


def channel_axis(shape: tuple[int, ...] | None, channels: int) -> int | None:
    """The axis with a channel for each set of parameters: the first, else the last that fits."""
    if channels < 2 or not shape:
        return None
    if shape[0] == channels:
        return 0
    fitting = [axis for axis, size in enumerate(shape) if size == channels]
    return fitting[-1] if fitting else None


def _distinct(compression: str, bits: int, source: Source, span: tuple[int, int] | None) -> int:
    """The number of distinct values that data stored as indices say they have, 0 for others.

    The data are a stream of bits, the highest first. INDEXING begins with that number in ``bits``
    bits (0 means all there are); SPARSE has 8 bits of coordinate width and 32 of count before it.
    The values themselves follow, of ``bits`` bits each.
    """
    skip = {"INDEXING": 0, "SPARSE": 40}.get(compression)
    if skip is None or span is None or not 1 <= bits <= 16 or 8 * span[1] < skip + bits:
        return 0
    head = source.data[span[0] : span[0] + min(span[1], 8)].ljust(8, b"\0")
    number = (int.from_bytes(head, "big") >> (64 - skip - bits)) & ((1 << bits) - 1)
    number = number or 1 << bits
    return number if 8 * span[1] >= skip + bits + number * bits else 0
