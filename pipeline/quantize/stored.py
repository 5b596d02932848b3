"""A constant as a ``.ms`` file holds it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

#: Number types (TypeId) that data decode to.
INT8, INT16, FLOAT32 = 32, 33, 43
#: What a channel's parameters take in a file: a table of scale and mean, and an offset.
_CHANNEL_BYTES = 20


class Compression(IntEnum):
    """How the data are packed; the numbers of ``WeightQuantCompressType`` in the format."""

    NONE = 0
    INDEXING = 1
    FSE = 3
    BITPACKING = 4
    FSE_INT = 5


@dataclass(frozen=True)
class Channel:
    """Parameters of a channel: ``real = (q - zero_point) * scale + mean``.

    The runtime adds ``mean`` only where a tensor has several channels.
    """

    scale: float
    zero_point: int = 0
    mean: float = 0.0


@dataclass(frozen=True)
class Constant:
    """Packed data, the number type (TypeId) that they decode to, the bits of a value, and
    parameters for the whole tensor (one) or for each channel (none: the data decode to floats)."""

    data: bytes
    dtype: int
    compression: Compression = Compression.NONE
    bits: int = 8
    channels: tuple[Channel, ...] = ()

    @property
    def stored_bytes(self) -> int:
        """About what it takes in the file."""
        return len(self.data) + parameter_bytes(self.channels)


def parameter_bytes(channels: tuple[Channel, ...]) -> int:
    """What the parameters take in the file."""
    return _CHANNEL_BYTES * len(channels)
