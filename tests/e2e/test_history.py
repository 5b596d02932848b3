"""A real deployment in the history, and held against references made from it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipeline.history.history import Filter, History
from tests.e2e.conftest import Cli

pytestmark = pytest.mark.slow


def test_every_result_is_in_the_history_with_every_sample(deployed: tuple[Cli, Any]) -> None:
    cli, report = deployed
    rows = {row["name"]: row for row in report["models"]}
    run = Path(report["run_folder"]).name
    with History(cli.workspace / "history.db") as history:
        found = {
            one.conditions.recipe: one
            for one in history.find(Filter(model="digits"))
            if one.run == run
        }
        assert set(found) == set(rows)
        for name, one in found.items():
            measured = rows[name]["benchmark"]
            runs = history.samples(one)
            assert len(runs) == len(measured["runs"]) == one.runs_n
            assert sum(map(len, runs)) == measured["latency_ns"]["n"] == one.samples_n
            assert one.p50_ns == measured["latency_ns"]["p50_ns"]
            assert one.size_bytes == rows[name]["size_bytes"]
            record = history.record(one)
            assert record is not None
            assert record["benchmark"] == measured


def test_the_shipped_references_hold(deployed: tuple[Cli, Any]) -> None:
    cli, report = deployed
    done = cli("reference", "check", report["run_folder"], "--json")
    assert done.code == 0, done.err
    assert {one["verdict"] for one in done.json["figures"]} == {"met"}
    assert {one["recipe"] for one in done.json["figures"]} == {
        row["name"] for row in report["models"]
    }


def test_a_history_that_cannot_be_written_does_not_lose_a_run(copy: Cli) -> None:
    (copy.workspace / "broken.db").write_text("no history")
    model = next((max(copy.workspace.glob("*-deploy-*")) / "models").glob("*fp32.ms"))
    history = copy.workspace / "broken.db"
    done = copy("benchmark", model, "--emulate", "host", "--history", history, "--json")
    assert done.code == 0, done.err
    assert "not in the history" in done.err
    assert done.json["models"][0]["benchmark"]["verdict"] == "valid"
    assert history.read_text() == "no history"
