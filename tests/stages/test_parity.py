"""How far two sets of outputs are apart, and whether they move at all."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from pipeline.stages.parity import Parity, compare, from_json

SCORES = np.array([[1.0, 2.0, 3.0], [4.0, 0.0, -1.0]], np.float32)

matrices = npst.arrays(
    np.float32,
    st.tuples(st.integers(1, 6), st.integers(1, 5)),
    elements=st.floats(-1e6, 1e6, width=32, allow_subnormal=False),
)


@pytest.fixture(autouse=True)
def _no_warnings():
    """numpy's warnings would stand between the lines of the terminal."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def _one(outputs: object, reference: object) -> Parity:
    return compare([outputs], [reference])


def test_the_same_outputs_are_the_same():
    found = _one(SCORES, SCORES.copy())
    assert (found.n, found.nan_count) == (2, 0)
    assert found.cosine_min == found.cosine_mean == pytest.approx(1.0, abs=1e-12)
    assert (found.max_abs_error, found.mean_abs_error) == (0.0, 0.0)
    assert found.spread == 4.0


PLANTED = {
    "the sign turned": (-SCORES, {"cosine_min": -1.0, "cosine_mean": -1.0, "max_abs_error": 8.0}),
    "twice as large": (2 * SCORES, {"cosine_min": 1.0, "max_abs_error": 4.0}),
    "one sample turned": (SCORES * [[1], [-1]], {"cosine_min": -1.0, "cosine_mean": 0.0}),
    "one sample of zeros": (SCORES * [[1], [0]], {"cosine_min": 0.0, "cosine_mean": 0.5}),
    "one value off by a tenth": (
        SCORES + np.array([[0, 0, 0], [0, 0.1, 0]]),
        {"max_abs_error": 0.1, "mean_abs_error": 0.1 / 6},
    ),
    "constant": (np.ones_like(SCORES), {"spread": 0.0}),
    "constant in each class": (np.tile(SCORES[:1], (2, 1)), {"spread": 0.0}),
    "constant but for one value": (np.array([[1, 1, 1], [1, 1, 1.5]]), {"spread": 0.5}),
}  # fmt: skip


@pytest.mark.parametrize(("outputs", "expected"), PLANTED.values(), ids=PLANTED)
def test_a_planted_difference_is_found(outputs, expected):
    found = _one(outputs, SCORES)
    for name, value in expected.items():
        assert getattr(found, name) == pytest.approx(value, abs=1e-6), name


def test_zeros_are_like_zeros_and_like_nothing_else():
    zeros = np.zeros((2, 3))
    assert _one(zeros, zeros).cosine_min == 1.0
    assert _one(zeros, SCORES).cosine_min == 0.0
    assert _one(SCORES, zeros).cosine_min == 0.0


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_no_number_is_counted_and_like_nothing(value):
    broken = SCORES.copy()
    broken[1, 2] = value
    found = _one(broken, SCORES)
    assert found.nan_count == 1
    assert found.cosine_min == 0.0
    assert not math.isfinite(found.max_abs_error)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_reference_that_holds_no_number_passes_no_limit(value):
    broken = SCORES.copy()
    broken[0, 0] = value
    for found in (_one(SCORES, broken), _one(broken, broken)):
        assert found.cosine_min == 0.0
        assert not found.cosine_min >= 0.9


def test_outputs_beyond_what_can_be_squared_pass_no_limit():
    huge = np.full((2, 3), 1e300)
    assert _one(huge, huge).cosine_min == 0.0


def test_the_worst_of_several_outputs_counts():
    found = compare([SCORES, -SCORES[:, :2]], [SCORES, SCORES[:, :2]])
    assert (found.n, found.cosine_min, found.cosine_mean) == (2, -1.0, pytest.approx(0.0))


def test_the_shape_may_differ_where_the_count_does_not():
    assert _one(SCORES.reshape(2, 1, 3, 1), SCORES).max_abs_error == 0.0


@pytest.mark.parametrize(
    ("outputs", "reference"),
    [
        ([], []),
        ([SCORES], []),
        ([SCORES], [SCORES, SCORES]),
        ([SCORES], [SCORES[:1]]),
        ([SCORES], [SCORES[:, :2]]),
        ([SCORES[:0]], [SCORES[:0]]),
        ([SCORES[:, :0]], [SCORES[:, :0]]),
    ],
    ids=["none", "no reference", "too few", "fewer samples", "fewer values", "empty", "no values"],
)
def test_what_cannot_be_compared_is_an_error(outputs, reference):
    with pytest.raises(ValueError, match=r"."):
        compare(outputs, reference)


@given(outputs=matrices, reference=matrices)
def test_any_numbers_give_numbers_within_their_bounds(outputs, reference):
    if outputs.shape != reference.shape:
        reference = np.resize(reference, outputs.shape)
    found = _one(outputs, reference)
    assert -1 <= found.cosine_min <= found.cosine_mean + 1e-12
    assert found.cosine_mean <= 1
    assert 0 <= found.mean_abs_error <= found.max_abs_error * (1 + 1e-12)
    assert found.nan_count == 0
    assert (found.spread == 0) is bool((outputs == outputs[:1]).all())
    assert _one(outputs, outputs).cosine_min == pytest.approx(1.0, abs=1e-9)


@given(outputs=matrices)
def test_json_brings_everything_back(outputs):
    found = _one(outputs, outputs)
    assert from_json(found.as_json()) == found


def test_no_number_is_null_in_json():
    broken = np.full((2, 2), np.nan)
    record = _one(broken, broken).as_json()
    assert record["max_abs_error"] is None
    assert math.isnan(from_json(record).max_abs_error)
