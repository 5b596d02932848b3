"""Percentiles of latencies, and what a number of samples can support."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

CONFIDENCE = 0.99
PERCENTILES = (50, 90, 95, 99)


@dataclass(frozen=True)
class Summary:
    """Latencies in nanoseconds. ``supported`` lists the percentiles that ``n`` samples bear."""

    n: int
    min_ns: int
    mean_ns: float
    p50_ns: float
    p90_ns: float
    p99_ns: float
    max_ns: int
    supported: tuple[int, ...]

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
    )


def percentile(ordered: Sequence[int], percent: float) -> float:
    """Linear interpolation between order statistics (Hyndman and Fan's type 7; numpy's default)."""
    position = (len(ordered) - 1) * percent / 100
    below = math.floor(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (position - below)


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
