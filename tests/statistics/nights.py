"""Nights of an unchanged model: series of figures as phones give them, mean about 1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

#: A generator and a number of nights to that many figures.
Noise = Callable[[np.random.Generator, int], Any]


def _outliers(rng: np.random.Generator, n: int) -> Any:
    return np.exp(rng.normal(0, 0.015, n) + (rng.random(n) < 0.08) * rng.exponential(0.3, n))


def _modes(rng: np.random.Generator, n: int) -> Any:
    return np.exp(rng.normal(0, 0.01, n) + 0.12 * (rng.random(n) < 0.3))


def _drift(rng: np.random.Generator, n: int) -> Any:
    return np.exp(rng.normal(0, 0.01, n) + 0.001 * np.arange(n))


def _seasons(rng: np.random.Generator, n: int) -> Any:
    phase = 2 * np.pi * (np.arange(n) / 365 + rng.random())
    return np.exp(rng.normal(0, 0.01, n) + 0.03 * np.sin(phase))


def _sticky(rng: np.random.Generator, n: int) -> Any:
    noise = rng.normal(0, 0.02, n)
    for night in range(1, n):
        noise[night] = 0.3 * noise[night - 1] + noise[night] * np.sqrt(1 - 0.09)
    return np.exp(noise)


NOISES: dict[str, Noise] = {
    "normal, 1 %": lambda rng, n: np.exp(rng.normal(0, 0.01, n)),
    "normal, 2 %": lambda rng, n: np.exp(rng.normal(0, 0.02, n)),
    "heavy tails (t of 2)": lambda rng, n: np.exp(0.01 * rng.standard_t(2, n)),
    "outliers": _outliers,
    "two modes, 12 % apart": _modes,
    "drift of 0.1 % a night": _drift,
    "seasons of a year, 6 %": _seasons,
    "like the night before (0.3)": _sticky,
    "ticks of a coarse clock": lambda rng, n: np.round(np.exp(rng.normal(0, 0.02, n)), 2),
}
