"""The latencies of a set of samples in a few figures."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.statistics.percentiles import PERCENTILES, interval, percentile, supported


@dataclass(frozen=True)
class Summary:
    """Latencies in nanoseconds. ``supported`` lists the percentiles that ``n`` samples bear.

    ``intervals_ns`` has for each percentile its two bounds at 99 % confidence; None where the
    samples are too few for one. They hold for independent samples.
    """

    n: int
    min_ns: int
    mean_ns: float
    p50_ns: float
    p90_ns: float
    p95_ns: float
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
            "p95_ns": round(self.p95_ns, 1),
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
        p95_ns=percentile(ordered, 95),
        p99_ns=percentile(ordered, 99),
        max_ns=ordered[-1],
        supported=supported(len(ordered)),
        intervals_ns={p: interval(ordered, p) for p in PERCENTILES},
    )
