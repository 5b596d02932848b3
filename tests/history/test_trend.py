"""Trends: only comparable results together, steps where they were planted, and what came with
them."""

from __future__ import annotations

import random
import time
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.history.errors import NothingFound
from pipeline.history.history import Filter, History
from pipeline.history.result import Figure
from pipeline.history.trend import trends
from tests.history.made import DAY_MS, FIRST_MS, PHONE, entry

DIGITS = Filter(model="digits")


@pytest.fixture
def history(tmp_path: Path):
    with History(tmp_path / "history.db", create=True) as opened:
        yield opened


def _night(night: int, p50_ns: float, **changes):
    noise = random.Random(night).gauss(1.0, 0.01)
    return entry(night, p50_ns=p50_ns * noise, **changes)


def test_a_planted_step_is_told_with_what_came_with_it(history):
    history.add(_night(night, 50_000.0) for night in range(30))
    later = {"device_build": "5.1.0.160", "model_sha256": "cd" * 32}
    history.add(_night(night, 56_000.0, **later) for night in range(30, 45))
    (trend,) = trends(history, DIGITS)
    (step,) = trend.steps
    assert trend.points[step.index].run == "night-30"
    assert step.ratio == pytest.approx(1.12, abs=0.02)
    assert trend.came_with(step) == ("another model file", "another system on the device")
    told = trend.as_json()
    assert told["figure"] == "p50_ns"
    assert [one["run"] for one in told["steps"]] == ["night-30"]


def test_unchanged_nights_have_no_step(history):
    history.add(_night(night, 50_000.0) for night in range(120))
    (trend,) = trends(history, DIGITS)
    assert len(trend.points) == 120
    assert trend.steps == ()


DIFFERENT = {
    "where": "emulated-host", "device": "another", "hardware": "other cores", "runner": "ff",
    "runtime": "ff", "mode": "paced every 100 ms", "threads": 4, "binding": 2, "fp16": True,
    "recipe": "fp16", "profile": "watch", "cores": "4,5", "beside": "other",
}  # fmt: skip


@pytest.mark.parametrize("name", DIFFERENT)
def test_what_was_taken_otherwise_is_never_in_one_trend(history, name):
    other = replace(PHONE, **{name: DIFFERENT[name]})
    history.add(entry(night) for night in range(4))
    history.add(entry(night, other, seed=name) for night in range(4))
    found = trends(history, DIGITS)
    assert {trend.conditions for trend in found} == {PHONE, other}
    assert [len(trend.points) for trend in found] == [4, 4]


def test_an_exact_figure_is_the_models_own_and_every_change_is_told(history):
    watch = replace(PHONE, profile="watch", device="W1")
    for night, size in enumerate((100, 100, 101, 101)):
        history.add(
            entry(night, conditions, size_bytes=size, model_sha256=f"{size}")
            for conditions in (PHONE, watch)
        )
    (trend,) = trends(history, DIGITS, Figure.SIZE)
    assert [point.value for point in trend.points] == [100, 100, 101, 101]
    assert [(step.index, step.before, step.after) for step in trend.steps] == [(2, 100, 101)]
    assert trend.conditions.device == ""


def test_an_invalid_measurement_counts_for_its_size_only(history):
    history.add([entry(1), entry(2, verdict="invalid", reason="too hot")])
    assert [len(trend.points) for trend in trends(history, DIGITS)] == [1]
    assert [len(trend.points) for trend in trends(history, DIGITS, Figure.SIZE)] == [2]


def test_the_newest_nights_are_taken_oldest_first(history):
    history.add(entry(night) for night in range(10))
    (trend,) = trends(history, DIGITS, nights=3)
    assert [point.run for point in trend.points] == ["night-7", "night-8", "night-9"]
    (trend,) = trends(history, replace(DIGITS, since_ms=FIRST_MS + 8 * DAY_MS))
    assert [point.run for point in trend.points] == ["night-8", "night-9"]


@pytest.mark.parametrize(
    ("asked", "figure"),
    [(Filter(model="digit"), Figure.P50), (DIGITS, Figure.INSTRUCTIONS)],
    ids=["no such model", "not measured"],
)
def test_what_is_not_there_is_an_error(history, asked, figure):
    history.add([entry(1)])
    with pytest.raises(NothingFound) as caught:
        trends(history, asked, figure)
    assert "digits" in caught.value.hint
    assert caught.value.exit_code == 5


@pytest.mark.parametrize("figure", Figure)
def test_every_figure_can_be_asked_for(history, figure):
    history.add(entry(night, instructions=1000) for night in range(12))
    (trend,) = trends(history, DIGITS, figure)
    assert len(trend.points) == 12


def test_a_trend_among_many_results_takes_no_time(history):
    """A smaller one of tests/measure/history.py: 20,000 results in 100 series."""
    bare = [replace(entry(0), record=None, samples=())]
    result = bare[0].result
    history.add(
        replace(
            bare[0],
            result=replace(
                result,
                id=f"{series}-{night}",
                time_ms=FIRST_MS + night * DAY_MS,
                conditions=replace(PHONE, recipe=f"recipe-{series}"),
            ),
        )
        for night in range(200)
        for series in range(100)
    )
    begun = time.perf_counter()
    (trend,) = trends(history, Filter(model="digits", recipe="recipe-7", device="phone"))
    seconds = time.perf_counter() - begun
    assert len(trend.points) == 200
    assert seconds < 0.3  # 0.02 s on an idle machine
    plan = history.rows(
        "EXPLAIN QUERY PLAN SELECT p50_ns FROM result WHERE series = 1 AND time_ms >= 0 "
        "ORDER BY time_ms DESC LIMIT 9",
        (),
    )
    assert "USING PRIMARY KEY" in str(plan) and "TEMP B-TREE" not in str(plan)
