"""Levels for weights that are entropy-coded: the least error and bits together.

Coded by their entropy, many levels at even distances cost less than few at clever ones: rare
levels far out take bits only when they occur. So levels start a step apart over the whole range
and settle where squared error plus the price of their bits is least (entropy-constrained scalar
quantization: Chou, Lookabaugh and Gray 1989); a level whose own bytes cost more than it gains goes.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from pipeline.quantize.codebook import Booked

#: Values are looked at in so many classes while levels settle.
_CLASSES = 4096
_ROUNDS = 12
#: At a small step s the error is s*s/12 and a bit takes three quarters of it: so much error is a
#: bit worth (the slope of the rate-distortion curve, 2 ln 2 s*s/12).
_PRICE = 2 * np.log(2) / 12
#: What a level takes in the file: its value and its frequency.
_LEVEL_BITS = 64
#: More levels than the coder's table has places for are spread wider.
_MOST_LEVELS = 1024
_Levels = tuple[Any, Any]


def entropy_coded(weights: Any, step: float) -> Booked:
    """Weights [1, elements] by levels ``step`` root mean squares apart to begin with."""
    values = weights.ravel()
    scale = float(np.sqrt((values**2).mean()))
    reach = float(np.abs(values).max())
    if reach == 0.0:
        return Booked(np.zeros(weights.shape, dtype=int), np.zeros(1), np.ones(1))
    distance = max(step * scale, 2 * reach / _MOST_LEVELS)
    price = _PRICE * distance**2
    places, counts = _classes(values)
    first, last = np.floor(values.min() / distance), np.ceil(values.max() / distance)
    levels = np.arange(first, last + 1) * distance
    found = _settled(places, counts, levels, np.ones(len(levels)), price)
    found = _without_dear(places, counts, found, price)
    return Booked(np.searchsorted(_bounds(found, price), weights), found[0], np.ones(1))


def _classes(values: Any) -> _Levels:
    """Means and counts of values that are alike."""
    edges = np.linspace(values.min(), values.max(), _CLASSES + 1)
    which = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, _CLASSES - 1)
    counts = np.bincount(which, minlength=_CLASSES)
    sums = np.bincount(which, values, minlength=_CLASSES)
    there = counts > 0
    return sums[there] / counts[there], counts[there].astype(float)


def _settled(places: Any, counts: Any, levels: Any, uses: Any, price: float) -> _Levels:
    """Levels and how often each is used, after moving both by turns."""
    for _ in range(_ROUNDS):
        which = np.searchsorted(_bounds((levels, uses), price), places)
        used = np.bincount(which, counts, minlength=len(levels))
        sums = np.bincount(which, counts * places, minlength=len(levels))
        there = used > 0
        moved = sums[there] / used[there]
        if len(moved) == len(levels) and np.abs(moved - levels).max() < 1e-7 * np.ptp(places):
            return moved, used
        levels, uses = moved, used[there]
    return levels, uses


def _bounds(found: _Levels, price: float) -> Any:
    """Where each level gives way to the next: half-way, moved towards the rarer one."""
    levels, uses = found
    if len(levels) == 1:
        return np.zeros(0)
    bits = -np.log2(uses / uses.sum())
    gaps = np.diff(levels)
    bounds = (levels[1:] + levels[:-1]) / 2 + price * np.diff(bits) / (2 * gaps)
    return np.maximum.accumulate(bounds)


def _without_dear(places: Any, counts: Any, found: _Levels, price: float) -> _Levels:
    """Levels that are worth what they take in the file: the rarest go, many at once, then few."""
    cost = _cost(places, counts, found, price)
    many = len(found[0]) // 4
    while many:
        kept = np.sort(np.argsort(found[1], kind="stable")[many:])
        fewer = _settled(places, counts, found[0][kept], found[1][kept], price)
        less = _cost(places, counts, fewer, price)
        if less < cost:
            found, cost = fewer, less
            many = min(many, len(found[0]) // 4)
        else:
            many //= 2
    return found


def _cost(places: Any, counts: Any, found: _Levels, price: float) -> float:
    """Squared error, and the price of the bits of codes and levels."""
    levels, uses = found
    which = np.searchsorted(_bounds(found, price), places)
    error = float((counts * (places - levels[which]) ** 2).sum())
    bits = float(-(uses * np.log2(uses / uses.sum())).sum()) + _LEVEL_BITS * len(levels)
    return error + price * bits
