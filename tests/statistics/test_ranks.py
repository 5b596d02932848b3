"""Ranks as scipy's exact tests have them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from pipeline.statistics.ranks import rank_sum_bound, runs_needed, signed_rank_bound

CONFIDENCES = [0.8, 0.9, 0.95, 0.99, 0.999]


@pytest.mark.parametrize("confidence", CONFIDENCES)
@pytest.mark.parametrize("n", [1, 4, 5, 6, 7, 8, 9, 10, 12])
def test_the_signed_rank_bound_is_that_of_all_signs(n, confidence):
    sums = sorted(
        sum(rank for rank, sign in enumerate(signs, 1) if sign)
        for signs in itertools.product((0, 1), repeat=n)
    )
    tail = (1 - confidence) / 2
    bound = signed_rank_bound(n, confidence)
    assert sum(value < bound for value in sums) <= tail * 2**n + 1e-9
    assert sum(value < bound + 1 for value in sums) > tail * 2**n + 1e-9


@pytest.mark.parametrize("confidence", CONFIDENCES)
@pytest.mark.parametrize(("m", "n"), [(1, 1), (3, 4), (5, 5), (6, 4), (8, 5)])
def test_the_rank_sum_bound_is_that_of_all_orders(m, n, confidence):
    counts = sorted(
        sum(a > b for a in chosen for b in set(range(m + n)) - set(chosen))
        for chosen in itertools.combinations(range(m + n), m)
    )
    tail = (1 - confidence) / 2
    bound = rank_sum_bound(m, n, confidence)
    assert sum(value < bound for value in counts) <= tail * len(counts) + 1e-9
    assert sum(value < bound + 1 for value in counts) > tail * len(counts) + 1e-9


@given(
    shift=st.floats(-2, 2),
    values=st.lists(st.floats(-3, 3).map(lambda x: round(x, 9)), min_size=6, max_size=25),
    confidence=st.sampled_from(CONFIDENCES),
)
@settings(max_examples=150)
def test_a_shift_is_in_the_interval_where_wilcoxon_does_not_refuse_it(shift, values, confidence):
    """An interval and its test are the same thing seen from two sides."""
    moved = np.array(values) - shift
    if len({*np.abs(moved)}) < len(moved) or 0 in moved:
        return  # ties: scipy's exact test has none
    bound = signed_rank_bound(len(values), confidence)
    if bound == 0:
        return
    means = sorted((a + b) / 2 for i, a in enumerate(values) for b in values[i:])
    inside = means[bound - 1] <= shift <= means[-bound]
    p = stats.wilcoxon(moved, method="exact").pvalue
    assert inside == (p > 1 - confidence + 1e-12)


@given(
    shift=st.floats(-2, 2),
    first=st.lists(st.floats(-3, 3), min_size=4, max_size=15, unique=True),
    second=st.lists(st.floats(-3, 3), min_size=4, max_size=15, unique=True),
    confidence=st.sampled_from(CONFIDENCES),
)
@settings(max_examples=150)
def test_a_shift_is_in_the_interval_where_mann_and_whitney_do_not_refuse_it(
    shift, first, second, confidence
):
    moved = [value - shift for value in second]
    if {*moved} & {*first} or len({*moved}) < len(moved):
        return
    bound = rank_sum_bound(len(first), len(second), confidence)
    if bound == 0:
        return
    differences = sorted(b - a for a in first for b in second)
    if any(abs(value - shift) < 1e-9 for value in differences):
        return  # rounding decides
    inside = differences[bound - 1] <= shift <= differences[-bound]
    p = stats.mannwhitneyu(first, moved, method="exact").pvalue
    assert inside == (p > 1 - confidence + 1e-12)


@pytest.mark.parametrize("confidence", CONFIDENCES)
def test_for_many_values_the_normal_distribution_goes_on_and_claims_no_more(confidence):
    for of in (
        [signed_rank_bound(n, confidence) for n in (49, 50, 51, 52)],
        [rank_sum_bound(n, n, confidence) for n in (49, 50, 51, 52)],
    ):
        before, across, after = np.diff(of)
        assert after > 0
        assert 0 < across <= max(before, after) + 1


def test_eight_runs_are_needed_for_99_percent():
    assert runs_needed() == 8
    assert signed_rank_bound(8) == 1
    assert signed_rank_bound(7) == 0
    assert rank_sum_bound(5, 5) == 1
    assert rank_sum_bound(5, 4) == 0


@pytest.mark.parametrize("confidence", CONFIDENCES)
def test_runs_needed_are_enough_and_one_fewer_is_not(confidence):
    n = runs_needed(confidence)
    assert signed_rank_bound(n, confidence) > 0
    assert signed_rank_bound(n - 1, confidence) == 0


@pytest.mark.parametrize("confidence", [0, 1, 2])
def test_no_number_of_runs_gives_certainty(confidence):
    with pytest.raises(ValueError, match="confidence"):
        runs_needed(confidence)
