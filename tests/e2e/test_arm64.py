"""The digits on an emulated ARM64 processor: its kernels' answers, and their instructions."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.arm64.conftest import need_arm64
from tests.e2e.conftest import DIGITS, Cli

pytestmark = pytest.mark.slow
RECIPES = ["fp32", "full-8"]


@pytest.fixture(scope="module")
def workspace(deployed: tuple[Cli, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One in which the models were made before."""
    place = tmp_path_factory.mktemp("arm64") / "runs"
    shutil.copytree(deployed[0].workspace, place, symlinks=True)
    return place


@pytest.fixture(scope="module")
def reports(workspace: Path) -> list[Any]:
    """A deployment, and a benchmark of what it left."""
    need_arm64()
    cli = Cli(workspace)
    chosen = [word for name in RECIPES for word in ("--recipe", name)]
    emulated = ("--device", "phone", "--emulate", "arm64", "--json")
    done = [cli("deploy", DIGITS, *chosen, *emulated), cli("benchmark", *emulated)]
    for one in done:
        assert one.code == 0, one.err
    return [one.json for one in done]


def figures(report: Any, recipe: str) -> Any:
    (found,) = (model for model in report["models"] if model["name"] == recipe)
    return found["benchmark"]


def test_it_says_what_it_is(reports: list[Any]) -> None:
    for report in reports:
        assert report["where"] == "emulated-arm64"
        assert report["emulated"] is True
        assert report["device"]["abi"] == "arm64-v8a"
        assert "asimdhp" in report["device"]["cpu_features"]


@pytest.mark.parametrize("recipe", RECIPES)
def test_there_is_no_time(reports: list[Any], recipe: str) -> None:
    for report in reports:
        found = figures(report, recipe)
        assert found["latency_ns"] is found["load_ns"] is found["first_inference_ns"] is None


@pytest.mark.parametrize("recipe", RECIPES)
def test_two_runs_execute_the_same(reports: list[Any], recipe: str) -> None:
    first, second = (figures(report, recipe)["instructions"] for report in reports)
    assert second["total"] == pytest.approx(first["total"], rel=1e-3)
    assert second["vector"] == pytest.approx(first["vector"], rel=1e-4)
    assert first["total"] > 300_000


@pytest.mark.parametrize(("recipe", "least"), [("fp32", 0.999999), ("full-8", 0.9999)])
def test_the_answers_are_this_machines(reports: list[Any], recipe: str, least: float) -> None:
    for report in reports:
        assert figures(report, recipe)["device_parity"]["cosine_min"] >= least


@pytest.mark.parametrize("recipe", RECIPES)
def test_operators_explain_nearly_all(reports: list[Any], recipe: str) -> None:
    counts = figures(reports[0], recipe)["instructions"]
    explained = sum(one["total"] for one in counts["operators"])
    assert 0.9 * counts["total"] < explained <= counts["total"]
    first_convolution = next(one for one in counts["operators"] if one["type"] == "Conv2DFusion")
    assert first_convolution["total"] > 0.3 * counts["total"]


def test_nothing_is_left_on_the_device(workspace: Path, reports: list[Any]) -> None:
    home = workspace / ".emulator" / "devices" / "emulated-phone-arm64"
    below = home / "root" / "data" / "local" / "tmp"
    assert [path.name for path in below.iterdir()] == ["mslite-pipeline"]
    assert not list(below.rglob("tmp.*"))
