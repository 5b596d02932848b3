"""Verdicts: two thresholds, and an honest `inconclusive`."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.statistics.ratios import Estimate
from pipeline.statistics.verdict import Verdict, judge

CASES = [
    (1.05, 1.03, 1.07, "regressed"),
    (1.05, 1.0001, 1.10, "regressed"),
    (1.05, 0.999, 1.10, "inconclusive"),  # large, and not certain
    (1.03, 1.02, 1.04, "inconclusive"),  # certain: but is it 4 % or 2 %?
    (1.01, 1.005, 1.015, "unchanged"),  # certain, and too small to matter
    (1.00, 0.97, 1.02, "unchanged"),
    (1.00, 0.90, 1.10, "inconclusive"),
    (0.94, 0.92, 0.96, "improved"),
    (0.94, 0.92, 1.001, "inconclusive"),
    (0.97, 0.96, 0.98, "inconclusive"),
    (0.99, 0.98, 0.995, "unchanged"),
    (1.50, None, None, "inconclusive"),
    (1.50, 1.4, None, "inconclusive"),
]


@pytest.mark.parametrize(("value", "low", "high", "expected"), CASES)
def test_a_verdict_at_four_percent(value, low, high, expected):
    assert judge(Estimate(value, low, high), 0.04) is Verdict(expected)


@given(bounds=st.lists(st.floats(0.5, 2), min_size=3, max_size=3), threshold=st.floats(0, 0.5))
def test_turned_round_the_verdict_turns(bounds, threshold):
    low, value, high = sorted(bounds)
    turned = judge(Estimate(1 / value, 1 / high, 1 / low), threshold)
    opposite = {Verdict.REGRESSED: Verdict.IMPROVED, Verdict.IMPROVED: Verdict.REGRESSED}
    found = judge(Estimate(value, low, high), threshold)
    if any(abs(bound * (1 + threshold) - 1) < 1e-9 for bound in bounds):
        return  # rounding decides
    if any(abs(bound / (1 + threshold) - 1) < 1e-9 for bound in bounds):
        return
    assert turned is opposite.get(found, found)
