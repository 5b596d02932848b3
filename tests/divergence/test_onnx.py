"""Faults planted in a real model, found beside the real ONNX Runtime."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
import yaml

from pipeline.chain.divergence import NothingWithin, _spec, divergence
from pipeline.chain.given import InputsUnfit
from pipeline.chain.probe import Probe, from_onnx
from pipeline.core.tensors import TensorFacts
from pipeline.inspect.record import Tensor
from pipeline.stages.checkpoint.request import InputSpec
from pipeline.stages.divergence import Divergence, State
from pipeline.stages.source.errors import OnnxRuntimeMissing
from pipeline.stages.source.values import record_values
from tests.divergence.conftest import SHAPE, USER, Made
from tests.divergence.test_planted import FAULTS, INPUTS
from tests.inspect.models import DATA
from tests.source import models

needs_onnxruntime = pytest.mark.skipif(
    importlib.util.find_spec("onnxruntime") is None, reason="the extra `onnx` is not installed"
)
pytestmark = pytest.mark.slow

#: The node of each layer that a fault is planted in, as MindSpore's export calls them.
NODES = {
    "stem": "1Conv",
    "first block": "7Conv",
    "second block": "11Conv",
    "depthwise": "19Conv",
    "scaled": "4Conv",
    "bias": "24Gemm",
    "layout": "24Gemm",
    "last": "26Gemm",
}
SPECS = (InputSpec("images", SHAPE, "float32"),)


def _beside(made: Made, model: Path, tmp_path: Path, *given: Path) -> Divergence:
    return from_onnx(
        Probe(model, made.tools, tmp_path / "log"), made.onnx, SPECS, (made.samples,), given
    )


@needs_onnxruntime
@pytest.mark.parametrize("fault", FAULTS)
def test_a_wrong_weight_is_named(made, planted, tmp_path, fault):
    weight, change, _ = FAULTS[fault]
    found = _beside(made, planted(weight, change, "onnx"), tmp_path)
    assert found.first is not None
    assert found.first.layer == NODES[fault]
    assert f"differs from net.ckpt.onnx first at layer {NODES[fault]} (" in found.message


@needs_onnxruntime
@pytest.mark.parametrize(("change", "remark"), INPUTS.values(), ids=INPUTS)
def test_a_wrong_input_is_named(made, tmp_path, change, remark):
    given = tmp_path / "given.npy"
    np.save(given, change(made.images).astype(np.float32))
    found = _beside(made, made.models["onnx"], tmp_path, given)
    assert found.first is not None
    assert found.first.layer == "images"
    assert remark in found.first.remark


@needs_onnxruntime
def test_a_model_agrees_with_the_file_that_it_was_made_of(made, tmp_path):
    np.save(tmp_path / "x.npy", np.load(made.samples)[:1])
    found = divergence(made.models["onnx"], made.onnx, [tmp_path / "x.npy"])
    assert found.first is None, found.message
    assert {"images", *NODES.values(), "9Add", "22MaxPool"} <= {
        row.layer for row in found.layers if row.state is State.SAME
    }
    assert found.unmatched == 0


@needs_onnxruntime
def test_a_model_of_the_checkpoint_agrees_with_the_same_network_as_onnx(made):
    """No name is the same: weights and values tell which layer is which."""
    found = divergence(made.models["fp32"], made.onnx)
    assert found.first is None, found.message
    assert len([row for row in found.layers if row.state is State.SAME]) > 15


@pytest.mark.parametrize(
    ("open_shape", "ours", "settled"),
    [
        ((-1, 3, 12, 12), TensorFacts("x", "float32", (1, 12, 12, 3), "NHWC"), (1, 3, 12, 12)),
        (None, TensorFacts("x", "float32", (1, 12, 12, 3), "NHWC"), (1, 3, 12, 12)),
        ((-1, 12, 12, 3), TensorFacts("x", "float32", (1, 12, 12, 3), "NHWC"), (1, 12, 12, 3)),
        ((-1, 5), TensorFacts("x", "float32", (4, 5), "NHWC"), (4, 5)),
    ],
)
def test_an_open_shape_is_the_models(open_shape, ours, settled):
    spec = _spec(Path("a.onnx"), Tensor("x", "float32", open_shape), ours)
    assert spec == InputSpec("x", settled, "float32")


@pytest.mark.parametrize("shape", [(1, 4, 12, 12), (-1, 5, 12, 12), (1, 144)])
def test_a_model_of_another_network_is_refused(shape):
    ours = TensorFacts("x", "float32", (1, 12, 12, 3), "NHWC")
    with pytest.raises(InputsUnfit, match=r"the inputs do not fit a\.onnx: x is "):
        _spec(Path("a.onnx"), Tensor("x", "float32", shape), ours)


@needs_onnxruntime
@pytest.mark.parametrize("batch", [1, "batch"])
def test_values_of_a_node_are_recorded(tmp_path, batch):
    onnx = models.onnx(tmp_path / "dense.onnx", batch)
    (tmp_path / "x").mkdir()
    specs = (InputSpec("x", (1, 5), "float32"),)
    np.save(tmp_path / "x.npy", models.SAMPLES[:2])
    (value,) = record_values(
        onnx, specs, [tmp_path / "x.npy"], tmp_path / "x", deadline_s=60, log=tmp_path / "log"
    )
    assert (value.name, value.output, value.weights) == ("gemm", "y", ("w", "b"))
    np.testing.assert_allclose(value.values(), models.dense(models.SAMPLES[:1]), rtol=1e-5)


@needs_onnxruntime
def test_weights_in_another_file_are_found(tmp_path):
    specs = (InputSpec("x", (1, 5), "float32"),)
    np.save(tmp_path / "x.npy", models.SAMPLES[:1])
    onnx = models.onnx_beside(tmp_path / "beside.onnx")
    (value,) = record_values(
        onnx, specs, [tmp_path / "x.npy"], tmp_path / "x", deadline_s=60, log=tmp_path / "log"
    )
    np.testing.assert_allclose(value.values(), models.dense(models.SAMPLES[:1]), rtol=1e-5)


def test_without_onnx_runtime_it_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    onnx = models.onnx(tmp_path / "dense.onnx")
    with pytest.raises(OnnxRuntimeMissing):
        record_values(onnx, (), (), tmp_path / "x", deadline_s=60, log=tmp_path / "log")


def _deployment(made: Made, folder: Path, **way: object) -> Path:
    samples = np.load(made.samples)
    np.savez(folder / "test.npz", inputs=samples, labels=np.arange(len(samples)) % 5)
    config = {
        "name": "planted",
        "inputs": [{"name": "images", "shape": list(SHAPE)}],
        "data": {"test": str(folder / "test.npz")},
        "python_path": [str(USER)],
        **way,
    }
    (folder / "deploy.yaml").write_text(yaml.safe_dump(config))
    return folder / "deploy.yaml"


def test_beside_the_network_that_a_deployment_names(made, planted, tmp_path):
    weight, change, layer = FAULTS["depthwise"]
    network = {"factory": "nets:Net", "checkpoint": str(made.network.checkpoint)}
    deployment = _deployment(made, tmp_path, network=network)
    found = divergence(planted(weight, change), deployment)
    assert found.first is not None
    assert (found.reference, found.first.layer) == ("nets:Net", layer)


@needs_onnxruntime
def test_beside_the_onnx_file_that_a_deployment_names(made, planted, tmp_path):
    weight, change, _ = FAULTS["depthwise"]
    deployment = _deployment(made, tmp_path, model=str(made.onnx))
    found = divergence(planted(weight, change, "onnx"), deployment)
    assert found.first is not None
    assert (found.reference, found.first.layer) == ("net.ckpt.onnx", NODES["depthwise"])


def test_a_network_that_cannot_be_seen_into_is_refused(made, tmp_path):
    models.tflite(tmp_path / "dense.tflite")
    deployment = _deployment(made, tmp_path, model="dense.tflite", inputs=[])
    with pytest.raises(NothingWithin, match=r"dense\.tflite is tflite, which does not show"):
        divergence(made.models["fp32"], deployment)


def test_a_reference_that_nothing_runs_by_itself_is_refused(made):
    with pytest.raises(NothingWithin) as caught:
        divergence(made.models["fp32"], DATA / "small.mindir")
    assert caught.value.exit_code == 2
    assert "pipeline diff fp32.ms MODEL.ms" in caught.value.hint
