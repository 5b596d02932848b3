"""What is noticed in any kind of model."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from pipeline.inspect.dtypes import BITS
from pipeline.inspect.record import Smell, Tensor

_LONGEST = 80


def of_tensors(inputs: Sequence[Tensor], constants: Sequence[Tensor]) -> Iterator[Smell]:
    """Open shapes, data of the wrong length, scales that are none, data that are elsewhere."""
    named = [item.name for item in inputs if item.shape and any(size < 0 for size in item.shape)]
    if named:
        yield Smell("open-shapes", len(named), f"inputs of open shape: {_some(named)}")
    named = [item.name for item in constants if _misfits(item)]
    if named:
        yield Smell("wrong-lengths", len(named), f"data do not fit the shape: {_some(named)}")
    named = [item.name for item in constants if _unscaled(item)]
    if named:
        yield Smell("bad-scales", len(named), f"scales that are no positive number: {_some(named)}")
    places = sorted({item.external for item in constants if item.external})
    if places:
        count = sum(bool(item.external) for item in constants)
        yield Smell("external-data", count, f"data in other files, not looked at: {_some(places)}")


def _misfits(tensor: Tensor) -> bool:
    if tensor.external or tensor.plain_bytes is None:
        return False
    if tensor.quantization and tensor.quantization.compression != "NONE":
        return False
    if tensor.numbers is not None:  # ONNX packs what is narrower than a byte before it
        narrow = BITS[tensor.dtype] < 8
        return tensor.numbers != (tensor.plain_bytes if narrow else tensor.elements)
    return tensor.stored_bytes != tensor.plain_bytes


def _unscaled(tensor: Tensor) -> bool:
    scales = tensor.quantization.scales if tensor.quantization else ()
    return any(not (math.isfinite(scale) and scale > 0) for scale in scales)


def _some(names: Sequence[str]) -> str:
    """The first few of ``names``, and how many more."""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(name[:_LONGEST] for name in names[:3]) + more
