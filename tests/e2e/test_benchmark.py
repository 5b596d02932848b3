"""`pipeline benchmark` for real, on the emulated device: its modes, sweeps and baselines."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import DIGITS, ROOT, Called, Cli, environment

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def cli(toolchain: None, tmp_path_factory: pytest.TempPathFactory) -> Cli:
    cli = Cli(tmp_path_factory.mktemp("benchmark"))
    done = cli("deploy", DIGITS, "-r", "fp32", "-r", "full-8", "--emulate", "host")
    assert done.code == 0, done.err
    return cli


def _benchmark(cli: Cli, *arguments: object, codes: tuple[int, ...] = (0,)) -> tuple[Called, Any]:
    done = cli("benchmark", "--emulate", "host", "--json", *arguments)
    assert done.code in codes, done.err
    return done, json.loads(done.out)


def _model(cli: Cli, recipe: str = "fp32") -> Path:
    return next(max(cli.workspace.glob("*-deploy-*")).glob(f"models/*.{recipe}.ms"))


def test_quick_says_what_it_lacks(cli):
    _, report = _benchmark(cli, "--quick", _model(cli))
    figures = report["models"][0]["benchmark"]
    assert figures["plan"]["quick"] is True
    assert figures["plan"]["lacks"] == ["p95", "p99", "intervals over runs (8 are needed)"]
    assert len(figures["runs"]) == 5
    assert figures["repeatable"] is False
    assert any("too few runs" in text for text in figures["doubts"])


def test_a_paced_run_keeps_its_pace_and_operators_are_timed_apart(cli):
    _, report = _benchmark(cli, "--quick", "--every", "5", "--profile", _model(cli))
    (model,) = report["models"]
    figures = model["benchmark"]
    assert figures["mode"] == "paced"
    assert len({one["name"] for one in figures["operators"]}) > 5
    kept = json.loads((Path(report["run_folder"]) / figures["samples"]).read_bytes())
    for run in kept["runs"]:
        starts = run["record"]["starts_ns"]
        # Absolute deadlines: the last begins when it is due, or late, but never early.
        assert starts[-1] >= (len(starts) - 1) * 5_000_000 * 0.99
    assert sum(run["n"] for run in figures["runs"]) == figures["latency_ns"]["n"]


def test_a_sustained_run_has_a_timeline_with_temperatures(cli):
    _, report = _benchmark(cli, "--sustain", "2s", _model(cli))
    figures = report["models"][0]["benchmark"]
    assert figures["mode"] == "sustained"
    assert len(figures["runs"]) == 1
    assert len(figures["timeline"]) == 30
    assert 1.5 < figures["timeline"][-1]["at_s"] < 60
    assert all(one["temperature_mc"] == 30_000 for one in figures["timeline"])
    assert figures["over_runs"]["p50_ns"]["low"] is not None


def test_a_sweep_measures_each_setting_in_one_session(cli):
    _, report = _benchmark(cli, "--quick", "--sweep", "threads=1,2", _model(cli))
    names = [model["name"].partition(" ")[2] for model in report["models"]]
    assert names == ["threads=1", "threads=2"]
    assert [model["benchmark"]["threads"] for model in report["models"]] == [1, 2]


def test_a_baseline_takes_turns_and_is_compared_figure_by_figure(cli):
    folder = max(cli.workspace.glob("*-deploy-*"))
    # Now and then noise is a change: ten figures, each at 99 %. What is exact never is.
    _, report = _benchmark(cli, "--baseline", folder, codes=(0, 1))
    comparison = report["comparison"]
    assert comparison["paired"] is True
    assert [model["model"] for model in comparison["models"]] == ["fp32", "full-8"]
    exact = {"accuracy_percent", "size_bytes"}
    for model in comparison["models"]:
        verdicts = {one["figure"]: one["verdict"] for one in model["figures"]}
        assert {verdicts[name] for name in exact} == {"unchanged"}
        assert {"p50_ns", "p90_ns", "load_ns", "peak_memory_bytes"} < set(verdicts)


def test_two_runs_are_compared_and_another_mode_is_refused(cli):
    _benchmark(cli, "--quick")
    quick = max(cli.workspace.glob("*-benchmark-*"))
    done = _compare(max(cli.workspace.glob("*-deploy-*")), quick)
    assert done.code in (0, 1), done.err
    assert json.loads(done.out)["models"][0]["figures"]
    _benchmark(cli, "--quick", "--every", "1")
    done = _compare(quick, max(cli.workspace.glob("*-benchmark-*")))
    assert done.code == 2
    assert "mode back-to-back and paced" in json.loads(done.out)["message"]


def _compare(*folders: Path) -> Called:
    """`compare` has no workspace."""
    done = subprocess.run(
        [sys.executable, "-m", "pipeline", "compare", *map(str, folders), "--json"],
        cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    return Called(done.returncode, done.stdout, done.stderr)


INVALID = {
    "too few samples": (
        "plan: {warm_up: 1, max_warm_up: 1, runs: 1, samples: 5}",
        ["5 samples do not even bear a median"],
    ),
    "a hot device that charges its empty battery": (
        (
            "plan: {runs: 2, samples: 20}\n"
            "emulated: {temperature_mc: 50000, battery_percent: 5, charging: true}"
        ),
        ["too hot: 50.0 °C", "too little battery: 5 %", "charging"],
    ),
}


@pytest.mark.parametrize(("profile", "reasons"), INVALID.values(), ids=INVALID)
def test_a_measurement_that_is_not_valid_ends_with_code_5(cli, tmp_path, profile, reasons):
    path = tmp_path / f"profile-{len(reasons)}.yaml"
    path.write_text(f"{profile}\n")
    done, report = _benchmark(cli, "--device", path, _model(cli), codes=(5,))
    assert all(reason in report["invalid"][0] for reason in reasons)
    assert "invalid" in done.err
