"""Each layer alone, and quantizing from Python: on the digits, for real."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import pipeline
from tests.e2e.conftest import DIGITS, Cli

pytestmark = pytest.mark.slow

LAYERS = ["conv1", "conv2", "fc1", "fc2", "fc3"]


@pytest.fixture(scope="module")
def shared(toolchain: None, tmp_path_factory: pytest.TempPathFactory) -> Cli:
    return Cli(tmp_path_factory.mktemp("layers"))


def layers(cli: Cli, recipe: object) -> Any:
    done = cli("sensitivity", DIGITS, "--recipe", recipe, "--json")
    assert done.code == 0, done.err
    assert "each layer alone" in done.err
    page = Path(done.json["run_folder"]) / "report.html"
    assert "<svg" in page.read_text()
    return done.json


def test_each_weight_alone_in_the_order_of_the_model(shared: Cli) -> None:
    found = layers(shared, "codebook-2")
    rows = found["layers"]
    assert [row["node"].split("/")[1].split("-")[0] for row in rows] == LAYERS
    for row in rows:
        assert row["failed"] is None
        assert 4 < row["sqnr_db"] < 25
        assert 0.3 < row["cosine_min"] < row["cosine_mean"] < 1
        assert row["saved_bytes"] > 0.5 * row["float_bytes"]
    assert [spread["kind"] for spread in found["spreads"]] == ["weight"] * 5


def test_more_bits_cost_each_layer_less(shared: Cli, tmp_path: Path) -> None:
    coarse, fine = (layers(shared, f"codebook-{bits}")["layers"] for bits in (2, 5))
    for before, after in zip(coarse, fine, strict=True):
        assert after["sqnr_db"] > before["sqnr_db"] + 10
        assert after["cosine_mean"] > before["cosine_mean"]


def test_a_recipe_of_the_converter_and_the_ranges_it_chose(shared: Cli) -> None:
    found = layers(shared, "full-8-max-min")
    operators = {row["operator"] for row in found["layers"]}
    assert {"Conv2DFusion", "MatMulFusion"} <= operators
    assert all(row["cosine_min"] > 0.98 for row in found["layers"])
    ranges = [spread for spread in found["spreads"] if spread["kind"] == "activation"]
    assert ranges
    assert all(spread["low"] < spread["high"] and spread["clipped"] < 0.05 for spread in ranges)


def test_a_recipe_that_quantizes_nothing_is_told(shared: Cli) -> None:
    done = shared("sensitivity", DIGITS, "--recipe", "fp32", "--json")
    assert done.code == 2
    assert "quantizes no layer" in done.err


def test_quantizing_from_python(shared: Cli, tmp_path: Path) -> None:
    quantizer = pipeline.Quantizer(DIGITS, workspace=shared.workspace)
    whole = quantizer.set(-1, 1, 8).quantize()
    assert whole.percent > 99
    assert all(layer.bits == 8 and layer.clipped == 0 for layer in whole.layers)
    tight = quantizer.set(-0.1, 0.1, scope="fc1").quantize()
    (clipped,) = [layer for layer in tight.layers if layer.clipped > 0]
    assert "fc1" in clipped.node
    saved = tight.save(tmp_path / "tight.ms")
    assert saved.stat().st_size == tight.size_bytes
    with pytest.raises(pipeline.PipelineError, match="low to high"):
        quantizer.set(1, -1).quantize()
    with pytest.raises(pipeline.PipelineError, match="matches no node"):
        pipeline.Quantizer(DIGITS, workspace=shared.workspace).set(bits=4, scope="fc9").quantize()
