"""Models side by side on a device: each alone, and while the others are loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import DIGITS, Cli

pytestmark = pytest.mark.slow

PLAN = "{warm_up: 1, max_warm_up: 1, runs: 3, samples: 33, time_s: 0, percentile: 50}"


def profile(folder: Path, budget: int) -> Path:
    path = folder / "small-watch.yaml"
    path.write_text(
        f"match: {{device_types: [wearable]}}\nrun: {{threads: 1}}\nplan: {PLAN}\n"
        f"limits: {{storage_bytes: {budget}}}\n"
        "emulated: {parameters: {const.product.devicetype: wearable}}\n"
    )
    return path


def checked(found: Any, names: list[str]) -> None:
    """Two rows a model, measured; the second with the others in memory."""
    assert [one["name"] for one in found["together"]] == names
    rows = {one["name"]: one for one in found["models"]}
    assert list(rows) == [word for name in names for word in (name, f"{name}-beside")]
    for one in found["together"]:
        alone, beside = rows[one["name"]], rows[f"{one['name']}-beside"]
        assert alone["sha256"] == beside["sha256"]
        assert alone["benchmark"]["beside"] == []
        assert len(beside["benchmark"]["beside"]) == len(names) - 1
        assert beside["benchmark"]["device_parity"]["cosine_min"] > 0.9999
        ratio = one["ratio"]["value"]
        pairs = zip(alone["benchmark"]["runs"], beside["benchmark"]["runs"], strict=True)
        ratios = [b["p50_ns"] / a["p50_ns"] for a, b in pairs]
        assert min(ratios) <= ratio <= max(ratios)
        memory = one["peak_memory_bytes"]
        assert memory["beside"] > memory["alone"]


def test_a_set_of_deployments(copy: Cli, tmp_path: Path) -> None:
    config = tmp_path / "set.yaml"
    config.write_text(
        f"name: watchful\nmodels:\n  - {{deployment: {DIGITS}, recipe: fp32}}\n"
        f"  - {{deployment: {DIGITS}, recipe: weight-8}}\n"
    )
    device = profile(tmp_path, budget=10_000_000)
    done = copy("deploy", config, "--device", device, "--emulate", "host", "--json")
    assert done.code == 0, done.err
    assert done.json["name"] == "watchful" and done.json["budget_bytes"] == 10_000_000
    assert done.json["size_bytes"] == 250_224 + 79_656
    checked(done.json, ["digits-1", "digits-2"])
    assert done.json["models"][0]["accuracy_percent"] > 99
    assert "kept convert digits-2 weight-8" in done.err


def test_files_that_take_more_than_they_may(copy: Cli, tmp_path: Path) -> None:
    folder = max(copy.workspace.glob("*-deploy-*")) / "models"
    models = [folder / f"digits.{name}.ms" for name in ("fp32", "weight-8", "full-8")]
    device = profile(tmp_path, budget=300_000)
    call = ("benchmark", *models, "--together", "--device", device, "--emulate", "host", "--json")
    done = copy(*call)
    assert done.code == 1, done.err
    assert done.json["failures"] == ["all models: 409,088 bytes, at most 300,000 are allowed"]
    checked(done.json, ["digits.fp32", "digits.weight-8", "digits.full-8"])
    assert "alone p50 ms" in done.err and "ratio" in done.err


@pytest.mark.parametrize(
    "words",
    [
        ("benchmark", "a.ms", "b.ms"),
        ("benchmark", "a.ms", "--together"),
        ("deploy", "set.yaml", "--all-targets"),
        ("deploy", "set.yaml", "--recipe", "fp32"),
    ],
)
def test_what_makes_no_sense_is_refused(
    tmp_path: Path, words: tuple[str, ...], toolchain: None
) -> None:
    (tmp_path / "set.yaml").write_text("name: x\nmodels: [a.yaml, b.yaml]\n")
    placed = [tmp_path / word if word.endswith((".yaml", ".ms")) else word for word in words]
    assert Cli(tmp_path / "runs")(*placed).code == 2
