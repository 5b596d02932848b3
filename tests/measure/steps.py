"""How often steps are seen where there are none, and how often those that there are.

    python -m tests.measure.steps > tests/measure/steps.md

Also the quantiles that `pipeline/statistics/steps.py` holds as `CRITICAL`. About 4 minutes.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from pipeline.statistics.steps import CRITICAL, SIDE, find_steps, intervals
from tests.statistics.nights import NOISES, Noise

_SERIES = 1000
_BATCH = 1000


def main() -> None:
    rng = np.random.default_rng(20240607)
    _say("# Steps in nightly figures\n")
    _say("Made by `python -m tests.measure.steps`.\n")
    _say("## What the statistic must be above\n")
    _say("The 99 % quantile of its maximum over all intervals of random permutations.\n")
    _say("| nights | intervals | quantile | in use |\n|---|---|---|---|")
    for n, used in CRITICAL:
        _say(f"| {n} | {len(list(intervals(n)))} | {_quantile(n, rng):.3f} | {used:.2f} |")
    _false_alarms(rng)
    _power(rng)


def _quantile(n: int, rng: np.random.Generator) -> float:
    batches = 60 if n <= 120 else 20
    return float(np.quantile(np.concatenate([_maxima(n, rng) for _ in range(batches)]), 0.99))


def _maxima(n: int, rng: np.random.Generator) -> Any:
    """The largest statistic of each of many random orders, all intervals of them at once."""
    values = rng.random((_BATCH, n))
    largest = np.zeros(_BATCH)
    for start, end in intervals(n):
        size = end - start
        ranks = values[:, start:end].argsort(axis=1).argsort(axis=1) - (size - 1) / 2
        sums = np.abs(ranks.cumsum(axis=1)[:, SIDE - 1 : size - SIDE])
        before = np.arange(SIDE, size - SIDE + 1)
        scores = sums / np.sqrt(before * (size - before) * (size + 1) / 12)
        largest = np.maximum(largest, scores.max(axis=1))
    return largest


def _false_alarms(rng: np.random.Generator) -> None:
    nights = (15, 30, 60, 120, 365)
    _say("\n## False alarms\n")
    _say(f"Series in which a step is told though there is none, of {_SERIES} each.\n")
    _say("| noise | " + " | ".join(f"{n} nights" for n in nights) + " |")
    _say("|---" * (len(nights) + 1) + "|")
    for name, noise in NOISES.items():
        cells = (_rate(partial(_seen, noise, rng, n)) for n in nights)
        _say(f"| {name} | " + " | ".join(f"{cell:.1f} %" for cell in cells) + " |")


def _power(rng: np.random.Generator) -> None:
    steps = (1.05, 1.10, 1.20)
    _say("\n## Steps found\n")
    _say(f"Series of {_SERIES} in which the step is told at its night or one beside it.\n")
    _say("| noise | nights | after the step | " + " | ".join(f"+{s - 1:.0%}" for s in steps) + " |")
    _say("|---" * (len(steps) + 3) + "|")
    for name in ("normal, 1 %", "normal, 2 %", "outliers"):
        for n, after in ((30, 7), (30, 15), (60, 10), (120, 60)):
            cells = (_rate(partial(_found, NOISES[name], rng, n, n - after, s)) for s in steps)
            _say(f"| {name} | {n} | {after} | " + " | ".join(f"{c:.1f} %" for c in cells) + " |")


def _seen(noise: Noise, rng: np.random.Generator, n: int) -> bool:
    return bool(find_steps(noise(rng, n)))


def _found(noise: Noise, rng: np.random.Generator, n: int, at: int, ratio: float) -> bool:
    values = noise(rng, n)
    values[at:] *= ratio
    return any(abs(step.index - at) <= 1 for step in find_steps(values))


def _rate(trial: Callable[[], bool]) -> float:
    return 100.0 * sum(trial() for _ in range(_SERIES)) / _SERIES


def _say(text: str) -> None:
    print(text)
    sys.stdout.flush()


if __name__ == "__main__":
    main()
