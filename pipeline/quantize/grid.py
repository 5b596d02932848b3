"""Uniform grids: levels at equal distances, for a whole tensor or for each channel.

A grid of ``b`` bits has the codes -2**(b-1) to 2**(b-1) - 1. Arrays of weights here are
[channels, elements] of float64; one channel is the whole tensor.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

#: Parts of the range of the values that are tried as the range of the grid. Few bits are better
#: spent on the many values near the middle than on the few at the ends.
_SHRINKS = (1.0, 0.95, 0.9, 0.85, 0.8, 0.7, 0.6, 0.5, 0.4)
_REFITS = 4
_LEAST_STEP = 1e-12


@dataclass(frozen=True)
class Gridded:
    """Codes [channels, elements] and for each channel ``real = codes * step + middle``."""

    codes: Any
    steps: Any
    middles: Any

    @property
    def real(self) -> Any:
        """The values that the codes stand for."""
        return self.codes * self.steps[:, None] + self.middles[:, None]


def fitted(weights: Any, bits: int) -> Gridded:
    """The grid with the least squared error that is found: ranges are tried, the best refined.

    Refining takes the codes as given and moves the levels to where they fit best (least squares
    in step and middle), then the codes to the nearest levels, and again.
    """
    low, high = weights.min(axis=1), weights.max(axis=1)
    middle, half = (low + high) / 2, (high - low) / 2
    best = on_range(weights, bits, low, high)
    errors = _errors(weights, best)
    for shrink in _SHRINKS[1:]:
        tried = on_range(weights, bits, middle - shrink * half, middle + shrink * half)
        best, errors = _better(weights, best, errors, tried)
    for _ in range(_REFITS):
        best, errors = _better(weights, best, errors, _refit(weights, bits, best))
    return best


def on_range(weights: Any, bits: int, low: Any, high: Any) -> Gridded:
    """The grid whose lowest and highest levels are ``low`` and ``high`` [channels].

    Values outside are clipped.
    """
    steps = np.maximum((high - low) / (2**bits - 1), _LEAST_STEP)
    return _coded(weights, bits, steps, low + 2 ** (bits - 1) * steps)


def with_whole_zero(weights: Any, bits: int, grid: Gridded) -> Gridded:
    """The grid moved so that 0 is one of its levels, as a whole tensor's grid has to be stored."""
    middles = np.rint(grid.middles / grid.steps) * grid.steps
    return _coded(weights, bits, grid.steps, middles)


def _coded(weights: Any, bits: int, steps: Any, middles: Any) -> Gridded:
    half = 2 ** (bits - 1)
    codes = np.rint((weights - middles[:, None]) / steps[:, None])
    # What is stored are 64 bits of step and 32 of middle.
    return Gridded(np.clip(codes, -half, half - 1), steps, middles.astype(np.float32).astype(float))


def _refit(weights: Any, bits: int, grid: Gridded) -> Gridded:
    codes = grid.codes - grid.codes.mean(axis=1, keepdims=True)
    spread = (codes * codes).sum(axis=1)
    steps = np.where(spread > 0, (codes * weights).sum(axis=1) / np.maximum(spread, 1), grid.steps)
    steps = np.maximum(steps, _LEAST_STEP)
    middles = weights.mean(axis=1) - steps * grid.codes.mean(axis=1)
    return _coded(weights, bits, steps, middles)


def _errors(weights: Any, grid: Gridded) -> Any:
    return ((weights - grid.real) ** 2).sum(axis=1)


def _better(weights: Any, best: Gridded, errors: Any, tried: Gridded) -> tuple[Gridded, Any]:
    """For each channel the better one of both."""
    found = _errors(weights, tried)
    wins = found < errors
    return Gridded(
        np.where(wins[:, None], tried.codes, best.codes),
        np.where(wins, tried.steps, best.steps),
        np.where(wins, tried.middles, best.middles),
    ), np.minimum(found, errors)
