"""The search on the digits, for real: what it finds, keeps and says."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import DIGITS, QUICK, ROOT, Called, Cli, environment

pytestmark = pytest.mark.slow

RECIPES = ("weight-8", "codebook-3", "codebook-2")
FEW = ("--max-accuracy-drop", "0.6", "--budget", "5m", "--trials", "24")


def tune(cli: Cli, *arguments: object, recipes: tuple[object, ...] = RECIPES) -> Called:
    chosen = [word for recipe in recipes for word in ("--recipe", recipe)]
    return cli("tune", DIGITS, *chosen, *arguments, "--json")


@pytest.fixture(scope="module")
def shared(toolchain: None, tmp_path_factory: pytest.TempPathFactory) -> Cli:
    return Cli(tmp_path_factory.mktemp("tune"))


@pytest.fixture(scope="module")
def found(shared: Cli) -> Any:
    done = tune(shared, *FEW)
    assert done.code == 0, done.err
    return done.json


def kept(cli: Cli) -> int:
    """Trials in the store."""
    folder = cli.workspace / ".store" / "trial"
    return sum(re.fullmatch("[0-9a-f]{32}", path.name) is not None for path in folder.glob("*"))


def test_it_finds_a_smaller_model_than_every_recipe_within_the_limit(found: Any) -> None:
    assert found["verdict"] == "met"
    best = found["best"]
    assert best["accuracy_percent"] >= found["limit_percent"]
    whole = [one for one in found["candidates"] if one["name"] in RECIPES]
    good = [one for one in whole if one["accuracy_percent"] >= found["limit_percent"]]
    assert good
    assert best["size_bytes"] < min(one["size_bytes"] for one in good)
    assert Path(found["model"]).stat().st_size == best["size_bytes"]
    assert len(found["candidates"]) == 24 == found["trials"]


def test_every_trial_is_on_disk_when_the_next_begins(found: Any) -> None:
    lines = (Path(found["run_folder"]) / "trials.jsonl").read_text().splitlines()
    assert [json.loads(line)["name"] for line in lines] == [
        one["name"] for one in found["candidates"]
    ]


def test_the_recipe_that_is_written_gives_the_same_model_again(found: Any, shared: Cli) -> None:
    done = shared("convert", DIGITS, "--recipe", found["recipe"], "--json")
    assert done.code in (0, 1), done.err
    (model,) = done.json["models"]
    assert model["size_bytes"] == found["best"]["size_bytes"]
    assert model["correct"] == found["best"]["correct"]


def test_the_same_search_again_measures_nothing(found: Any, shared: Cli) -> None:
    before = kept(shared)
    done = tune(shared, *FEW)
    assert done.code == 0, done.err
    assert kept(shared) == before
    assert done.json["best"]["size_bytes"] == found["best"]["size_bytes"]
    trials = [one for one in done.json["candidates"] if one["name"].startswith("trial-")]
    assert trials
    assert all(one["reused"] for one in trials)


def test_killed_it_goes_on_where_it_was(shared: Cli, found: Any, tmp_path: Path) -> None:
    cli = Cli(tmp_path / "runs")
    for least in (3, 12):
        started = subprocess.Popen(
            cli.command("tune", DIGITS, *[w for r in RECIPES for w in ("-r", r)], *FEW),
            cwd=ROOT,
            env=environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        while kept(cli) < least and started.poll() is None:
            time.sleep(0.02)
        started.kill()
        started.wait()
    before = kept(cli)
    assert before >= 12
    done = tune(cli, *FEW)
    assert done.code == 0, done.err
    reused = [one for one in done.json["candidates"] if one["reused"]]
    alone = 5  # each layer alone comes before, and is no candidate
    assert len(reused) >= before - alone
    names = ("name", "size_bytes", "correct")
    assert [[one[key] for key in names] for one in done.json["candidates"]] == [
        [one[key] for key in names] for one in found["candidates"]
    ]


def test_interrupted_it_tells_the_best_so_far(shared: Cli, found: Any) -> None:
    started = subprocess.Popen(
        shared.command("tune", DIGITS, "-r", "codebook-3", "--max-accuracy-drop", "0.6", "--json"),
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert started.stderr is not None
    for line in started.stderr:
        if b"trial trial-30" in line:
            started.send_signal(signal.SIGINT)
            break
    out, err = started.communicate(timeout=120)
    assert started.returncode == 130, err
    value = json.loads(out)
    assert value["verdict"] == "interrupted"
    assert value["best"]["accuracy_percent"] >= value["limit_percent"]
    assert Path(value["model"]).stat().st_size == value["best"]["size_bytes"]


def test_a_limit_that_nothing_meets_gives_the_nearest_and_code_1(shared: Cli) -> None:
    done = tune(shared, "--max-accuracy-drop", "0.1", "--trials", "1", recipes=("weight-1",))
    assert done.code == 1
    assert done.json["verdict"] == "limit not met"
    assert done.json["best"]["name"] == "weight-1"
    assert "limit not met" in done.err


def test_a_recipe_that_the_converter_fails_on_has_failed(shared: Cli, tmp_path: Path) -> None:
    recipe = tmp_path / "broken.yaml"
    recipe.write_text("quantization: weight\nmixed_bit: {init_scale: 0.01}\n")
    done = tune(shared, "--max-accuracy-drop", "1", "--trials", "2", recipes=(recipe, "codebook-3"))
    assert done.code == 0, done.err
    by_name = {one["name"]: one for one in done.json["candidates"]}
    assert by_name["broken"]["failed"]
    assert done.json["best"]["name"] == "codebook-3"


def test_for_latency_it_measures_and_says_on_what(shared: Cli) -> None:
    done = tune(
        shared, "--objective", "latency", *QUICK, "--trials", "4",
        recipes=("fp32", "full-8-per-tensor"),
    )  # fmt: skip
    assert done.code == 0, done.err
    assert done.json["where"] == "emulated-host"
    names = [one["name"] for one in done.json["candidates"]]
    assert names[:2] == ["fp32", "full-8-per-tensor"]
    assert set(names[2:]) == {"full-8-per-tensor-without-1"}
    assert len(names) == 4
    latencies = [one["latency_p50_ns"] for one in done.json["candidates"]]
    assert min(latencies) > 1000
    assert done.json["best"]["latency_p50_ns"] == min(latencies)
    assert "EMULATED" in done.err


def test_a_budget_that_is_none_is_refused(shared: Cli) -> None:
    done = tune(shared, "--budget", "soon")
    assert done.code == 2
    assert "'soon' is no time to spend" in done.err
