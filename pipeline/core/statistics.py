"""Percentiles of latencies, and what a number of samples can support."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

CONFIDENCE = 0.99
PERCENTILES = (50, 90, 95, 99)


@dataclass(frozen=True)
class Summary:
    """Latencies in nanoseconds. ``supported`` lists the percentiles that ``n`` samples bear.

    ``intervals_ns`` has for each percentile its two bounds at 99 % confidence; None where the
    samples are too few for one.
    """

    n: int
    min_ns: int
    mean_ns: float
    p50_ns: float
    p90_ns: float
    p99_ns: float
    max_ns: int
    supported: tuple[int, ...]
    intervals_ns: Mapping[int, tuple[int | None, int | None]]

    def as_json(self) -> dict[str, object]:
        """Units in the names, as everywhere in a result."""
        return {
            "n": self.n,
            "min_ns": self.min_ns,
            "mean_ns": round(self.mean_ns, 1),
            "p50_ns": round(self.p50_ns, 1),
            "p90_ns": round(self.p90_ns, 1),
            "p99_ns": round(self.p99_ns, 1),
            "max_ns": self.max_ns,
            "supported_percentiles": list(self.supported),
            "intervals_99_ns": {f"p{p}": list(pair) for p, pair in self.intervals_ns.items()},
        }


def summarize(samples_ns: Sequence[int]) -> Summary:
    """Summary of at least one sample; ``ValueError`` for none."""
    if not samples_ns:
        raise ValueError("no samples")
    ordered = sorted(samples_ns)
    return Summary(
        n=len(ordered),
        min_ns=ordered[0],
        mean_ns=math.fsum(ordered) / len(ordered),
        p50_ns=percentile(ordered, 50),
        p90_ns=percentile(ordered, 90),
        p99_ns=percentile(ordered, 99),
        max_ns=ordered[-1],
        supported=tuple(p for p in PERCENTILES if len(ordered) >= samples_needed(p)),
        intervals_ns={p: interval(ordered, p) for p in PERCENTILES},
    )


def percentile(ordered: Sequence[int], percent: float) -> float:
    """Linear interpolation between order statistics (Hyndman and Fan's type 7; numpy's default)."""
    position = (len(ordered) - 1) * percent / 100
    below = math.floor(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (position - below)


def interval(ordered: Sequence[int], percent: float) -> tuple[int | None, int | None]:
    """Order statistics between which the percentile lies with 99 % confidence, or more.

    Free of any distribution: how many samples are at most the true percentile is binomial
    (Hahn and Meeker, Statistical Intervals, chapter 5). None where no sample is far enough out.
    """
    n = len(ordered)
    tail = (1 - CONFIDENCE) / 2
    below = _binomial_quantile(n, percent / 100, tail)
    above = _binomial_quantile(n, 1 - percent / 100, tail)
    return (
        ordered[below - 1] if below >= 1 else None,
        ordered[n - above] if above >= 1 else None,
    )


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


def samples_needed(percent: float) -> int:
    """Fewest samples whose second-largest bounds the percentile from above with 99 % confidence.

    The number of samples above the true percentile is binomial; at most one of them may be above
    with probability ``1 - CONFIDENCE`` at most. This is the early-stopping rule of MLPerf loadgen:
    11 for p50, 64 for p90, 130 for p95, 662 for p99. ``ValueError`` outside (0, 100): no number
    of samples is enough.
    """
    if not 0 < percent < 100:
        raise ValueError(f"no percentile between the extremes: {percent!r}")
    quantile = percent / 100
    n = 2
    while quantile**n + n * (1 - quantile) * quantile ** (n - 1) > 1 - CONFIDENCE:
        n += 1
    return n
