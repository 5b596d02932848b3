"""What recipes and their rules have in common: bits, entries, ranges and names of nodes."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, WithJsonSchema

#: A codebook's index is a byte at most.
MOST_INDEX_BITS = 8


def _ascending(ends: tuple[float, float]) -> tuple[float, float]:
    if not ends[0] < ends[1]:
        raise ValueError(f"a range goes from low to high, and {ends[0]:g} is not below {ends[1]:g}")
    return ends


Bits = Annotated[int, Field(ge=1, le=16)]
Entries = Annotated[int, Field(ge=2, le=2**MOST_INDEX_BITS)]
#: Distance of levels in units of the weights' root mean square.
Step = Annotated[float, Field(ge=0.01, le=4)]
DEFAULT_STEP = 0.5
Range = Annotated[
    tuple[float, float],
    AfterValidator(_ascending),
    # Editors of today know less than pydantic writes for a pair.
    WithJsonSchema({"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}),
]


def bits_of(entries: int) -> int:
    """The bits that number so many entries: their base-2 logarithm, rounded up."""
    return (entries - 1).bit_length()


def check_width(bits: int | None, entries: int | None) -> None:
    """ValueError where bits and entries contradict each other; None is what was not told."""
    if bits is not None and entries is not None and bits != bits_of(entries):
        raise ValueError(
            f"`bits: {bits}` contradicts `entries: {entries}`, which takes {bits_of(entries)}: "
            "leave one out"
        )


def check_index(bits: int | None) -> None:
    """ValueError where a codebook's index is too wide; None is what was not told."""
    if bits is not None and bits > MOST_INDEX_BITS:
        raise ValueError(
            f"a codebook has 256 entries at most, so `bits: {bits}` is too many: "
            "8 is the most, or say `grid: uniform`"
        )


def check_range(limits: tuple[float, float] | None, per_channel: bool | None) -> None:
    """ValueError where a range of the whole weight meets a scale for each channel."""
    if limits is not None and per_channel:
        raise ValueError("`range` is one for the whole weight: `per_channel: true` has none to fit")


def writable(node: str) -> bool:
    """Whether the converter's configuration format has a way to write a node's name."""
    return bool(node) and node.strip() == node and not any(sign in node for sign in ',="\r\n')
