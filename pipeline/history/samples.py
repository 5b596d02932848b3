"""Samples of a result, small: the runs' samples in nanoseconds, as bytes and back."""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Sequence

#: Samples of each run of a result, in the order of their taking.
Runs = tuple[tuple[int, ...], ...]

_MARK = b"DZ1"
_LARGEST = 1 << 62
_LONGEST = 1 << 27


def encode(runs: Sequence[Sequence[int]]) -> bytes:
    """Differences from sample to sample, the bytes of equal weight beside each other, deflated.

    About 2 bytes a sample of 50 microseconds. ``ValueError`` for a sample outside of 62 bits.
    """
    import numpy as np

    counts = struct.pack(f"<I{len(runs)}I", len(runs), *map(len, runs))
    check(runs)
    values = np.array([value for run in runs for value in run], dtype=np.int64)
    steps = np.diff(values, prepend=0)
    # The sign goes to the lowest bit, so that small differences have bytes of 0 above them.
    folded = (steps << 1) ^ (steps >> 63)
    planes = folded.view(np.uint8).reshape(-1, 8).T.tobytes()
    return _MARK + zlib.compress(counts + planes, 9)


def check(runs: Sequence[Sequence[int]]) -> None:
    """``ValueError`` unless all samples are whole and of 62 bits at most."""
    for value in (value for run in runs for value in run):
        if type(value) is not int or not 0 <= value < _LARGEST:
            raise ValueError(f"a sample is {value!r:.40}, which is no number of 62 bits")


def decode(data: bytes) -> Runs:
    """What ``encode`` was given; ``ValueError`` for bytes that it did not make."""
    import numpy as np

    if data[:3] != _MARK:
        raise ValueError("these bytes hold no samples")
    try:
        body = zlib.decompressobj().decompress(data[3:], _LONGEST)
        (runs,) = struct.unpack_from("<I", body)
        counts = struct.unpack_from(f"<{runs}I", body, 4)
        planes = np.frombuffer(body, np.uint8, offset=4 + 4 * runs)
        folded = np.ascontiguousarray(planes.reshape(8, sum(counts)).T).view(np.uint64).ravel()
    except (zlib.error, struct.error, ValueError) as error:
        raise ValueError(f"the samples are damaged: {error}") from None
    steps = (folded >> np.uint64(1)).astype(np.int64) ^ -(folded & np.uint64(1)).astype(np.int64)
    values = steps.cumsum().tolist()
    ends = [sum(counts[: number + 1]) for number in range(runs)]
    return tuple(tuple(values[end - count : end]) for end, count in zip(ends, counts, strict=True))


def digest(runs: Sequence[Sequence[int]]) -> str:
    """Hex SHA-256 of the samples themselves, however they are packed."""
    text = "".join(" ".join(map(str, run)) + "\n" for run in runs)
    return hashlib.sha256(text.encode()).hexdigest()
