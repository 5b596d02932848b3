"""Out of one history and into another: everything, once, and nothing that is no result."""

from __future__ import annotations

import csv
import io
import json
import math
from pathlib import Path

import pytest

from pipeline.core.errors import PipelineError
from pipeline.history.errors import NotAHistory, ResultsUnreadable
from pipeline.history.exchange import add_from, as_csv, as_json
from pipeline.history.history import Added, History
from pipeline.history.result import COLUMNS, CONDITIONS, Result
from tests.history.made import entry


@pytest.fixture
def history(tmp_path: Path):
    with History(tmp_path / "history.db", create=True) as opened:
        yield opened


@pytest.fixture
def other(tmp_path: Path):
    with History(tmp_path / "other.db", create=True) as opened:
        opened.add(entry(night, reason='hot, "quoted"\nand more') for night in range(3))
        yield opened


@pytest.mark.parametrize("whole", [True, False], ids=["whole", "figures only"])
def test_an_export_is_taken_in_once(history, other, tmp_path, whole):
    file = tmp_path / "export.json"
    file.write_text("".join(as_json(other, other.find(), whole)))
    assert add_from(history, file) == Added(3, 0)
    assert add_from(history, file) == Added(0, 3)
    theirs, ours = list(other.find()), list(history.find())
    if whole:
        assert ours == theirs
        assert [history.samples(one) for one in ours] == [other.samples(one) for one in theirs]
        assert [history.record(one) for one in ours] == [other.record(one) for one in theirs]
    else:
        assert [one.p50_ns for one in ours] == [one.p50_ns for one in theirs]
        assert {history.samples(one) for one in ours} == {()}


def test_an_export_of_nothing_is_json_too(history):
    assert json.loads("".join(as_json(history, history.find(), True)))["results"] == []


def test_csv_has_every_field_and_survives_its_own_signs(other):
    lines = list(csv.DictReader(io.StringIO("".join(as_csv(other.find())))))
    assert [line["reason"] for line in lines] == ['hot, "quoted"\nand more'] * 3
    assert set(lines[0]) == {*CONDITIONS, *COLUMNS}
    assert float(lines[0]["p50_ns"]) == next(iter(other.find())).p50_ns
    assert lines[0]["instructions"] == ""


def test_another_history_is_an_import_too(history, other, tmp_path):
    assert add_from(history, tmp_path / "other.db") == Added(3, 0)


def _results(**changes):
    value = {**entry(1).result.as_json(), **changes}
    return json.dumps({"schema": 1, "results": [value]})


def _without(name):
    value = entry(1).result.as_json()
    del value[name]
    return json.dumps({"schema": 1, "results": [value]})


BAD = {
    "no JSON": "time,model",
    "a list": "[]",
    "another object": '{"status": "done"}',
    "a later schema": '{"schema": 2, "results": []}',
    "a result that is a number": '{"schema": 1, "results": [7]}',
    "no id": _without("id"),
    "an empty id": _results(id=""),
    "no model": _without("model"),
    "a text for a time": _results(time_ms="now"),
    "a text for a figure": _results(p50_ns="fast"),
    "a list for a model": _results(model=["digits"]),
    "a negative sample": json.dumps(
        {"schema": 1, "results": [{**entry(1).result.as_json(), "samples_ns": [[-5]]}]}
    ),
    "samples that are texts": json.dumps(
        {"schema": 1, "results": [{**entry(1).result.as_json(), "samples_ns": [["a"]]}]}
    ),
    "samples without runs": json.dumps(
        {"schema": 1, "results": [{**entry(1).result.as_json(), "samples_ns": [5]}]}
    ),
    "a record that is a list": json.dumps(
        {"schema": 1, "results": [{**entry(1).result.as_json(), "whole_record": [1]}]}
    ),
    "a figure that is no number": _results(p50_ns=float("nan")),
    "a figure too large": _results(load_ns=1 << 63),
    "a record with no number in it": json.dumps(
        {"schema": 1, "results": [{**entry(1).result.as_json(), "whole_record": {"a": math.inf}}]}
    ),
    "a run that failed": '{"status": "failed", "message": "no hdc", "models": []}',
    "a run without a name": '{"models": []}',
}


@pytest.mark.parametrize("text", BAD.values(), ids=BAD)
def test_what_holds_no_results_is_refused_and_nothing_is_added(history, tmp_path, text):
    file = tmp_path / "bad.json"
    file.write_text(text)
    with pytest.raises(ResultsUnreadable) as caught:
        add_from(history, file)
    assert str(file) in str(caught.value)
    assert caught.value.exit_code == 2
    assert history.count() == 0


def test_a_file_that_is_not_there_is_told(history, tmp_path):
    with pytest.raises(PipelineError, match="no such file"):
        add_from(history, tmp_path / "none.json")


def test_a_history_by_its_name_only_is_refused(history, tmp_path):
    (tmp_path / "fake.db").write_text("no")
    with pytest.raises(NotAHistory):
        add_from(history, tmp_path / "fake.db")


def test_a_result_comes_back_from_its_own_json():
    result = entry(1).result
    assert Result.from_json(json.loads(json.dumps(result.as_json()))) == result
