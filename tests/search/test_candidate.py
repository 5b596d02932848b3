"""Which candidate is best, and which none other beats."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.chain.tune import BadBudget, seconds
from pipeline.search.candidate import Candidate, Limit, Objective, best, front


def one(name: str, size: int, correct: int, latency: float | None = None, failed: str = ""):
    return Candidate(name, {}, size, correct, 1000, latency_p50_ns=latency, failed=failed)


SMALL, GOOD, LARGE = one("small", 10, 900), one("good", 50, 990), one("large", 99, 990)
BROKEN = one("broken", 1, 1000, failed="the converter died")


@pytest.mark.parametrize(
    ("candidates", "percent", "name"),
    [
        ([SMALL, GOOD, LARGE], 98.0, "good"),
        ([SMALL, GOOD, LARGE], 90.0, "small"),
        ([SMALL, GOOD, LARGE], 99.5, "good"),
        ([BROKEN, LARGE], 50.0, "large"),
        ([SMALL, one("twin", 10, 950)], 80.0, "twin"),
    ],
    ids=["the limit", "a lower one", "one that nothing meets", "failed", "as small, more right"],
)
def test_the_best_is_the_smallest_within_the_limit(candidates, percent, name):
    assert best(candidates, Limit(percent), Objective.SIZE).name == name


def test_without_any_that_worked_there_is_none():
    assert best([], Limit(1.0), Objective.SIZE) is None
    assert best([BROKEN], Limit(1.0), Objective.SIZE) is None


def test_latency_counts_only_where_it_was_measured():
    fast, slow = one("fast", 90, 950, 10.0), one("slow", 20, 950, 30.0)
    assert best([fast, slow, GOOD], Limit(90.0), Objective.LATENCY) is fast


def test_the_front_holds_who_is_beaten_by_none():
    assert front([LARGE, SMALL, BROKEN, GOOD, one("twin", 50, 990)]) == (SMALL, GOOD)


CANDIDATES = st.lists(
    st.builds(one, st.just("x"), st.integers(1, 20), st.integers(0, 20)), min_size=1, max_size=20
)


@given(CANDIDATES)
def test_each_candidate_is_on_the_front_or_beaten_by_one_there(candidates):
    kept = front(candidates)
    sizes = [each.size_bytes for each in kept]
    rights = [each.correct for each in kept]
    assert sizes == sorted(set(sizes))
    assert rights == sorted(set(rights))
    for each in candidates:
        assert any(
            other.size_bytes <= each.size_bytes and other.correct >= each.correct for other in kept
        )


@pytest.mark.parametrize(
    ("text", "value"), [("90", 90), ("90s", 90), ("10m", 600), ("2h", 7200), ("0.5m", 30)]
)
def test_a_budget_in_seconds(text, value):
    assert seconds(text) == value


@pytest.mark.parametrize("text", ["", "soon", "-5s", "0", "10d", "nan", "inf", "m"])
def test_what_is_no_budget(text):
    with pytest.raises(BadBudget):
        seconds(text)
