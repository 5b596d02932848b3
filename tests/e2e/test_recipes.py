"""Every recipe that comes along, and what else a recipe can say, on the digits: for real."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import DIGITS, ROOT, Called, Cli

pytestmark = pytest.mark.slow

RECIPES = sorted(path.stem for path in (ROOT / "configs/quantization").glob("*.yaml"))
#: Recipes that no network as small is expected to bear: proved, and not accurate.
LOSSY = {"weight-1", "weight-2", "codebook-1", "codebook-2", "binary", "entropy-coarse"}
#: The digits' large layers stay float in these.
MOSTLY_FLOAT = {"per-layer-full-8"}


@pytest.fixture(scope="module")
def shared(toolchain: None, tmp_path_factory: pytest.TempPathFactory) -> Cli:
    """A workspace that all conversions here share: the network is exported once."""
    return Cli(tmp_path_factory.mktemp("recipes"))


@pytest.fixture(scope="module")
def models(shared: Cli) -> dict[str, dict[str, Any]]:
    """The models of all recipes, of one call."""
    return _converted(shared, *RECIPES)


def _converted(cli: Cli, *recipes: str | Path) -> dict[str, dict[str, Any]]:
    chosen = [word for recipe in recipes for word in ("--recipe", str(recipe))]
    done = cli("convert", DIGITS, *chosen, "--json")
    assert done.code in (0, 1), done.err  # 1: a limit of the deployment was not met
    return {model["name"]: model for model in done.json["models"]}


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_recipe_gives_a_proved_model_that_is_smaller(
    models: dict[str, dict[str, Any]], recipe: str
) -> None:
    model, fp32 = models[recipe], models["fp32"]
    assert model["parity"]["nan_count"] == 0
    assert model["parity"]["spread"] > 0.1
    assert model["n"] == fp32["n"] > 300
    if recipe != "fp32":
        most = 1.0 if recipe in MOSTLY_FLOAT else 0.7
        assert model["size_bytes"] < most * fp32["size_bytes"]
        assert model["sha256"] != fp32["sha256"]
    if recipe not in LOSSY:
        assert abs(model["accuracy_drop_points"]) <= 1.0
        assert model["parity"]["cosine_min"] > 0.9


@pytest.mark.parametrize("family", ["weight-{}", "codebook-{}"])
def test_fewer_bits_take_less_and_more_bits_are_closer(
    models: dict[str, dict[str, Any]], family: str
) -> None:
    chosen = [models[family.format(bits)] for bits in range(2, 9)]
    sizes = [model["size_bytes"] for model in chosen]
    errors = [model["parity"]["mean_abs_error"] for model in chosen]
    assert sizes == sorted(sizes)
    assert errors == sorted(errors, reverse=True)


@pytest.mark.parametrize("bits", [2, 3])
def test_a_codebook_is_closer_and_smaller_than_the_converters_grid(
    models: dict[str, dict[str, Any]], bits: int
) -> None:
    uniform, codebook = models[f"weight-{bits}"], models[f"codebook-{bits}"]
    assert codebook["size_bytes"] < uniform["size_bytes"]
    assert codebook["accuracy_drop_points"] <= uniform["accuracy_drop_points"] + 0.3


#: What a recipe says, and how much smaller than float the model is at least.
MORE = {
    "range": ("quantization: weight\nrange: [-0.3, 0.3]", 3.0),
    "plain": ("quantization: weight\ncompression: none", 3.0),
    "packed-by-the-pipeline": ("quantization: weight\nquantizer: pipeline\nbits: 5", 4.0),
    "wide": ("quantization: weight\nquantizer: pipeline\nbits: 11", 2.0),
    "large-only": ("quantization: weight\nmin_weight_elements: 5000", 2.5),
    "skipped": ("quantization: weight\nrules: [{scope: fc1, skip: true}]", 1.05),
    "skipped-dynamic": ("quantization: dynamic\nrules: [{scope: fc1, skip: true}]", 1.05),
    "skipped-full": ("quantization: full\nrules: [{scope: fc1, skip: true}]", 1.05),
    "rules": (
        (
            "quantization: weight\nbits: 8\nrules:\n"
            '  - {operator: Dense, bits: 4}\n  - {scope: "*fc3*", bits: 12, per_channel: false}\n'
            "  - {scope: conv1, skip: true}\n  - {scope: fc1, grid: codebook, entries: 24}\n"
            "  - {scope: conv2, range: [-0.5, 0.5]}\n"
        ),
        4.0,
    ),
}


@pytest.mark.parametrize("name", MORE)
def test_what_else_a_recipe_can_say_gives_a_proved_model(
    shared: Cli, tmp_path: Path, name: str
) -> None:
    content, smaller = MORE[name]
    path = tmp_path / f"{name}.yaml"
    path.write_text(content)
    models = _converted(shared, "fp32", path)
    model, fp32 = models[name], models["fp32"]
    assert fp32["size_bytes"] / model["size_bytes"] > smaller
    assert model["parity"]["cosine_min"] > 0.95
    assert model["parity"]["mean_abs_error"] > fp32["parity"]["mean_abs_error"]


REFUSED = {
    "a version's": ("quantization: weight\nquant_strategy: GPTQ", 4, "RecipeBeyondConverter"),
    "another version's": (
        "quantization: dynamic\nquant_strategy: ACWL", 4, "RecipeBeyondConverter",
    ),
    "unmatched": ("quantization: weight\nrules: [{scope: fc9, bits: 4}]", 2, "RuleUnmatched"),
    "unmatched by the converter": (
        "quantization: full\nrules: [{scope: fc9, skip: true}]", 2, "RuleUnmatched",
    ),
    "unmatched name": ("quantization: weight\nskip_nodes: [fc1]", 2, "RuleUnmatched"),
    "another device's": ("quantization: full\ntarget_device: KIRIN", 4, "ModelUnusable"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_done_is_refused(shared: Cli, tmp_path: Path, name: str) -> None:
    content, code, error = REFUSED[name]
    (tmp_path / "mine.yaml").write_text(content)
    done: Called = shared("convert", DIGITS, "--recipe", tmp_path / "mine.yaml", "--json")
    assert done.code == code, done.err
    assert error in json.dumps(done.json)
