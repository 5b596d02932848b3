"""The history in the terminal."""

from __future__ import annotations

import csv
import io
import json
import random
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from pipeline.cli.history_tables import listed, spark, trends
from pipeline.history.history import Filter, History
from pipeline.history.result import Figure
from pipeline.history.trend import trends as found_trends
from tests.history.made import PHONE, entry


def _text(parts) -> str:
    console = Console(file=io.StringIO(), width=160, no_color=True)
    for part in parts:
        console.print(part)
    return console.file.getvalue()


@pytest.fixture
def history(tmp_path: Path):
    """40 nights, 10 % slower from the 25th on, with another system."""
    with History(tmp_path / "history.db", create=True) as opened:
        for night in range(40):
            level = 50_000.0 if night < 25 else 55_000.0
            noise = random.Random(night).gauss(1, 0.01)
            build = "1" if night < 25 else "2"
            opened.add([entry(night, p50_ns=level * noise, device_build=build)])
        yield opened


def test_a_trend_shows_its_levels_and_what_came_with_a_step(history):
    text = _text(trends(found_trends(history, Filter(model="digits"))))
    assert "digits full-8 phone FMR0223C13000649: p50 " in text
    assert "40 results (device, back-to-back, 2 threads; runner f3f3f3f, runtime ebebebe)" in text
    assert "EMULATED" not in text
    lines = text.splitlines()
    (bars,) = [place for place, line in enumerate(lines) if "▁" in line]
    assert lines[bars + 1].index("^") - 2 == 25
    assert "2026-01-26 00:00        15" in text
    assert "another system on the device" in text


def test_an_emulated_trend_says_so(history):
    history.add([entry(1, replace(PHONE, where="emulated-host"))])
    text = _text(trends(found_trends(history, Filter(where="emulated-host"))))
    assert "EMULATED" in text


def test_a_list_shows_what_is_known_and_why_one_is_invalid(history):
    history.add([entry(99, verdict="invalid", reason="too hot", accuracy_percent=None)])
    text = _text(listed(list(history.find(limit=2)), Path("history.db")))
    assert "invalid: too hot" in text
    assert "79,208" in text
    assert _text(listed([], Path("history.db"))) == "no such results in history.db\n"


@given(st.lists(st.floats(0, 1e12), min_size=1, max_size=400), st.data())
def test_bars_fit_their_width_and_marks_stand_below_them(values, data):
    steps = data.draw(st.lists(st.integers(0, len(values) - 1), max_size=3))
    bars, marks = spark(values, steps, width=50)
    assert 1 <= len(bars) <= 50
    assert len(marks) == len(bars)
    assert ("^" in marks) == bool(steps)


def test_bars_of_nearly_equal_figures_do_not_jump():
    assert spark([100.0, 100.1, 99.95], [])[0] in ("▁▂▁", "▂▂▁")
    assert spark([1.0, 2.0], [1]) == ("▁█", " ^")


def test_the_commands(pipeline, folder):
    with History(folder / "runs" / "history.db", create=True) as history:
        history.add(entry(night) for night in range(12))
        history.add([entry(5, replace(PHONE, recipe="fp32"))])
    listing = pipeline("history", "--recipe", "fp32", "--json")
    assert [one["run"] for one in listing.json] == ["night-5"]
    assert "night" not in listing.err and "fp32" in listing.err
    trend = pipeline("history", "trend", "digits", "-r", "full-8", "-f", "size", "--json")
    (one,) = trend.json
    assert one["figure"] == Figure.SIZE.field
    assert len(one["points"]) == 12
    exported = pipeline("history", "export", "--csv", "--since", "2026-01-10")
    assert len(list(csv.DictReader(io.StringIO(exported.out)))) == 3
    pipeline("history", "export", "--samples", "-o", "all.json")
    imported = pipeline("history", "import", "all.json", "--history", "other.db", "--json")
    assert imported.json == [{"source": "all.json", "new": 13, "known": 0, "problem": None}]
    assert len(json.loads((folder / "all.json").read_text())["results"]) == 13


ERRORS = {
    "no history": (["history"], 5, "NoHistory"),
    "no such model": (["history", "trend", "x", "--history", "a.db"], 5, "NothingFound"),
    "no such time": (["history", "--since", "noon", "--history", "a.db"], 2, "TimeUnreadable"),
    "no history at all": (["history", "--history", "text.db"], 2, "NotAHistory"),
    "an import of nothing": (["history", "import", "none"], 2, "ResultsUnreadable"),
}


@pytest.mark.parametrize(("arguments", "code", "kind"), ERRORS.values(), ids=ERRORS)
def test_what_goes_wrong(pipeline, folder, arguments, code, kind):
    History(folder / "a.db", create=True).close()
    (folder / "text.db").write_text("no database at all")
    done = pipeline(*arguments, "--json")
    assert done.code == code
    assert done.json["error"] == kind
    assert done.json["hint"]
