"""Warm-up is found where it was planted, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.statistics.steady import steady_from


def _series(seed: int, n: int = 200) -> np.ndarray:
    return np.random.default_rng(seed).lognormal(0, 0.02, n)


@pytest.mark.parametrize("length", [10, 30, 60])
def test_a_planted_warm_up_is_cut(length):
    cuts = []
    for seed in range(100):
        values = _series(seed)
        values[:length] *= np.linspace(2.0, 1.1, length)
        cuts.append(steady_from(values.tolist()))
    found = [cut for cut in cuts if cut is not None]
    assert len(found) >= 95
    # Nothing of the warm-up is kept, and not much more than it is lost.
    assert np.mean([length <= cut <= length + 40 for cut in found]) >= 0.9


def test_what_is_steady_is_seldom_called_unsteady():
    assert np.mean([steady_from(_series(seed).tolist()) is None for seed in range(500)]) < 0.03


@pytest.mark.parametrize("end", [0.5, 2.0])
def test_what_drifts_all_the_way_is_never_steady(end):
    for seed in range(50):
        assert steady_from((_series(seed) * np.linspace(1, end, 200)).tolist()) is None


def test_single_outliers_decide_nothing():
    usual = [steady_from(_series(seed).tolist()) for seed in range(60)]
    planted = []
    for seed in range(60):
        values = _series(seed)
        values[[33, 66, 90]] *= 20
        planted.append(steady_from(values.tolist()))
    pairs = list(zip(usual, planted, strict=True))
    assert np.mean([a == b or abs((a or 0) - (b or 0)) <= 25 for a, b in pairs]) > 0.8


@pytest.mark.parametrize("n", [0, 1, 19])
def test_few_samples_tell_nothing(n):
    assert steady_from([1.0] * n) is None


@given(st.lists(st.floats(1e-6, 1e12), max_size=120))
def test_the_cut_is_before_the_middle(samples):
    cut = steady_from(samples)
    assert cut is None or (cut % 5 == 0 and 0 <= cut < len(samples) / 2)


def test_equal_samples_are_steady_from_the_first():
    assert steady_from([7] * 40) == 0
