"""What a set of runs says, and how much two sets differ: estimates with intervals.

The run is the unit. Samples of one run share its cores, frequency and memory, so many samples of
few runs look surer than they are; one figure a run, of several runs, does not. All is computed on
logarithms, for what disturbs a latency multiplies it, and by ranks, for it is seldom normal.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.statistics.percentiles import CONFIDENCE, percentile
from pipeline.statistics.ranks import rank_sum_bound, signed_rank_bound


@dataclass(frozen=True)
class Estimate:
    """A figure between two bounds; a bound is None where there are too few runs for it."""

    value: float
    low: float | None = None
    high: float | None = None

    @property
    def spread(self) -> float | None:
        """Half the width of the interval, relative to the figure: 0.02 is +-2 %."""
        if self.low is None or self.high is None or self.value == 0:
            return None
        return (self.high - self.low) / 2 / self.value

    def as_json(self) -> dict[str, float | None]:
        """The three figures, to seven digits."""
        return {"value": _short(self.value), "low": _short(self.low), "high": _short(self.high)}


def center(values: Sequence[float], confidence: float = CONFIDENCE) -> Estimate:
    """The centre of positive figures, one a run: Hodges and Lehmann's, in their own unit.

    The interval is Wilcoxon's signed-rank interval. ``ValueError`` for none or for figures that
    are not positive.
    """
    return _exp(_signed(_logs(values), confidence))


def paired_ratio(
    before: Sequence[float], after: Sequence[float], confidence: float = CONFIDENCE
) -> Estimate:
    """``after`` over ``before`` of runs that were made in pairs: what drifts, cancels.

    Where both come from the same model their differences are symmetric around nothing, whatever
    the noise, so the interval misses 1 at most as often as it says. ``ValueError`` as ``center``,
    and for sets of unequal size.
    """
    pairs = zip(_logs(before), _logs(after), strict=True)
    return _exp(_signed([new - old for old, new in pairs], confidence))


def ratio(
    before: Sequence[float], after: Sequence[float], confidence: float = CONFIDENCE
) -> Estimate:
    """``after`` over ``before`` of two sets of runs of any size: Hodges and Lehmann's shift.

    The interval is Mann and Whitney's. ``ValueError`` as ``center``.
    """
    old, new = _logs(before), _logs(after)
    differences = sorted(b - a for a in old for b in new)
    return _exp(_bounded(differences, rank_sum_bound(len(old), len(new), confidence)))


def batches(samples: Sequence[int], count: int, percent: float = 50) -> list[float]:
    """The percentile of each of ``count`` stretches of one long run, which then count as runs.

    For a sustained run: stretches that are long against what lasts in the noise are nearly
    independent (batch means). ``ValueError`` for fewer samples than stretches.
    """
    if not 0 < count <= len(samples):
        raise ValueError(f"{len(samples)} samples in {count} stretches")
    edges = [len(samples) * place // count for place in range(count + 1)]
    return [
        percentile(sorted(samples[start:end]), percent) for start, end in itertools.pairwise(edges)
    ]


def _signed(values: list[float], confidence: float) -> Estimate:
    means = sorted((a + b) / 2 for place, a in enumerate(values) for b in values[place:])
    return _bounded(means, signed_rank_bound(len(values), confidence))


def _bounded(ordered: Sequence[float], bound: int) -> Estimate:
    middle = percentile(ordered, 50)
    if bound == 0:
        return Estimate(middle)
    return Estimate(middle, ordered[bound - 1], ordered[-bound])


def _logs(values: Sequence[float]) -> list[float]:
    if not values:
        raise ValueError("no runs")
    if not all(0 < value < math.inf for value in values):
        raise ValueError("a figure of a run is not positive")
    return [math.log(value) for value in values]


def _exp(estimate: Estimate) -> Estimate:
    low, high = estimate.low, estimate.high
    return Estimate(
        math.exp(estimate.value),
        None if low is None else math.exp(low),
        None if high is None else math.exp(high),
    )


def _short(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.7g}")
