"""What goes in comes out: filtered, in order, once."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.history.errors import HistoryDamaged, NoHistory
from pipeline.history.history import Added, Filter, History
from tests.history.made import DAY_MS, FIRST_MS, PHONE, entry

WATCH = replace(PHONE, profile="watch", device="W1", device_model="a watch")
EMULATED = replace(PHONE, where="emulated-host", device="emulated-phone", recipe="fp32")
OTHER = replace(PHONE, model="o'malley; DROP TABLE result --", recipe="é*")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "history.db"


@pytest.fixture
def history(path: Path):
    with History(path, create=True) as opened:
        yield opened


def test_a_result_comes_back_with_all_that_it_had(history):
    given = entry(1, reason="hot", verdict="invalid", instructions=123, accuracy_percent=None)
    assert history.add([given]) == Added(1, 0)
    (found,) = history.find()
    assert replace(found, record="", samples="") == given.result
    assert history.record(found) == given.record
    assert history.samples(found) == given.samples


def test_the_same_result_is_kept_once_however_often_it_comes(history, path):
    assert history.add([entry(1), entry(2), entry(1)]) == Added(2, 1)
    with History(path, create=True) as again:
        assert again.add([entry(2), entry(3)]) == Added(1, 1)
    assert history.count() == 3


def test_equal_samples_are_kept_once(history):
    one, other = entry(1), entry(2)
    history.add([one, replace(other, samples=one.samples, record=one.record)])
    assert history.rows("SELECT count(*) FROM kept", ()) == [(2,)]
    assert [history.samples(found) for found in history.find()] == [one.samples] * 2


FILTERS = {
    "nothing": (Filter(), {PHONE, WATCH, EMULATED, OTHER}),
    "a model": (Filter(model="digits"), {PHONE, WATCH, EMULATED}),
    "a model with a strange name": (Filter(model=OTHER.model), {OTHER}),
    "a recipe": (Filter(recipe="fp32"), {EMULATED}),
    "where": (Filter(where="device"), {PHONE, WATCH, OTHER}),
    "a profile": (Filter(device="watch"), {WATCH}),
    "a device's key": (Filter(device="emulated-phone"), {EMULATED}),
    "a device's model": (Filter(device="a watch"), {WATCH}),
    "all at once": (Filter("digits", "full-8", "phone", "device"), {PHONE}),
    "what is not there": (Filter(model="digit"), set()),
    "since later": (Filter(since_ms=FIRST_MS + DAY_MS + 1), set()),
    "since then": (Filter(since_ms=FIRST_MS + DAY_MS), {PHONE, WATCH, EMULATED, OTHER}),
}


@pytest.mark.parametrize(("asked", "expected"), FILTERS.values(), ids=FILTERS)
def test_a_filter_gives_what_fits(history, asked, expected):
    history.add(entry(1, conditions) for conditions in (PHONE, WATCH, EMULATED, OTHER))
    assert {found.conditions for found in history.find(asked)} == expected
    if asked.since_ms is None:
        assert {conditions for _, conditions in history.series(asked)} == expected


def test_the_newest_come_first_and_no_more_than_wanted(history):
    history.add(entry(night) for night in (3, 1, 5, 2, 4))
    assert [found.run for found in history.find(limit=2)] == ["night-5", "night-4"]
    assert history.models() == ("digits",)


def test_a_batch_is_kept_whole_or_not_at_all(history):
    good = entry(1)
    with pytest.raises(ValueError, match="62 bits"):
        history.add([good, replace(entry(2), samples=((-1,),))])
    assert history.count() == 0
    assert history.add([good]) == Added(1, 0)


def test_reading_does_not_make_a_file(path):
    with pytest.raises(NoHistory):
        History(path)
    assert not path.parent.exists()


def test_nothing_is_left_beside_the_file(history, path):
    history.add([entry(1)])
    history.close()
    assert [file.name for file in path.parent.iterdir()] == ["history.db"]


def test_another_history_is_taken_in_and_left_as_it_was(history, tmp_path):
    other = tmp_path / "other.db"
    with History(other, create=True) as theirs:
        theirs.add(entry(night, WATCH) for night in range(3))
        theirs.add([entry(9)])
    before = other.read_bytes()
    history.add([entry(9), entry(10)])
    assert history.merge(other) == Added(3, 1)
    assert history.merge(other) == Added(0, 4)
    assert {history.samples(found) for found in history.find(Filter(device="watch"))} == {
        entry(night, WATCH).samples for night in range(3)
    }
    assert other.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir() if "other" in file.name] == ["other.db"]


@pytest.mark.parametrize("what", ["samples", "record"])
def test_what_was_changed_in_the_file_is_not_believed(history, path, what):
    history.add([entry(1), entry(2)])
    first, second = history.find()
    with sqlite3.connect(path) as raw:
        raw.execute(
            "UPDATE kept SET data = (SELECT data FROM kept WHERE sha256 = ?) WHERE sha256 = ?",
            (first.samples, getattr(second, what)),
        )
    raw.close()
    with pytest.raises(HistoryDamaged):
        getattr(history, what)(second)
