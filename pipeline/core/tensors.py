"""What is known of a model's input or output."""

from __future__ import annotations

import math
from dataclasses import dataclass

#: Bytes an element, by the name that the runner and numpy share.
ITEM_BYTES = {
    "bool": 1, "int8": 1, "uint8": 1, "int16": 2, "uint16": 2, "float16": 2,
    "int32": 4, "uint32": 4, "float32": 4, "int64": 8, "uint64": 8, "float64": 8,
}  # fmt: skip


@dataclass(frozen=True)
class TensorFacts:
    """Name, element type (numpy's name), shape and layout (``NCHW``, ``NHWC``) of a tensor."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    format: str

    @property
    def elements(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def size_bytes(self) -> int:
        """Bytes of one sample."""
        return self.elements * ITEM_BYTES[self.dtype]
