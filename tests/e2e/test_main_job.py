"""The digits, from the checkpoint to the table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.core.files import sha256_file
from tests.e2e.conftest import DIGITS, Cli

pytestmark = pytest.mark.slow

RECIPES = ["fp32", "fp16", "weight-8", "dynamic-8", "full-8"]


@pytest.fixture(scope="module")
def models(deployed: tuple[Cli, Any]) -> dict[str, Any]:
    return {model["name"]: model for model in deployed[1]["models"]}


def test_every_recipe_is_in_the_table(models: dict[str, Any]) -> None:
    assert list(models) == RECIPES


def test_fp32_is_as_accurate_as_the_network_itself(
    deployed: tuple[Cli, Any], models: dict[str, Any]
) -> None:
    assert models["fp32"]["accuracy_percent"] == pytest.approx(
        deployed[1]["checkpoint_accuracy_percent"], abs=1e-3
    )
    assert models["fp32"]["parity"]["cosine_min"] > 0.999999
    assert deployed[1]["checkpoint_accuracy_percent"] >= 97.0


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_model_loses_at_most_a_point_and_is_proved(models: dict[str, Any], recipe: str) -> None:
    model = models[recipe]
    assert abs(model["accuracy_drop_points"]) <= 1.0
    assert model["n"] > 300
    assert model["parity"]["nan_count"] == 0
    assert model["parity"]["spread"] > 1.0
    assert model["parity"]["cosine_min"] > 0.95


def test_sizes(models: dict[str, Any]) -> None:
    assert models["weight-8"]["times_smaller"] >= 3.0
    assert models["full-8"]["times_smaller"] >= 2.5
    assert models["fp16"]["times_smaller"] > 1.7


@pytest.mark.parametrize("recipe", RECIPES)
def test_the_device_answers_as_the_host_and_was_timed(models: dict[str, Any], recipe: str) -> None:
    figures = models[recipe]["benchmark"]
    assert figures["device_parity"]["cosine_min"] > 0.9999
    latency = figures["latency_ns"]
    assert latency["n"] >= 662
    assert latency["supported_percentiles"] == [50, 90, 95, 99]
    assert 0 < latency["min_ns"] <= latency["p50_ns"] <= latency["p90_ns"] <= latency["max_ns"]


def test_everything_says_that_the_device_is_emulated(deployed: tuple[Cli, Any]) -> None:
    _, result = deployed
    manifest = json.loads((Path(result["run_folder"]) / "manifest.json").read_text())
    for record in (result, manifest):
        assert record["where"] == "emulated-host"
        assert record["emulated"] is True
        assert all(m["benchmark"]["where"] == "emulated-host" for m in record["models"])


def test_a_model_can_be_traced_to_what_made_it(deployed: tuple[Cli, Any]) -> None:
    folder = Path(deployed[1]["run_folder"])
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["config"]["sha256"] == sha256_file(DIGITS)
    assert manifest["checkpoint"]["sha256"] == sha256_file(DIGITS.parent / "lenet5.ckpt")
    assert manifest["checkpoint"]["facts"]["mindspore_version"].startswith("2.")
    assert manifest["toolchain"]["version"] == "2.0.0"
    assert {line["stage"] for line in manifest["stages"]} == {
        "data", "checkpoint", "samples", "calibration", "convert", "evaluate",
    }  # fmt: skip
    for model in manifest["models"]:
        assert sha256_file(folder / "models" / Path(model["path"]).name) == model["sha256"]
        raw = json.loads((folder / "samples" / f"{model['name']}.json").read_text())
        taken = sum(len(run["record"]["samples_ns"]) for run in raw["runs"])
        assert taken == model["benchmark"]["latency_ns"]["n"] >= 662


def test_nothing_is_left_behind(deployed: tuple[Cli, Any]) -> None:
    cli, _ = deployed
    assert cli.litter() == []
    device = cli.workspace / ".emulator" / "devices" / "emulated-phone" / "root"
    home = device / "data/local/tmp/mslite-pipeline"
    kept = {path.relative_to(home).parts[0] for path in home.rglob("*") if path.is_file()}
    assert kept == {"objects"}


def test_benchmark_measures_what_was_deployed_last(deployed: tuple[Cli, Any]) -> None:
    cli, _ = deployed
    done = cli("benchmark", "--device", "watch", "--emulate", "host", "--json")
    assert done.code == 0, done.err
    assert [model["name"] for model in done.json["models"]] == RECIPES
    assert done.json["device"]["device_type"] == "wearable"
    assert "EMULATED watch" in done.err


def test_a_single_model_is_measured_on_random_inputs(deployed: tuple[Cli, Any]) -> None:
    cli, _ = deployed
    model = Path(deployed[1]["run_folder"]) / "models" / "digits.weight-8.ms"
    done = cli("benchmark", model, "--emulate", "host", "--json")
    assert done.code == 0, done.err
    assert done.json["models"][0]["benchmark"]["device_parity"]["cosine_min"] > 0.9999
