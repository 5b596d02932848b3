"""Which model of a deployment goes into a set, and how many a set takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.chain.modelset import TooFew, _distinct, benchmark_together, smallest
from pipeline.chain.report import Row


def row(size_bytes: int, *failures: str) -> Row:
    return Row("m", Path("m.ms"), "0" * 64, size_bytes, failures=failures)


@pytest.mark.parametrize(
    ("rows", "index"),
    [
        ([row(3), row(2), row(4)], 1),
        ([row(3), row(1, "accuracy"), row(2)], 2),
        ([row(3, "a"), row(1, "b")], 1),
        ([row(2), row(2)], 0),
    ],
)
def test_the_smallest_that_meets_its_limits(rows: list[Row], index: int) -> None:
    assert smallest(rows) == index


def test_names_that_stand_twice_are_numbered() -> None:
    assert _distinct(["a", "b", "a"]) == ["a-1", "b", "a-2"]


@pytest.mark.parametrize("count", [0, 1])
def test_one_model_has_nothing_beside_it(count: int) -> None:
    with pytest.raises(TooFew) as caught:
        benchmark_together([Path("a.ms")] * count)
    assert caught.value.exit_code == 2
