"""Percentiles, bounds for them that assume no distribution, and how many samples they take."""

from __future__ import annotations

import math
from collections.abc import Sequence

CONFIDENCE = 0.99
PERCENTILES = (50, 90, 95, 99)


def percentile(ordered: Sequence[float], percent: float) -> float:
    """Linear interpolation between order statistics (Hyndman and Fan's type 7; numpy's default)."""
    position = (len(ordered) - 1) * percent / 100
    below = math.floor(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (position - below)


def interval(
    ordered: Sequence[int], percent: float, confidence: float = CONFIDENCE
) -> tuple[int | None, int | None]:
    """Order statistics between which the percentile lies with ``confidence``, or more.

    Free of any distribution: how many samples are at most the true percentile is binomial
    (Hahn and Meeker, Statistical Intervals, chapter 5). None where no sample is far enough out.
    The samples must be independent; those of one run are not quite: see ``ratios.center``.
    """
    n = len(ordered)
    tail = (1 - confidence) / 2
    below = _binomial_quantile(n, percent / 100, tail)
    above = _binomial_quantile(n, 1 - percent / 100, tail)
    return (
        ordered[below - 1] if below >= 1 else None,
        ordered[n - above] if above >= 1 else None,
    )


def samples_needed(percent: float, confidence: float = CONFIDENCE) -> int:
    """Fewest samples whose second-largest bounds the percentile from above with ``confidence``.

    The number of samples above the true percentile is binomial; at most one of them may be above
    with probability ``1 - confidence`` at most. This is the early-stopping rule of MLPerf loadgen:
    11 for p50, 64 for p90, 130 for p95, 662 for p99 at 99 %. ``ValueError`` for a percentile
    outside (0, 100) or a confidence outside (0, 1): no number of samples is enough.
    """
    if not 0 < percent < 100:
        raise ValueError(f"no percentile between the extremes: {percent!r}")
    if not 0 < confidence < 1:
        raise ValueError(f"no confidence between 0 and 1: {confidence!r}")
    quantile = percent / 100
    low, high = 1, 2
    while _risk(quantile, high) > 1 - confidence:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _risk(quantile, middle) <= 1 - confidence else (middle, high)
    return high


def supported(n: int) -> tuple[int, ...]:
    """The percentiles of ``PERCENTILES`` that ``n`` samples bear."""
    return tuple(percent for percent in PERCENTILES if n >= samples_needed(percent))


def _risk(quantile: float, n: int) -> float:
    """How likely at most one of ``n`` samples is above the quantile; falls with ``n``."""
    return quantile**n + n * (1 - quantile) * math.pow(quantile, n - 1)


def _binomial_quantile(n: int, chance: float, tail: float) -> int:
    """The smallest count whose cumulative probability is more than ``tail``."""
    mean, deviation = n * chance, math.sqrt(n * chance * (1 - chance))
    # Twelve deviations below the mean there is nothing that could matter.
    count = max(0, math.floor(mean - 12 * deviation))
    cumulative = 0.0
    while True:
        cumulative += math.exp(
            math.lgamma(n + 1)
            - math.lgamma(count + 1)
            - math.lgamma(n - count + 1)
            + count * math.log(chance)
            + (n - count) * math.log1p(-chance)
        )
        if cumulative > tail or count == n:
            return count
        count += 1
