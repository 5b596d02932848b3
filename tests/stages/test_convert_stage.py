"""What counts as a converted model: it loads, runs, agrees with the network, and moves."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pipeline.config.recipe import Recipe
from pipeline.core.store import Store
from pipeline.core.tensors import TensorFacts
from pipeline.data.errors import DataInvalid, InputShapeMismatch
from pipeline.data.layout import write_npy
from pipeline.stages.convert import ConvertStage, Graph, Reference
from pipeline.stages.samples import Calibration
from pipeline.stages.stage import Outcome, run_stage
from pipeline.toolchain.errors import ConversionFailed, HostRunFailed, ModelUnusable
from tests.fakes import IMAGE, SCORES, fake_toolchain, model_bytes
from tests.stages.conftest import Heard

Convert = Callable[..., "Outcome[object]"]


@pytest.fixture
def stage(tmp_path: Path, reference: Reference) -> ConvertStage:
    (tmp_path / "net.mindir").write_bytes(b"a graph")
    return ConvertStage(
        recipe_name="fp32",
        recipe=Recipe(),
        graph=Graph(tmp_path / "net.mindir"),
        graph_digest="graph",
        reference=reference,
        calibration=None,
        toolchain=fake_toolchain(tmp_path / "lite"),
        logs=tmp_path / "logs",
    )


@pytest.fixture
def convert(tmp_path: Path, store: Store, heard: Heard, stage: ConvertStage) -> Convert:
    """Run the stage with a converter that writes such a model."""

    def call(model: bytes | None = None, **changes: object) -> Outcome[object]:
        if model is not None:
            changes["toolchain"] = fake_toolchain(tmp_path / "lite", model=model)
        return run_stage(store, dataclasses.replace(stage, **changes), heard)

    return call


def test_a_good_model_is_proved_and_described(convert, tmp_path, heard):
    model = convert().artefact
    assert model.recipe == "fp32"
    assert model.path.read_bytes() == model_bytes()
    assert model.size_bytes == len(model_bytes())
    assert (model.inputs, model.outputs) == ((IMAGE,), (SCORES,))
    assert (model.parity.n, model.parity.max_abs_error) == (4, 0.0)
    assert model.parity.cosine_min == pytest.approx(1.0)
    assert (tmp_path / "logs" / "convert-fp32.log").is_file()
    assert (model.path.parent / "convert.log").is_file()
    assert heard.lines[-1][-1] == f"{model.size_bytes:,} bytes, cosine 1.00000"


def test_a_model_that_is_a_little_off_is_converted_and_its_parity_told(convert):
    parity = convert(model_bytes(factor=-0.5)).artefact.parity
    assert parity.cosine_min == pytest.approx(-1.0)
    assert parity.max_abs_error == pytest.approx(9.0)


UNUSABLE = {
    "NaN": (
        model_bytes(always=[float("nan"), 1.0, 2.0]),
        "its outputs hold 4 NaN or infinite values",
    ),
    "infinity": (model_bytes(always=[1.0, float("inf"), float("-inf")]), "hold 8 NaN or infinite"),
    "the same for every input": (model_bytes(always=[1.0, 2.0, 3.0]), "the same for every input"),
    "zeros": (model_bytes(factor=0.0), "the same for every input"),
    "too few outputs": (model_bytes(keep=40), "40 bytes of outputs, expected 48"),
    "no outputs": (model_bytes(keep=0), "0 bytes of outputs, expected 48"),
    "other outputs": (
        model_bytes(outputs=[TensorFacts("scores", "float32", (1, 2), "NHWC")]),
        r"output 0 is \(4, 2\), the reference \(4, 3\)",
    ),
    "one input too many": (model_bytes(inputs=[IMAGE, IMAGE]), "it has 2 inputs, not 1"),
}


@pytest.mark.parametrize(("model", "reason"), UNUSABLE.values(), ids=UNUSABLE)
def test_a_model_that_does_not_hold_is_not_converted(convert, store, model, reason):
    with pytest.raises(ModelUnusable, match=reason):
        convert(model)
    assert not list(store.root.glob("convert/*/model.ms"))
    assert not convert(model_bytes()).reused


@pytest.mark.parametrize("chosen", [(2,), (0, 0)], ids=["one sample", "all alike"])
def test_samples_that_show_no_difference_are_not_blamed_on_the_model(convert, stage, chosen):
    reference = dataclasses.replace(stage.reference, chosen=chosen)
    with pytest.raises(DataInvalid, match="the network itself gives the same output"):
        convert(reference=reference)


def test_a_model_with_inputs_of_another_size_is_told(convert):
    with pytest.raises(
        InputShapeMismatch, match=r"input `images` is \[1, 1, 2, 2\]|\[1, 3, 3, 1\]"
    ):
        convert(model_bytes(inputs=[TensorFacts("images", "float32", (1, 3, 3, 1), "NHWC")]))


def test_a_model_that_the_runtime_does_not_load_is_told(convert, tmp_path):
    toolchain = fake_toolchain(tmp_path / "lite", runner="echo bad model; exit 9")
    with pytest.raises(HostRunFailed, match="ended with code 9: bad model"):
        convert(toolchain=toolchain)


def test_a_converter_that_fails_leaves_its_log_and_nothing_else(convert, store, tmp_path):
    toolchain = fake_toolchain(tmp_path / "lite", converter="echo no; exit 1")
    with pytest.raises(ConversionFailed, match="recipe fp32 failed: no") as caught:
        convert(toolchain=toolchain)
    assert caught.value.log == tmp_path / "logs" / "convert-fp32.log"
    assert not [path for path in store.root.glob("convert/*") if not path.name.endswith(".lock")]


def test_a_network_layout_is_turned_for_the_proof(tmp_path, convert, stage):
    """Two channels: a model that was fed NCHW would give other numbers."""
    inputs = np.arange(16, dtype=np.float32).reshape(2, 2, 2, 2)
    write_npy(inputs, tmp_path / "two.npy")
    write_npy(inputs.transpose(0, 2, 3, 1).reshape(2, 8)[:, :3], tmp_path / "out.npy")
    reference = Reference(
        (tmp_path / "two.npy",), (tmp_path / "out.npy",), ((1, 2, 2, 2),), (0, 1), "two"
    )
    images = TensorFacts("images", "float32", (1, 2, 2, 2), "NHWC")
    found = convert(model_bytes(inputs=[images]), reference=reference)
    assert found.artefact.parity.max_abs_error == 0.0


@pytest.mark.parametrize(
    ("change", "reused"),
    [
        ({}, True),
        ({"recipe_name": "mine"}, True),
        ({"recipe": Recipe(description="in other words")}, True),
        ({"logs": Path("elsewhere")}, True),
        ({"recipe": Recipe(fp16=True)}, False),
        ({"graph_digest": "another graph"}, False),
    ],
    ids=["nothing", "name", "description", "log folder", "recipe", "graph"],
)
def test_what_was_converted_is_reused_until_something_that_matters_changes(convert, change, reused):
    convert()
    assert convert(**change).reused is reused


def test_another_reference_toolchain_or_calibration_converts_again(convert, stage, tmp_path):
    convert()
    reference = dataclasses.replace(stage.reference, digest="another")
    assert not convert(reference=reference).reused
    assert not convert(toolchain=fake_toolchain(tmp_path / "b", identity="newer")).reused
    samples = tmp_path / "samples"
    samples.mkdir()
    full = {"recipe": Recipe(quantization="full")}
    assert not convert(calibration=Calibration({"images": samples}, 1, "a"), **full).reused
    assert convert(calibration=Calibration({"images": samples}, 1, "a"), **full).reused
    assert not convert(calibration=Calibration({"images": samples}, 1, "b"), **full).reused


def test_a_reused_model_is_the_one_that_was_made(convert):
    first, second = convert(), convert()
    assert second.reused
    assert first.artefact == second.artefact
