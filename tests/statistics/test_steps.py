"""Steps: planted ones are found where they are, none is seen in unchanged nights."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.statistics.steps import (
    CRITICAL,
    SIDE,
    critical,
    find_changes,
    find_steps,
    intervals,
    statistic,
)
from tests.statistics.nights import NOISES

QUIET = "normal, 1 %"


def _nights(seed: int, n: int, noise: str = QUIET) -> np.ndarray:
    return NOISES[noise](np.random.default_rng(seed), n)


@pytest.mark.parametrize("noise", NOISES)
def test_no_step_is_seen_in_unchanged_nights(noise):
    """At most 1 % is promised (tests/measure/steps.md): 7 of 240 would be 3 %, and are unlikely
    (0.6 %) even at exactly 1 %."""
    seen = sum(
        bool(find_steps(_nights(seed, n, noise))) for n in (15, 30, 60, 120) for seed in range(60)
    )
    assert seen <= 6


@pytest.mark.parametrize("ratio", [1.05, 1.2, 2.0, 0.95, 0.5])
@pytest.mark.parametrize(("n", "at"), [(40, 20), (40, 32), (120, 12), (365, 200)])
def test_a_planted_step_is_found_and_located(n, at, ratio):
    close = 0
    for seed in range(20):
        values = _nights(seed, n)
        values[at:] *= ratio
        steps = find_steps(values)
        close += len(steps) == 1 and abs(steps[0].index - at) <= 1
        for step in steps:
            assert abs(step.ratio / ratio - 1) < 0.04
    assert close >= 18


@pytest.mark.parametrize("noise", ["outliers", "heavy tails (t of 2)", "two modes, 12 % apart"])
def test_a_step_is_found_through_wild_noise(noise):
    found = 0
    for seed in range(20):
        values = _nights(seed, 80, noise)
        values[50:] *= 1.5
        found += any(abs(step.index - 50) <= 2 for step in find_steps(values))
    assert found >= 18


def test_a_change_that_was_taken_back_is_two_steps():
    values = _nights(1, 200)
    values[90:110] *= 1.1
    first, second = find_steps(values)
    assert (first.index, second.index) == (90, 110)
    assert first.ratio == pytest.approx(1.1, abs=0.02)
    assert second.ratio == pytest.approx(1 / 1.1, abs=0.02)


def test_a_step_after_too_few_nights_is_not_told_yet():
    values = _nights(1, 40)
    values[-SIDE + 1 :] *= 3
    assert find_steps(values) == ()


def test_a_difference_too_small_to_matter_is_not_told():
    values = _nights(1, 200)
    values[100:] *= 1.02
    assert find_steps(values) == ()
    assert [step.index for step in find_steps(values, least=0.005)] == [100]


@given(st.lists(st.floats(1e-3, 1e12), max_size=60))
def test_whatever_the_figures_steps_are_ordered_and_apart(values):
    steps = find_steps(values)
    bounds = [0, *(step.index for step in steps), len(values)]
    assert all(after - before >= SIDE for before, after in pairwise(bounds)) or not steps
    assert all(abs(math.log(step.ratio)) >= math.log(1.03) - 1e-9 for step in steps)


@given(st.integers(0, 50), st.floats(1e-6, 1e6))
def test_the_unit_changes_nothing(seed, factor):
    values = _nights(seed, 40)
    values[25:] *= 1.3
    scaled = [step.index for step in find_steps(values * factor)]
    assert scaled == [step.index for step in find_steps(values)]


@pytest.mark.parametrize("bad", [0.0, -1.0, math.nan, math.inf])
def test_figures_that_are_none_are_refused(bad):
    with pytest.raises(ValueError, match="positive, finite"):
        find_steps([1.0, bad, 2.0])


@pytest.mark.parametrize("n", range(10))
def test_few_figures_have_no_steps(n):
    assert find_steps([1.0] * n) == ()


def test_constant_figures_have_no_steps_and_a_constant_step_is_one():
    assert find_steps([7.0] * 50) == ()
    assert [step.index for step in find_steps([7.0] * 20 + [9.0] * 20)] == [20]


def test_every_change_of_an_exact_figure_is_told():
    assert find_changes([]) == ()
    assert [(c.index, c.before, c.after) for c in find_changes([5, 5, 6, 6, 5])] == [
        (2, 5, 6),
        (4, 6, 5),
    ]


def test_the_statistic_is_the_standardized_rank_sum():
    scipy = pytest.importorskip("scipy.stats")
    values = _nights(3, 30)
    split, score = statistic(values)
    mean, spread = split * 31 / 2, math.sqrt(split * (30 - split) * 31 / 12)
    ranks = scipy.rankdata(values)[:split].sum()
    assert score == pytest.approx(abs(ranks - mean) / spread)


@pytest.mark.parametrize("n", [10, 17, 100, 365, 1000])
def test_the_seeded_intervals_cover_the_series(n):
    found = list(intervals(n))
    assert found[0] == (0, n)
    assert all(start >= 0 and end <= n and end - start >= 2 * SIDE for start, end in found)
    assert len(found) <= 0.8 * n


def test_the_bar_grows_with_the_nights():
    bars = [critical(n) for n in range(10, 2000)]
    assert bars == sorted(bars)
    assert critical(9) == math.inf
    assert all(critical(n) == pytest.approx(value) for n, value in CRITICAL)
