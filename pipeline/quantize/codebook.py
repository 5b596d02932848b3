"""Codebooks: levels where the weights are, closer together where there are many of them.

k-means in one dimension (Lloyd). Sorted values make each step cheap: a level's members are a
range, and sums over ranges are differences of running sums.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

_STEPS = 60
_ROUNDS = 4
#: Of a channel of zeros: whatever its levels, they are nothing.
_LEAST_SCALE = 1e-12


@dataclass(frozen=True)
class Booked:
    """``real[c, i] = scales[c] * levels[codes[c, i]]`` for weights [channels, elements]."""

    codes: Any
    levels: Any
    scales: Any

    @property
    def real(self) -> Any:
        """The values that the codes stand for."""
        return self.levels[self.codes] * self.scales[:, None]


def for_tensor(weights: Any, entries: int) -> Booked:
    """One codebook for all weights [1, elements], of at most ``entries`` levels."""
    levels = kmeans(weights.ravel(), entries)
    return Booked(nearest(weights, levels), levels, np.ones(len(weights)))


def for_channels(weights: Any, entries: int) -> Booked:
    """One codebook for weights [channels, elements] that are scaled by a number a channel.

    Scales and levels are fitted in turns, each by least squares with the other as given.
    """
    scales = np.sqrt((weights**2).mean(axis=1))
    scales = np.maximum(scales, _LEAST_SCALE)
    levels = kmeans((weights / scales[:, None]).ravel(), entries)
    best = Booked(nearest(weights / scales[:, None], levels), levels, scales)
    least = ((weights - best.real) ** 2).sum()
    for _ in range(_ROUNDS):
        tried = _refit(weights, best)
        error = ((weights - tried.real) ** 2).sum()
        if error >= least:
            break
        best, least = tried, error
    return best


def kmeans(values: Any, entries: int) -> Any:
    """At most ``entries`` levels, ascending, that are near all ``values`` (float64 [n]).

    Starts at quantiles of the values' spread, halfway between equal shares and equal distances,
    which neither misses the tails nor the middle.
    """
    values = np.sort(values)
    distinct = values[np.concatenate([[True], np.diff(values) > 0])]
    if len(distinct) <= entries:
        return distinct
    sums = np.concatenate([[0.0], np.cumsum(values)])
    shares = (np.arange(entries) + 0.5) / entries
    even = values[0] + shares * (values[-1] - values[0])
    levels = (np.quantile(values, shares) + even) / 2
    for _ in range(_STEPS):
        ends = np.searchsorted(values, (levels[1:] + levels[:-1]) / 2)
        bounds = np.concatenate([[0], ends, [len(values)]])
        counts = np.diff(bounds)
        means = np.diff(sums[bounds]) / np.maximum(counts, 1)
        moved = np.where(counts > 0, means, levels)
        moved.sort()
        if np.abs(moved - levels).max() <= 1e-9 * (values[-1] - values[0]):
            break
        levels = moved
    return np.unique(levels)


def nearest(values: Any, levels: Any) -> Any:
    """Indices of the nearest levels."""
    return np.searchsorted((levels[1:] + levels[:-1]) / 2, values)


def _refit(weights: Any, booked: Booked) -> Booked:
    chosen = booked.levels[booked.codes]
    power = (chosen**2).sum(axis=1)
    scales = np.where(power > 0, (chosen * weights).sum(axis=1) / np.maximum(power, 1e-30), 1.0)
    scales = np.where(scales > 0, scales, booked.scales)
    squares = np.broadcast_to(scales[:, None] ** 2, weights.shape)
    total = np.bincount(booked.codes.ravel(), squares.ravel(), len(booked.levels))
    moment = np.bincount(
        booked.codes.ravel(), (weights * scales[:, None]).ravel(), len(booked.levels)
    )
    levels = np.where(total > 0, moment / np.maximum(total, 1e-30), booked.levels)
    levels = np.unique(levels)
    return Booked(nearest(weights / scales[:, None], levels), levels, scales)
