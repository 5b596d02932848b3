"""Grids and codebooks: what they promise of their levels and errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pipeline.quantize import codebook, grid

WEIGHTS = hnp.arrays(
    np.float64,
    hnp.array_shapes(min_dims=2, max_dims=2, max_side=12),
    elements=st.floats(-100, 100, width=32),
)
RANDOM = np.random.default_rng(1)
BELL = RANDOM.normal(size=(4, 2000))
TAILS = RANDOM.laplace(size=(4, 2000))


def power(error: Any) -> float:
    return float((error**2).sum())


@given(WEIGHTS, st.integers(1, 12))
def test_a_fitted_grid_is_no_worse_than_that_of_the_extremes(weights: Any, bits: int) -> None:
    found = grid.fitted(weights, bits)
    plain = grid.on_range(weights, bits, weights.min(axis=1), weights.max(axis=1))
    assert power(weights - found.real) <= power(weights - plain.real) * (1 + 1e-6) + 1e-9
    assert found.codes.min() >= -(2 ** (bits - 1))
    assert found.codes.max() < 2 ** (bits - 1)


@given(WEIGHTS, st.integers(1, 8))
def test_an_explicit_range_is_kept(weights: Any, bits: int) -> None:
    ends = np.full(len(weights), -2.0), np.full(len(weights), 3.0)
    found = grid.on_range(weights, bits, *ends)
    step = 5 / (2**bits - 1)
    inside = np.clip(weights, -2, 3)
    assert np.abs(found.real - inside).max() <= step / 2 + 1e-6
    assert -2 - 1e-6 <= found.real.min() <= found.real.max() <= 3 + 1e-6


@given(WEIGHTS, st.integers(7, 16))
def test_a_grid_with_a_level_at_zero_is_off_by_less_than_a_step(weights: Any, bits: int) -> None:
    rows = weights.reshape(1, -1)
    found = grid.fitted(rows, bits)
    moved = grid.with_whole_zero(rows, bits, found)
    assert np.isclose(moved.middles / moved.steps, np.rint(moved.middles / moved.steps)).all()
    assert np.abs(moved.real - found.real).max() <= 1.01 * float(found.steps.max()) + 1e-6


@given(WEIGHTS, st.integers(2, 40))
def test_levels_are_no_more_than_asked_for_and_lie_within(weights: Any, entries: int) -> None:
    levels = codebook.kmeans(weights.ravel(), entries)
    assert 1 <= len(levels) <= entries
    assert (np.diff(levels) > 0).all()
    assert weights.min() - 1e-9 <= levels[0] <= levels[-1] <= weights.max() + 1e-9


def test_few_values_are_kept_exactly() -> None:
    weights = np.array([[0.5, -1.0, 0.5, 0.25]])
    assert power(weights - codebook.for_tensor(weights, 4).real) == 0


@pytest.mark.parametrize("weights", [BELL, TAILS], ids=["bell", "tails"])
@pytest.mark.parametrize("bits", [2, 3, 4])
def test_a_codebook_is_closer_than_a_grid(weights: Any, bits: int) -> None:
    rows = weights.reshape(1, -1)
    uniform = power(rows - grid.fitted(rows, bits).real)
    assert power(rows - codebook.for_tensor(rows, 2**bits).real) < 0.995 * uniform


def test_two_bits_of_a_bell_come_near_the_optimum() -> None:
    """Max, Quantizing for minimum distortion (1960): 0.1175 of the power with four levels."""
    rows = RANDOM.normal(size=(1, 100_000))
    error = power(rows - codebook.for_tensor(rows, 4).real) / power(rows)
    assert 0.115 < error < 0.120


def test_scales_of_channels_are_followed() -> None:
    weights = BELL * np.array([[0.01], [1.0], [10.0], [300.0]])
    found = codebook.for_channels(weights, 8)
    error = ((weights - found.real) ** 2).sum(axis=1) / (weights**2).sum(axis=1)
    assert error.max() < 0.05


def test_channels_of_zeros_stay_zero() -> None:
    weights = np.concatenate([BELL[:2], np.zeros((1, 2000))])
    for found in (codebook.for_channels(weights, 8), grid.fitted(weights, 3)):
        assert np.isfinite(found.real).all()
        assert np.abs(found.real[2]).max() < 1e-6
