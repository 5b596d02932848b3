"""Estimates of sets of runs: the properties that any honest one has."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.statistics.ratios import Estimate, batches, center, paired_ratio, ratio

figures = st.lists(st.floats(1e-3, 1e9), min_size=1, max_size=20)
pairs = st.lists(st.tuples(st.floats(1, 1e6), st.floats(1, 1e6)), min_size=1, max_size=20)
scales = st.floats(0.01, 100)


def _is(found, expected):
    for got, wanted in zip(found.as_json().values(), expected.as_json().values(), strict=True):
        assert (got is None) == (wanted is None)
        assert got is None or got == pytest.approx(wanted, rel=1e-6)


def _times(found, factor):
    low, high = found.low, found.high
    return Estimate(found.value * factor, low and low * factor, high and high * factor)


@given(values=figures)
def test_a_center_is_among_its_figures_and_within_its_bounds(values):
    found = center(values)
    assert min(values) * (1 - 1e-9) <= found.value <= max(values) * (1 + 1e-9)
    assert (found.low is None) == (found.high is None) == (len(values) < 8)
    if found.low is not None and found.high is not None:
        assert found.low <= found.value <= found.high


@given(values=figures, factor=scales)
def test_a_center_scales_with_its_figures(values, factor):
    _is(center([value * factor for value in values]), _times(center(values), factor))


@given(runs=pairs, factor=scales)
def test_a_ratio_of_pairs_scales_and_turns_round(runs, factor):
    before, after = ([pair[side] for pair in runs] for side in (0, 1))
    found = paired_ratio(before, after)
    _is(paired_ratio(before, [value * factor for value in after]), _times(found, factor))
    turned = paired_ratio(after, before)
    low = found.high and 1 / found.high
    high = found.low and 1 / found.low
    _is(turned, Estimate(1 / found.value, low, high))


@given(before=figures, after=figures, factor=scales)
def test_a_ratio_of_sets_scales_and_turns_round(before, after, factor):
    found = ratio(before, after)
    _is(ratio(before, [value * factor for value in after]), _times(found, factor))
    low = found.high and 1 / found.high
    high = found.low and 1 / found.low
    _is(ratio(after, before), Estimate(1 / found.value, low, high))


@given(runs=pairs, drift=scales)
def test_what_drifts_cancels_in_pairs(runs, drift):
    before, after = ([pair[side] for pair in runs] for side in (0, 1))
    moved = [drift ** (place / len(runs)) for place in range(len(runs))]
    _is(
        paired_ratio(
            [value * by for value, by in zip(before, moved, strict=True)],
            [value * by for value, by in zip(after, moved, strict=True)],
        ),
        paired_ratio(before, after),
    )


def test_one_run_that_is_far_out_moves_nothing_much():
    usual = [100.0, 101, 99, 100.5, 99.5, 100.2, 99.8, 100.1, 99.9, 100.4, 99.6]
    assert center([*usual, 1000.0]).value == pytest.approx(100, rel=0.005)
    assert ratio(usual, [*usual, 1000.0]).value == pytest.approx(1, rel=0.005)


@pytest.mark.parametrize("values", [[], [0.0], [-1.0, 2.0], [math.nan], [math.inf]])
def test_what_is_no_figure_is_an_error(values):
    with pytest.raises(ValueError, match="run"):
        center(values)


def test_pairs_must_be_pairs():
    with pytest.raises(ValueError, match="zip"):
        paired_ratio([1.0, 2.0], [1.0])


def test_a_spread_is_half_of_the_interval():
    assert Estimate(200.0, 196.0, 204.0).spread == pytest.approx(0.02)
    assert Estimate(200.0).spread is None


@given(samples=st.lists(st.integers(1, 10**9), min_size=1, max_size=100), count=st.integers(1, 100))
def test_stretches_hold_every_sample_once(samples, count):
    if count > len(samples):
        with pytest.raises(ValueError, match="stretches"):
            batches(samples, count)
        return
    smallest = batches(samples, count, 0)
    assert len(smallest) == count
    assert min(smallest) == min(samples)
    assert max(batches(samples, count, 100)) == max(samples)


def test_stretches_are_as_numpy_splits_and_counts():
    samples = np.random.default_rng(0).integers(1, 1000, 120).tolist()
    expected = np.median(np.reshape(samples, (6, 20)), axis=1)
    assert batches(samples, 6) == expected.tolist()
