"""Exact distributions of the two rank statistics, and the ranks that bound an interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from statistics import NormalDist

from pipeline.statistics.percentiles import CONFIDENCE

#: Above so many values the normal distribution is as good, and much faster.
_EXACT = 50


@lru_cache(maxsize=256)
def signed_rank_bound(n: int, confidence: float = CONFIDENCE) -> int:
    """Which of the ordered means of pairs of ``n`` values bounds their centre, from either end.

    Wilcoxon's signed rank (Hollander, Wolfe and Chicken, Nonparametric Statistical Methods,
    section 3.3): between the k-th smallest and the k-th largest of the n (n + 1) / 2 means of two
    values (each with itself too) the centre of their symmetric distribution lies with
    ``confidence``, or more. 0 where ``n`` is too small: 8 values are needed for 99 %.
    """
    tail = (1 - confidence) / 2
    if n > _EXACT:
        return _normal_bound(n * (n + 1) / 4, n * (n + 1) * (2 * n + 1) / 24, tail)
    ways = [1]
    for rank in range(1, n + 1):
        ways = [a + b for a, b in zip(ways + [0] * rank, [0] * rank + ways, strict=True)]
    return _bound(ways, tail)


@lru_cache(maxsize=256)
def rank_sum_bound(m: int, n: int, confidence: float = CONFIDENCE) -> int:
    """Which of the ordered m n differences of two sets bounds their shift, from either end.

    Mann and Whitney's U (the same book, section 4.3). 0 where the sets are too small: 5 values
    each are needed for 99 %.
    """
    tail = (1 - confidence) / 2
    if max(m, n) > _EXACT:
        return _normal_bound(m * n / 2, m * n * (m + n + 1) / 12, tail)
    # The generating function: the product of (1 - q^(n + i)) / (1 - q^i) for i of 1 to m.
    size = m * n + 1
    ways = [1] + [0] * (size - 1)
    for i in range(1, m + 1):
        for place in range(size - 1, n + i - 1, -1):
            ways[place] -= ways[place - n - i]
        for place in range(i, size):
            ways[place] += ways[place - i]
    return _bound(ways, tail)


def runs_needed(confidence: float = CONFIDENCE) -> int:
    """Fewest runs, or pairs of runs, of which an interval has both bounds: 8 at 99 %.

    ``ValueError`` for a confidence outside (0, 1).
    """
    if not 0 < confidence < 1:
        raise ValueError(f"no confidence between 0 and 1: {confidence!r}")
    return math.ceil(1 - math.log2(1 - confidence))


def _bound(ways: Sequence[int], tail: float) -> int:
    """How many of the smallest outcomes together are at most as likely as ``tail``."""
    allowed = tail * sum(ways) * (1 + 1e-12)  # 1 - 0.8 is a little less than 0.2
    cumulative = 0
    for count, number in enumerate(ways):
        cumulative += number
        if cumulative > allowed:
            return count
    return len(ways)


def _normal_bound(mean: float, variance: float, tail: float) -> int:
    return max(0, math.floor(mean + 0.5 + NormalDist().inv_cdf(tail) * math.sqrt(variance)))
