"""Percentiles as numpy computes them, and what a number of samples can support."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from pipeline.statistics.percentiles import (
    PERCENTILES,
    interval,
    percentile,
    samples_needed,
)
from pipeline.statistics.summary import summarize

latencies = st.lists(st.integers(0, 10**12), min_size=1, max_size=200)


@given(samples=latencies, percent=st.floats(0, 100))
def test_percentiles_are_those_of_numpy(samples, percent):
    ours = percentile(sorted(samples), percent)
    assert ours == pytest.approx(np.percentile(samples, percent), rel=1e-9, abs=1e-3)


@given(samples=latencies)
def test_a_summary_is_that_of_numpy_and_in_order(samples):
    summary = summarize(samples)
    assert summary.n == len(samples)
    assert (summary.min_ns, summary.max_ns) == (min(samples), max(samples))
    assert summary.mean_ns == pytest.approx(np.mean(samples), rel=1e-12)
    tail = [summary.min_ns, summary.p50_ns, summary.p90_ns, summary.p99_ns, summary.max_ns]
    assert tail == sorted(tail)
    assert tail[1:4] == pytest.approx(np.percentile(samples, [50, 90, 99]), rel=1e-9, abs=1e-3)


@given(samples=latencies, seed=st.integers(0, 100))
def test_the_order_of_samples_does_not_matter(samples, seed):
    shuffled = samples[:]
    random.Random(seed).shuffle(shuffled)
    assert summarize(shuffled) == summarize(samples)


def test_a_planted_tail_shows_in_p99_only():
    samples = [1000] * 980 + [9000] * 20
    summary = summarize(samples)
    assert (summary.p50_ns, summary.p90_ns, summary.p99_ns) == (1000, 1000, 9000)


def test_no_samples_are_an_error():
    with pytest.raises(ValueError, match="no samples"):
        summarize([])


@pytest.mark.parametrize(("percent", "needed"), [(50, 11), (90, 64), (95, 130), (99, 662)])
def test_samples_needed_are_those_of_loadgen(percent, needed):
    assert samples_needed(percent) == needed


@pytest.mark.parametrize("percent", [0, 100, -1, 101, math.nan])
def test_no_number_of_samples_bears_an_extreme(percent):
    with pytest.raises(ValueError, match="percentile"):
        samples_needed(percent)


@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.999])
@pytest.mark.parametrize("percent", [50, 90, 99, 99.9])
def test_samples_needed_are_those_of_the_binomial_of_scipy(percent, confidence):
    n = samples_needed(percent, confidence)
    above = 1 - percent / 100
    assert stats.binom.cdf(1, n, above) <= 1 - confidence
    assert stats.binom.cdf(1, n - 1, above) > 1 - confidence


@pytest.mark.parametrize("confidence", [0, 1, -1, math.nan])
def test_no_number_of_samples_gives_certainty(confidence):
    with pytest.raises(ValueError, match="confidence"):
        samples_needed(90, confidence)


@given(percent=st.floats(1, 99))
def test_samples_needed_are_enough_and_one_fewer_is_not(percent):
    n, q = samples_needed(percent), percent / 100
    risk = [q**k + k * (1 - q) * q ** (k - 1) for k in (n, n - 1)]
    assert risk[0] <= 0.01 + 1e-12
    assert n == 2 or risk[1] > 0.01 - 1e-12


def test_the_second_largest_bounds_the_percentile_as_often_as_is_claimed():
    """Uniform samples, of which every percentile is known; 20,000 trials of 64."""
    trials = np.sort(np.random.default_rng(0).random((20_000, samples_needed(90))), axis=1)
    assert 0.985 < (trials[:, -2] >= 0.9).mean() < 0.995


@pytest.mark.parametrize(
    ("n", "supported"),
    [
        (1, ()),
        (10, ()),
        (11, (50,)),
        (63, (50,)),
        (64, (50, 90)),
        (130, (50, 90, 95)),
        (661, (50, 90, 95)),
        (662, PERCENTILES),
    ],
)
def test_a_summary_says_what_its_samples_bear(n, supported):
    assert summarize([5] * n).supported == supported


def test_json_has_units_in_its_names():
    record = summarize([1, 2, 4]).as_json()
    assert record == {
        "n": 3,
        "min_ns": 1,
        "mean_ns": 2.3,
        "p50_ns": 2,
        "p90_ns": 3.6,
        "p95_ns": 3.8,
        "p99_ns": 4.0,
        "max_ns": 4,
        "supported_percentiles": [],
        "intervals_99_ns": {
            "p50": [None, None],
            "p90": [1, None],
            "p95": [1, None],
            "p99": [2, None],
        },
    }


@pytest.mark.parametrize(
    ("n", "percent", "below", "above"),
    # Ranks from scipy.stats.binom.ppf(0.005, n, p): the lower one, and n + 1 minus the upper's.
    [(1000, 50, 459, 459), (1000, 90, 875, 76), (1000, 99, 981, 3), (100, 50, 37, 37)],
)
def test_an_interval_has_the_ranks_of_the_binomial(n, percent, below, above):
    assert interval(range(n), percent) == (below - 1, n - above)


@given(
    n=st.integers(1, 3000),
    percent=st.floats(0.1, 99.9),
    confidence=st.sampled_from([0.9, 0.95, 0.99, 0.999]),
)
def test_an_interval_has_the_ranks_of_scipy(n, percent, confidence):
    tail = (1 - confidence) / 2
    below = int(stats.binom.ppf(tail, n, percent / 100))
    above = int(stats.binom.ppf(tail, n, 1 - percent / 100))
    expected = (below - 1 if below else None, n - above if above else None)
    assert interval(range(n), percent, confidence) == expected


def test_too_few_samples_leave_a_bound_open():
    assert interval(range(7), 50) == (None, None)
    assert interval(range(527), 99)[1] is None
    assert interval(range(528), 99)[1] == 527


def test_an_interval_covers_as_often_as_is_claimed():
    random = np.random.default_rng(3)
    covered = 0
    for _ in range(2000):
        low, high = interval(sorted(random.integers(0, 1_000_000, 200).tolist()), 90)
        covered += low <= 900_000 <= high
    assert covered / 2000 >= 0.985
