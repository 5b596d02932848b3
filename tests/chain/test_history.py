"""Runs go into the history, and never fail for it."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from pipeline.chain.history import TimeUnreadable, imported, place, record, since
from pipeline.chain.run import Run
from pipeline.core.events import Silent
from pipeline.history.errors import ResultsUnreadable
from pipeline.history.history import History
from tests.history.test_manifest import ONE_RUN, deployment, keep_samples, row, write

NOW = datetime.datetime(2026, 1, 31, 12, tzinfo=datetime.timezone.utc)


class Heard(Silent):
    """Keeps what it was warned of."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def warning(self, text: str) -> None:
        self.warnings.append(text)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    folder = tmp_path / "runs" / "20260131T040500-deploy-digits"
    folder.mkdir(parents=True)
    keep_samples(folder, {"samples_ns": [1, 2, 3]})
    return Run(write(folder, deployment(row(ONE_RUN))), "deploy", folder.parent)


def test_a_run_is_put_into_the_workspaces_history_once(run):
    heard = Heard()
    record(run, None, heard)
    record(run, None, heard)
    assert heard.warnings == []
    with History(run.workspace / "history.db") as history:
        (found,) = history.find()
        assert history.samples(found) == ((1, 2, 3),)


def test_a_history_that_is_named_is_used(run, tmp_path):
    record(run, tmp_path / "mine" / "all.db", Heard())
    with History(tmp_path / "mine" / "all.db") as history:
        assert history.count() == 1
    assert not (run.workspace / "history.db").exists()


@pytest.mark.parametrize("what", ["no history", "no manifest", "a folder"])
def test_a_history_that_cannot_be_written_is_a_warning(run, what):
    if what == "no history":
        (run.workspace / "history.db").write_text("x" * 5000)
    elif what == "a folder":
        (run.workspace / "history.db").mkdir()
    else:
        (run.folder / "manifest.json").write_text("{}")
    heard = Heard()
    record(run, None, heard)
    (warning,) = heard.warnings
    assert "not in the history" in warning
    assert f"pipeline history import {run.folder}" in warning


def test_of_several_run_folders_those_without_results_are_passed_over(run, tmp_path):
    (run.workspace / "20260131T000000-deploy-failed").mkdir()
    folders = sorted(run.workspace.iterdir())
    found = imported(tmp_path / "all.db", folders)
    assert [(one.added.new, one.problem is None) for one in found] == [(0, False), (1, True)]


def test_one_that_was_named_alone_is_an_error(run, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(ResultsUnreadable):
        imported(tmp_path / "all.db", [tmp_path / "empty"])


TIMES = {
    "2026-01-30": datetime.datetime(2026, 1, 30),
    "2026-01-30T08:30": datetime.datetime(2026, 1, 30, 8, 30),
    "2026-01-30T08:30:00+02:00": datetime.datetime(2026, 1, 30, 6, 30),
    "12h": datetime.datetime(2026, 1, 31),
    "1d": datetime.datetime(2026, 1, 30, 12),
    " 2w ": datetime.datetime(2026, 1, 17, 12),
    "1y": datetime.datetime(2025, 1, 31, 12),
}


@pytest.mark.parametrize(("text", "moment"), TIMES.items(), ids=TIMES)
def test_times_in_words(text, moment):
    utc = moment.replace(tzinfo=datetime.timezone.utc)
    assert since(text, NOW) == int(utc.timestamp() * 1000)


@pytest.mark.parametrize("text", ["", "yesterday", "30", "-1d", "99999999999y", "2026-13-01"])
def test_what_is_no_time_is_told(text):
    with pytest.raises(TimeUnreadable, match="is no time"):
        since(text, NOW)


def test_no_time_is_all_time():
    assert since(None) is None
    assert place(None, Path("/somewhere")) == Path("/somewhere/history.db")
