"""Faults planted in a real model, found by the real runtime beside the real network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pipeline.chain.divergence import divergence
from pipeline.chain.probe import Probe, from_network
from pipeline.stages.divergence import Divergence, State
from tests.divergence.conftest import USER, Made

pytestmark = pytest.mark.slow


def _beside_network(made: Made, model: Path, tmp_path: Path, *given: Path) -> Divergence:
    probe = Probe(model, made.tools, tmp_path / "log")
    return from_network(
        probe, made.network, made.inputs, (made.samples,), python_path=(USER,), given=given
    )


def _one_channel(weight: np.ndarray) -> np.ndarray:
    weight[3] *= -1
    return weight


def _channels_last(weight: np.ndarray) -> np.ndarray:
    """As for features that were flattened as NHWC."""
    return weight.reshape(16, 8, 3, 3).transpose(0, 2, 3, 1).reshape(16, 72)


FAULTS = {
    "stem": ("stem.0.weight", _one_channel, "stem.0"),
    "first block": ("blocks.0.conv2.weight", _one_channel, "blocks.0.conv2"),
    "second block": ("blocks.1.conv1.weight", _one_channel, "blocks.1.conv1"),
    "depthwise": ("depthwise.weight", _one_channel, "depthwise"),
    "scaled": ("blocks.0.conv1.weight", lambda weight: 1.1 * weight, "blocks.0.conv1"),
    "bias": ("fc1.bias", lambda bias: bias + 0.2, "fc1"),
    "layout": ("fc1.weight", _channels_last, "fc1"),
    "last": ("fc2.weight", _one_channel, "fc2"),
}  # fmt: skip


@pytest.mark.parametrize(("weight", "change", "layer"), FAULTS.values(), ids=FAULTS)
def test_a_wrong_weight_is_named(made, planted, tmp_path, weight, change, layer):
    model = planted(weight, change)
    beside_network = _beside_network(made, model, tmp_path)
    assert beside_network.first is not None
    assert beside_network.first.layer == layer
    assert f"first at layer {layer} (" in beside_network.message
    beside_model = divergence(model, made.models["fp32"], threshold=0.9999)
    assert beside_model.first is not None
    assert beside_model.first.layer == layer


def test_infinity_is_named(made, planted, tmp_path):
    model = planted("blocks.1.conv1.weight", lambda weight: weight * np.float32(1e38))
    found = _beside_network(made, model, tmp_path)
    assert found.first is not None
    assert (found.first.layer, found.first.difference.nan_count > 0) == ("blocks.1.conv1", True)
    assert "NaN or infinite values" in found.message


INPUTS: dict[str, tuple[Callable[[np.ndarray], np.ndarray], str]] = {
    "layout": (lambda x: x.transpose(0, 3, 1, 2).reshape(x.shape), "in another order"),
    "colours": (lambda x: x[..., ::-1], "in another order"),
    "mean": (lambda x: x + np.array([0.1, 0, -0.1]), "another mean or std"),
    "std": (lambda x: x / np.array([0.2, 0.25, 0.3]), "another mean or std"),
    "noise": (lambda x: x + np.random.default_rng(0).normal(size=x.shape), ""),
}


@pytest.mark.parametrize(("change", "remark"), INPUTS.values(), ids=INPUTS)
def test_a_wrong_input_is_named(made, tmp_path, change, remark):
    given = tmp_path / "given.npy"
    np.save(given, change(made.images).astype(np.float32))
    found = _beside_network(made, made.models["fp32"], tmp_path, given)
    assert found.first is not None
    assert found.first.layer == "images"
    assert "differs from nets:Net from the input on: images" in found.message
    assert remark in found.first.remark


@pytest.mark.parametrize("recipe", ["fp32", "weight", "full"])
def test_what_is_right_agrees_in_every_layer(made, tmp_path, recipe):
    found = _beside_network(made, made.models[recipe], tmp_path)
    assert found.first is None, found.message
    assert {"images", "stem.0", "blocks.0", "blocks.1", "depthwise", "fc1", "fc2"} <= {
        row.layer for row in found.layers if row.state is State.SAME
    }


def test_a_quantized_model_beside_its_baseline(made, tmp_path):
    """With the threshold of floating point it departs, at once; with its own it does not."""
    np.save(tmp_path / "image.npy", made.images)
    inputs = [tmp_path / "image.npy"]
    full, fp32 = made.models["full"], made.models["fp32"]
    found = divergence(full, fp32, inputs)
    assert found.first is None, found.message
    assert [row.layer for row in found.layers][-1] == "fc2"
    assert found.unmatched > 0  # the casts
    strict = divergence(full, fp32, inputs, threshold=0.999999)
    assert strict.first is not None
    assert strict.first.layer == "stem.0"
    assert strict.costliest is not None
