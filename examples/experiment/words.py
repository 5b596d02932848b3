"""Figures in words, for the table and the page."""

from __future__ import annotations

from examples.experiment.plan import WAYS, Augmentation
from examples.experiment.result import Spread

AUGMENTATIONS = {
    Augmentation.NONE: "fine-tuned",
    Augmentation.MOVED: "with augmentation",
    Augmentation.FLIPPED: "with flips too",
}


def way(name: str) -> str:
    """``2 bits, codebook``."""
    one = WAYS[name]
    if name == "full-8":
        return "8 bits, full int8"
    return f"{one.bits:g} bit{'s' if one.bits > 1 else ''}, {one.grid}"


def accuracy(value: Spread | None) -> str:
    """``98.61 ± 0.30 %``."""
    if value is None:
        return "unusable"
    return f"{value.mean:.2f}{_deviation(value)} %"


def points(value: Spread) -> str:
    """``0.28 ± 0.20``, of what was lost; gained is below zero."""
    return f"{value.mean + 0.0:.2f}{_deviation(value)}"


def size(value: float) -> str:
    """Bytes."""
    return f"{value:,.0f}"


def _deviation(value: Spread) -> str:
    return "" if value.deviation is None else f" ± {value.deviation:.2f}"
