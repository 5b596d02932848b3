"""Where a series of figures changed its level for good: one figure a night, oldest first.

The statistic is Pettitt's (A non-parametric approach to the change-point problem, Applied
Statistics 28, 1979): the ranks' cumulative sum, standardized. It asks nothing of the noise but
that nights can be exchanged: outliers and several modes are ranks like any others. It is looked
for in the seeded intervals of Kovács, Bühlmann, Li and Munk (Seeded binary segmentation,
Biometrika 110, 2023), the narrowest first, so that a change that was taken back is found too.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

#: Fewest values on either side of a step.
SIDE = 5
#: Levels are medians of so many values next to the step, so that slow drift is none.
NEAR = 10
#: For so many exchangeable values the largest statistic of all intervals is above this once in a
#: hundred series: quantiles of random permutations, made by tests/measure/steps.py.
CRITICAL = (
    (10, 2.41), (12, 2.68), (15, 2.82), (20, 3.07), (30, 3.29), (45, 3.47), (60, 3.60),
    (90, 3.75), (120, 3.85), (180, 3.98), (365, 4.18), (1000, 4.44),
)  # fmt: skip


@dataclass(frozen=True)
class Step:
    """A lasting change: ``index`` is that of the first value after it, levels are medians."""

    index: int
    before: float
    after: float

    @property
    def ratio(self) -> float:
        """The level after by the level before; infinite where that was 0."""
        return self.after / self.before if self.before else math.inf


def find_steps(values: Sequence[float], least: float = 0.03) -> tuple[Step, ...]:
    """Steps in figures that have noise, oldest first.

    Of a hundred series without a step at most one shows one; two, where each night resembles the
    one before (an autocorrelation of 0.3).

    Told are steps with ``SIDE`` values or more on either side whose levels differ by the part
    ``least`` or more, suddenly: a straight line through the values nearby must fit worse. Noise
    that resembles that of the night before (its autocorrelation) raises what is asked for.
    ``ValueError`` unless all values are positive and finite.
    """
    import numpy as np

    if not all(math.isfinite(value) and value > 0 for value in values):
        raise ValueError("steps are looked for in positive, finite figures only")
    logs = np.log(np.asarray(values, dtype=float))
    bar = critical(len(values))
    splits = _candidates(logs, bar)
    while True:
        judged = list(_judge(logs, splits, bar, math.log1p(least)))
        wrong = [place for place, (_, score) in enumerate(judged) if score == 0.0]
        if not wrong:
            break
        # The weakest alone: without it, its neighbours have more values to stand on.
        weakest = min(wrong, key=lambda place: _score(logs, splits, place))
        del splits[weakest]
    return tuple(_step(values, split) for split, _ in judged)


def find_changes(values: Sequence[float]) -> tuple[Step, ...]:
    """Every change of a figure that has no noise: a size, or the accuracy on one test set."""
    return tuple(
        Step(index + 1, before, after)
        for index, (before, after) in enumerate(pairwise(values))
        if before != after
    )


def critical(n: int) -> float:
    """What the statistic must be above for ``n`` values: interpolated over the logarithm of n."""
    if n < CRITICAL[0][0]:
        return math.inf
    for (low, below), (high, above) in pairwise(CRITICAL):
        if n <= high:
            return below + (above - below) * math.log(n / low) / math.log(high / low)
    (low, below), (high, above) = CRITICAL[-2:]
    return above + (above - below) * math.log(n / high) / math.log(high / low)


def intervals(n: int) -> Iterator[tuple[int, int]]:
    """Seeded intervals of ``n`` values: each layer overlaps, and is shorter by the root of 2."""
    length = float(n)
    while length >= 2 * SIDE:
        size = math.ceil(length)
        count = 2 * math.ceil(n / length) - 1
        shift = (n - size) / (count - 1) if count > 1 else 0.0
        for number in range(count):
            start = math.floor(number * shift)
            yield start, start + size
        length *= math.sqrt(0.5)


def statistic(values: Any) -> tuple[int, float]:
    """The best place for a step in values [n] (n at least 2 ``SIDE``), and Pettitt's statistic
    there by its standard deviation under exchange, with the correction for ties."""
    import numpy as np

    n, ranks = len(values), _ranks(values)
    before = np.arange(SIDE, n - SIDE + 1)
    variance = before * (n - before) * (ranks @ ranks) / (n * (n - 1))
    if not variance[0]:
        return SIDE, 0.0
    scores = np.abs(ranks.cumsum()[SIDE - 1 : n - SIDE]) / np.sqrt(variance)
    best = int(scores.argmax())
    return SIDE + best, float(scores[best])


def _ranks(values: Any) -> Any:
    """Ranks [n], equal values sharing one, less their mean."""
    import numpy as np

    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (counts.cumsum() - (counts - 1) / 2)[place] - (len(values) + 1) / 2


def _candidates(logs: Any, bar: float) -> list[int]:
    """The best places of the narrowest intervals above the bar, none of which has two of them."""
    found = []
    for start, end in intervals(len(logs)):
        place, score = statistic(logs[start:end])
        if score > bar:
            found.append((end - start, -score, start, end, start + place))
    splits: list[int] = []
    for _, _, start, end, split in sorted(found):
        if not any(start < other < end for other in splits):
            splits.append(split)
    return sorted(splits)


def _judge(logs: Any, splits: list[int], bar: float, least: float) -> Iterator[tuple[int, float]]:
    """Each split where it fits best between its neighbours, and its score; 0 where it is none."""
    import numpy as np

    start = 0
    for place, old in enumerate(splits):
        end = splits[place + 1] if place + 1 < len(splits) else len(logs)
        if end - start < 2 * SIDE:
            yield old, 0.0
            continue
        part = logs[start:end]
        split, score = statistic(part)
        split = _nearest(part, split)
        score *= _independence(part, split)
        near = slice(max(0, split - NEAR), split + NEAR)
        before, after = part[near.start : split], part[split : near.stop]
        change = abs(float(np.median(after) - np.median(before)))
        holds = (
            score > bar
            and min(split, len(part) - split) >= SIDE
            and change >= least
            and _sudden(part[near], split - near.start)
        )
        start += split
        yield start, score if holds else 0.0


def _nearest(values: Any, split: int) -> int:
    """The split around ``split`` whose two medians are nearest to the values: ranks tell that
    there is a step, but pull it to the middle."""
    nearby = range(max(1, split - SIDE), min(len(values), split + SIDE + 1))
    return min(nearby, key=lambda place: _distance(values[:place]) + _distance(values[place:]))


def _distance(values: Any) -> float:
    """Sum of the distances to the median."""
    import numpy as np

    return float(np.abs(values - np.median(values)).sum())


def _score(logs: Any, splits: list[int], place: int) -> float:
    bounds = [0, *splits, len(logs)]
    start, end = bounds[place], bounds[place + 2]
    return statistic(logs[start:end])[1] if end - start >= 2 * SIDE else 0.0


def _independence(values: Any, split: int) -> float:
    """By what the statistic is too large: the root of (1 - r) / (1 + r), r the autocorrelation of
    the ranks beside the step, less half its own standard deviation and never negative."""
    ranks = _ranks(values)
    ranks[:split] -= ranks[:split].mean()
    ranks[split:] -= ranks[split:].mean()
    power = float(ranks @ ranks)
    if power < 1e-9:
        return 1.0
    r = float(ranks[1:] @ ranks[:-1]) / power - 0.5 / math.sqrt(len(values))
    r = min(max(r, 0.0), 0.9)
    return math.sqrt((1 - r) / (1 + r))


def _sudden(values: Any, split: int) -> bool:
    """Whether two levels are nearer to the values than a straight line (Theil and Sen's) is."""
    import numpy as np

    times = np.arange(len(values))
    first, second = np.triu_indices(len(values), 1)
    slope = np.median((values[second] - values[first]) / (second - first))
    levels = _distance(values[:split]) + _distance(values[split:])
    return levels < _distance(values - slope * times)


def _step(values: Sequence[float], split: int) -> Step:
    from statistics import median

    return Step(
        split,
        float(median(values[max(0, split - NEAR) : split])),
        float(median(values[split : split + NEAR])),
    )
