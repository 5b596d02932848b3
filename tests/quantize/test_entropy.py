"""Entropy-coded levels: nearer to what theory allows than any number of fixed levels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pipeline.quantize import codebook
from pipeline.quantize.entropy import entropy_coded

RANDOM = np.random.default_rng(2)
BELL = RANDOM.normal(size=(1, 60_000))


def rate(codes: Any) -> float:
    """Bits a weight by the entropy of its codes."""
    shares = np.unique(codes, return_counts=True)[1] / codes.size
    return float(-(shares * np.log2(shares)).sum())


def noise(weights: Any, booked: Any) -> float:
    return float(((weights - booked.real) ** 2).sum() / (weights**2).sum())


@pytest.mark.parametrize("step", [0.3, 0.7, 1.2, 2.0])
def test_a_bell_is_within_a_quarter_bit_of_the_bound(step: float) -> None:
    """Shannon's bound is 6.02 dB a bit; entropy-coded levels come within 0.255 bits of it."""
    found = entropy_coded(BELL, step)
    bound = -0.5 * np.log2(noise(BELL, found))
    assert 0 < rate(found.codes) - bound < 0.27


@pytest.mark.parametrize("entries", [4, 8, 16])
def test_it_beats_a_codebook_of_the_same_bits(entries: int) -> None:
    fixed = codebook.for_tensor(BELL, entries)
    for step in np.geomspace(0.1, 2, 60):
        found = entropy_coded(BELL, float(step))
        if rate(found.codes) <= rate(fixed.codes):
            assert noise(BELL, found) < 0.95 * noise(BELL, fixed)
            return
    raise AssertionError("no step takes as few bits")


def test_larger_steps_take_fewer_bits_and_cost_more() -> None:
    found = [entropy_coded(BELL, step) for step in (0.1, 0.3, 0.9, 2.0)]
    rates = [rate(one.codes) for one in found]
    errors = [noise(BELL, one) for one in found]
    assert rates == sorted(rates, reverse=True)
    assert errors == sorted(errors)


@settings(max_examples=60)
@given(
    hnp.arrays(
        np.float64,
        st.tuples(st.just(1), st.integers(1, 60)),
        elements=st.floats(-1000, 1000, width=32),
    ),
    st.floats(0.01, 4),
)
def test_any_weights_have_levels_within_their_range(weights: Any, step: float) -> None:
    found = entropy_coded(weights, step)
    assert np.isfinite(found.real).all()
    assert (np.diff(found.levels) > 0).all()
    if np.abs(weights).max() > 0:
        assert found.real.min() >= weights.min() - 1e-6
        assert found.real.max() <= weights.max() + 1e-6


def test_few_weights_have_few_levels() -> None:
    """A level takes eight bytes, as many as two weights."""
    assert len(entropy_coded(RANDOM.normal(size=(1, 40)), 0.5).levels) <= 8
