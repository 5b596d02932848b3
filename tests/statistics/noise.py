"""Latencies as phones give them, with a known truth: many sessions at once.

What issue trackers of mobile runtimes tell of (drift with the temperature, launches that are slow
as a whole, a mode that comes and goes, outliers, samples that depend on the one before) is put
together here from parts, each of which can be left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Noise:
    """Sizes are relative: 0.02 is 2 %."""

    #: From the first launch of a session to the last, up to so much, either way.
    drift: float = 0.06
    #: From a launch to the next, a random walk.
    walk: float = 0.003
    #: Each launch differs from the others.
    launch: float = 0.015
    #: Some launches are slow as a whole.
    stuck_chance: float = 0.05
    stuck: float = 0.10
    #: Samples, each of which depends on the one before.
    sample: float = 0.02
    memory: float = 0.7
    #: A slow mode that comes and goes: how often, for how many samples, by how much.
    mode_chance: float = 0.107
    mode_length: float = 10.0
    mode: float = 0.15
    #: Single samples that take far longer.
    outliers: float = 0.01


PHONE = Noise()
#: Launches that differ, and nothing that lasts: half as bad in all.
CALM = Noise(0.02, 0.001, 0.005, 0.0, 0.0, 0.01, 0.5, 0.05, 10.0, 0.05, 0.005)


def samples(
    random: np.random.Generator, noise: Noise, sessions: int, launches: int, loops: int
) -> Any:
    """Latencies [sessions, launches, loops] in the order in which they are made, about 1."""
    shape = (sessions, launches)
    level = random.uniform(-noise.drift, noise.drift, (sessions, 1)) * np.linspace(0, 1, launches)
    level = level + np.cumsum(random.normal(0, noise.walk, shape), axis=1)
    level += random.normal(0, noise.launch, shape)
    level += np.log1p(noise.stuck) * (random.random(shape) < noise.stuck_chance)
    logs = np.empty((loops, *shape), np.float32)
    state = random.normal(0, noise.sample, shape)
    slow = random.random(shape) < noise.mode_chance
    leave = 1 / noise.mode_length
    enter = leave * noise.mode_chance / (1 - noise.mode_chance)
    fresh = noise.sample * np.sqrt(1 - noise.memory**2)
    for place in range(loops):
        state = noise.memory * state + random.normal(0, fresh, shape)
        chance = random.random(shape)
        slow = np.where(slow, chance > leave, chance < enter)
        logs[place] = level + state + np.log1p(noise.mode) * slow
    out = random.random(logs.shape) < noise.outliers
    logs[out] += np.log1p(random.pareto(1.5, int(out.sum())))
    return np.exp(np.moveaxis(logs, 0, -1))


def rounds(
    random: np.random.Generator, noise: Noise, sessions: int, runs: int, loops: int
) -> tuple[Any, Any]:
    """Latencies of two equal models [sessions, runs, loops], whose launches take turns."""
    both = samples(random, noise, sessions, 2 * runs, loops).reshape(sessions, runs, 2, loops)
    first, second = both[:, :, 0], both[:, :, 1]
    turned = (np.arange(runs) % 2 == 1)[:, None]
    return np.where(turned, second, first), np.where(turned, first, second)
