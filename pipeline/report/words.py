"""Figures and names in words, the same in pictures, tables and sentences."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from pipeline.search.candidate import Candidate
from pipeline.search.sensitivity import LayerCost
from pipeline.stages.divergence import layer_of

UNKNOWN = "-"
_TRIAL = "trial-"


def is_trial(one: Candidate) -> bool:
    """Whether a search made it up, rather than a whole recipe that has a name."""
    return one.name.startswith(_TRIAL)


def layer_names(nodes: Sequence[str]) -> list[str]:
    """What the layers of these operators are called; with the operator where a layer has several
    of them, and an operator's whole name where it tells no layer."""
    layers = [layer_of(node) for node in nodes]
    seen = Counter(layers)
    names = []
    for layer, node in zip(layers, nodes, strict=True):
        told = layer if seen[layer] == 1 else f"{layer}/{node.rpartition('/')[2]}"
        names.append(told if layer else node)
    return names


def percent(value: float) -> str:
    """``98.94 %``."""
    return f"{value:.2f} %"


def points(value: float) -> str:
    """A change in percentage points, with its sign; nothing is +0.00."""
    return f"{round(value, 2) + 0.0:+.2f}" if math.isfinite(value) else UNKNOWN


def times(before: float, after: float) -> str:
    """How many times smaller: ``14.75x``."""
    return f"{before / after:.2f}x" if after else UNKNOWN


def milliseconds(nanoseconds: float | None) -> str:
    """``0.05282 ms``."""
    return UNKNOWN if nanoseconds is None else f"{nanoseconds / 1e6:.4g} ms"


def duration(seconds: float) -> str:
    """``61 s``, ``12 min``, ``2.5 h``."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def loss(cost: LayerCost) -> float | None:
    """1 - cosine over all samples, at least 0; None where it is not known."""
    if cost.failed or not math.isfinite(cost.cosine_mean):
        return None
    return max(0.0, 1.0 - cost.cosine_mean)


def worst_loss(cost: LayerCost) -> float | None:
    """1 - cosine of the worst sample, at least 0; None where it is not known."""
    if cost.failed or not math.isfinite(cost.cosine_min):
        return None
    return max(0.0, 1.0 - cost.cosine_min)


def small(value: float | None) -> str:
    """A loss in two digits: ``0.0013``, ``4.2e-07``."""
    if value is None:
        return UNKNOWN
    return f"{value:.2g}"


def decibels(value: float | None) -> str:
    """A ratio in dB; ``lossless`` where it is infinite."""
    if value is None or math.isnan(value):
        return UNKNOWN
    return "lossless" if value == math.inf else f"{value:.1f} dB"
