"""Counts: read from the runner's record, summed up, and shared out among operators."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.instructions import (
    Instructions,
    OperatorCount,
    instructions,
    operator_count,
    shares,
    summarize,
)

counts = st.builds(Instructions, *(st.integers(0, 1 << 40) for _ in range(4)))


@given(counts)
def test_what_is_written_is_read(value: Instructions) -> None:
    assert instructions(value.as_json()) == value


@pytest.mark.parametrize(
    "change",
    [{"total": 5}, {"vector": -1}, {"memory": 1.0}, {"branch": True}, {"other": None}],
    ids=str,
)
def test_what_is_no_count_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        instructions({**Instructions(1, 2, 3, 4).as_json(), **change})


@pytest.mark.parametrize("key", ["vector", "memory", "branch", "other", "total"])
def test_every_class_must_be_there(key: str) -> None:
    record: dict[str, int] = Instructions(1, 2, 3, 4).as_json()
    del record[key]
    with pytest.raises(KeyError):
        instructions(record)


@given(st.lists(counts.filter(lambda one: one.total > 0), min_size=1, max_size=9))
def test_the_median_is_one_of_the_samples(samples: list[Instructions]) -> None:
    found = summarize("cpu", samples)
    below = sum(one.total < found.executed.total for one in samples)
    above = sum(one.total > found.executed.total for one in samples)
    assert found.executed in samples
    assert below <= (len(samples) - 1) / 2 and above <= len(samples) / 2
    assert found.min_total <= found.executed.total <= found.max_total
    assert found.as_json()["total"] == found.executed.total


@pytest.mark.parametrize("samples", [[], [Instructions()], [Instructions(1), Instructions()]])
def test_what_was_not_counted_is_no_summary(samples: list[Instructions]) -> None:
    with pytest.raises(ValueError, match="not counted"):
        summarize("cpu", samples)


def test_an_outlier_does_not_move_the_figure() -> None:
    samples = [Instructions(other=1000)] * 4 + [Instructions(other=900_000)]
    found = summarize("cpu", samples)
    assert found.executed.total == 1000
    assert found.spread_percent > 100


def _operator(own: int, tensors: int, known: bool = True, calls: int = 3) -> OperatorCount:
    """One whose callbacks cost 100 a tensor and 50, before it and within its window."""
    cost = Instructions(other=100 * tensors + 50)
    counted = Instructions(vector=own) + cost
    return OperatorCount(
        "n", "t", calls, _times(counted, calls), _times(cost, calls) if known else None, tensors
    )


def _times(value: Instructions, calls: int) -> Instructions:
    return Instructions(*(calls * one for one in (value.vector, 0, 0, value.other)))


def test_an_operators_share_is_without_its_callbacks() -> None:
    operators = [_operator(own, tensors) for own, tensors in ((5000, 4), (70, 2), (900, 3))]
    found = shares(Instructions(), (), operators)
    assert [one.executed for one in found] == [Instructions(vector=n) for n in (5000, 70, 900)]


def test_the_first_operator_is_taken_as_one_with_as_many_tensors() -> None:
    operators = [_operator(5000, 2, known=False), _operator(70, 2), _operator(900, 3)]
    assert shares(Instructions(), (), operators)[0].executed == Instructions(vector=5000)


def test_without_such_a_one_it_bears_an_even_share() -> None:
    """Half of what callbacks cost is within the windows, the other half before them."""
    plain = Instructions(vector=5000)
    profiled = [plain + Instructions(other=2 * 450)] * 3
    (only,) = shares(plain, profiled, [_operator(5000, 4, known=False)])
    assert only.executed == plain


def test_a_share_is_never_less_than_nothing() -> None:
    (only,) = shares(Instructions(), [Instructions(other=10**6)], [_operator(1, 1, known=False)])
    assert only.executed.other == 0


def test_an_operator_of_a_record() -> None:
    value = Instructions(1, 2, 3, 4).as_json()
    record = {"name": "a", "type": "b", "calls": 3, "total_ns": 9, "instructions": value,
              "callback_instructions": None, "tensors": 2}  # fmt: skip
    assert operator_count(record) == OperatorCount("a", "b", 3, Instructions(1, 2, 3, 4), None, 2)
    with pytest.raises(KeyError):
        operator_count({**record, "instructions": {}})
