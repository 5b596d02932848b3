"""The page of a search."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.report.tune import Search, tune_page
from pipeline.search.candidate import Candidate, Limit, Objective, best, front
from tests.report import made


def search(
    found: list[Candidate], limit: float = 98.0, objective: Objective = Objective.SIZE
) -> Search:
    bound = Limit(limit)
    return Search(
        name="flowers",
        objective=objective,
        limit=bound,
        baseline=found[0],
        candidates=found,
        front=front(found),
        best=best(found, bound, objective),
        seconds=61.2,
        where="emulated-host",
        recipe="quantization: weight\nbits: 4\n",
        remark="interrupted",
    )


def test_the_verdict_has_the_figures() -> None:
    found = [Candidate("fp32", {}, 1000, 99, 100), Candidate("trial-1", {}, 250, 98, 100)]
    text = made.read(tune_page(search(found), made.AGAIN)).text
    assert "The smallest within the limit: trial-1 has 98.00 % in 250 bytes, 4.00x smaller" in text
    assert "at least 98.00 % (2 candidates in 61 s on emulated-host; interrupted)" in text
    assert "quantization: weight\nbits: 4" in text
    assert made.AGAIN.command in text and "2.10.0" in text and "ab" * 32 in text


@pytest.mark.parametrize(
    ("found", "word"),
    [
        (made.candidates(3), "Limit not met: the nearest, fp32 has 99.00 %"),
        ([Candidate("fp32", {}, failed="it crashed")], "Nothing worked: at least 100.00 %"),
    ],
)
def test_failure_is_told_first(found: list[Candidate], word: str) -> None:
    text = tune_page(search(found, limit=100.0), made.AGAIN)
    assert word in made.read(text).text
    assert 'class="verdict bad"' in text and 'tr class="good"' not in text


def test_latencies_are_told_with_where_they_are_from() -> None:
    found = made.candidates(6, timed=True)
    text = made.read(tune_page(search(found, objective=Objective.LATENCY), made.AGAIN)).text
    assert "The fastest within the limit:" in text and "with a latency of" in text
    assert "p50, emulated-host" in text
    plain = tune_page(search(made.candidates(6)), made.AGAIN)
    assert "p50" not in made.read(plain).text


def test_whole_recipes_and_the_front_come_before_all_the_rest() -> None:
    found = [*made.candidates(30), Candidate("full-8", {}, failed="no calibration data")]
    text = tune_page(search(found), made.AGAIN)
    first, rest = text.split("<details>")
    for one in found:
        shown = not one.name.startswith("trial-") or one in front(found)
        assert (f'<th scope="row">{one.name}</th>' in first) is shown
        assert f'<th scope="row">{one.name}</th>' in rest
    assert "failed: no calibration data" in first


@pytest.mark.parametrize("name", made.HOSTILE)
def test_hostile_names_stay_text(name: str) -> None:
    found = [replace(one, name=name + one.name) for one in made.candidates(2)]
    found.append(Candidate(name, {}, failed=name))
    wished = replace(search(found), name=name, where=name, recipe=name, remark=name)
    made.read(tune_page(wished, replace(made.AGAIN, command=name, versions={name: name})))


def test_500_candidates_stay_below_a_megabyte_and_repeat() -> None:
    wished = search(made.candidates(500, timed=True))
    text = tune_page(wished, made.AGAIN)
    assert len(text.encode()) < 1_000_000
    assert tune_page(wished, made.AGAIN) == text
