"""Activations on a model's grids: read from what the converter wrote, and computed alike."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mindspore import Tensor, nn, ops

from pipeline.config.recover import Recover
from pipeline.inspect.record import Inspection, Kind, Operator, Quantization
from pipeline.inspect.record import Tensor as Found
from pipeline.stages.recover import activations, fake, places, training
from pipeline.stages.recover.activations import Layer, Range
from pipeline.stages.recover.errors import ActivationUnmatched
from pipeline.stages.recover.levels import Symmetric, fit, quantized
from pipeline.stages.recover.weights import Link
from tests.recover.networks import Normed

pytestmark = pytest.mark.usefixtures("graph_mode")

RANDOM = np.random.default_rng(4)
IMAGES = RANDOM.random((4, 1, 28, 28)).astype(np.float32)
KERNEL = (0, 2, 3, 1)


def on_grid(values: Any, grid: Range) -> Any:
    """The same, written as the runtime's documentation has it."""
    codes = np.clip(np.round(values / grid.scale) + grid.zero, -128, 127)
    return ((codes - grid.zero) * grid.scale).astype(np.float32)


class Slope(nn.Cell):  # type: ignore[misc]
    """The gradient of the sum of what a cell gives."""

    def __init__(self, cell: nn.Cell) -> None:
        super().__init__()
        self.cell = cell

    def construct(self, values: Tensor) -> Tensor:
        return ops.grad(self.cell)(values)


@pytest.mark.parametrize("grid", [Range(0.05, 0), Range(0.01, -128), Range(0.3, 17)])
def test_values_come_to_the_nearest_level_and_gradients_pass_inside(grid: Range) -> None:
    values = RANDOM.normal(0, 60 * grid.scale, 500).astype(np.float32)
    cell = fake.Gridded(grid)
    found = cell(Tensor(values)).asnumpy()
    np.testing.assert_allclose(found, on_grid(values, grid), atol=grid.scale / 1000)
    slope = Slope(cell)(Tensor(values)).asnumpy()
    inside = (values > grid.low) & (values < grid.high)
    np.testing.assert_array_equal(slope[inside], 1)
    assert not slope[~inside].any()


def test_a_layers_grids_stand_around_it_and_its_norm() -> None:
    network, plain = Normed().set_train(False), Normed().set_train(False)
    parameters = training.parameters_of(network)
    random = {
        name: RANDOM.uniform(0.5, 1.5, value.shape).astype(np.float32)
        for name, value in training.values(parameters).items()
    }
    for each in (parameters, training.parameters_of(plain)):
        training.assign(each, random)
    (norm, _) = training.norms(network)
    link = Link("body.0.weight", 0, Symmetric(), KERNEL, norm)
    found = places.find(network, [link])
    shift = RANDOM.normal(size=8).astype(np.float32)
    layer = Layer("conv", Range(0.01, 0), Range(0.2, 0), shift)
    fake.quantize(network, found, {"body.0.weight": layer})
    assert [each.name for each in network.get_parameters()] == [
        each.name for each in plain.get_parameters()
    ]
    inside = plain.body[1](plain.body[0](Tensor(on_grid(IMAGES, layer.taken)))).asnumpy()
    wanted = on_grid(inside + shift.reshape(-1, 1, 1), layer.given)
    got = network.body[1](network.body[0](Tensor(IMAGES))).asnumpy()
    assert (np.abs(got - wanted) > 1e-4).mean() < 0.01  # ties may go either way
    rest = [cell for number, cell in enumerate(plain.body) if number > 1]
    hidden = Tensor(got)
    for cell in rest:
        hidden = cell(hidden)
    np.testing.assert_allclose(
        network(Tensor(IMAGES)).asnumpy(),
        plain.out(plain.flatten(hidden)).asnumpy(),
        rtol=1e-4,
        atol=1e-4,
    )


def test_training_goes_through_the_grids() -> None:
    network = Normed()
    (norm, _) = training.norms(network)
    link = Link("body.0.weight", 0, Symmetric(), KERNEL, norm)
    layer = Layer("conv", Range(0.01, 0), Range(0.05, 0))
    fake.quantize(network, places.find(network, [link]), {"body.0.weight": layer})
    how = Recover.model_validate({"data": "package.module:train"})
    step = training.gradients(network, ops.cross_entropy, how, learns_statistics=True)
    _, found = step(Tensor(np.arange(4, dtype=np.int32)), Tensor(0.0), Tensor(IMAGES))
    names = [each.name for each in network.trainable_params()]
    assert np.abs(found[names.index("body.0.weight")].asnumpy()).max() > 0


@given(st.integers(0, 2**32 - 1))
def test_weights_of_int8_use_a_symmetric_grid_for_each_channel(seed: int) -> None:
    weights = np.random.default_rng(seed).normal(size=(5, 3, 3, 2)).astype(np.float32)
    weights[2] = 0
    found = quantized(weights, 0, Symmetric())
    scale = np.abs(weights).reshape(5, -1).max(axis=1) / 127
    assert (np.abs(found - weights) <= scale.reshape(5, 1, 1, 1) * 0.5001).all()
    assert not found[2].any()
    assert fit(found, 0, Symmetric()).snap(found).tobytes() == found.tobytes()


FLOAT = Found("x", "float32", (1, 4))


def grid(scale: float, zero: int = 0, bits: int = 8) -> Quantization:
    return Quantization(bits, (scale,), (zero,))


def model(folder: Path, monkeypatch: pytest.MonkeyPatch, *operators: Operator) -> tuple[Path, Path]:
    """Files of two models of one dense layer, int8 and float, that ``look`` is told of."""
    int8, floats = folder / "int8.ms", folder / "float.ms"
    codes, exact = np.array([10, -20], "<i4"), np.array([0.5, -1.0], "<f4")
    int8.write_bytes(codes.tobytes())
    floats.write_bytes(exact.tobytes())
    bias = Found("b", "int32", (2,), stored=((0, 8),))
    tensors = (
        replace(FLOAT, dtype="int8", name="w", stored=((0, 8),)),
        replace(bias, quantization=Quantization(32, (0.1, 0.1), (0, 0))),
    )
    computed = (
        replace(FLOAT, dtype="int8", quantization=grid(0.5)),
        Found("y", "int8", (1, 2), quantization=grid(0.25, 3)),
        Found("z", "int8", (2, 1), quantization=grid(0.25, 3)),
        Found("other", "int8", (2, 1), quantization=grid(0.75)),
    )
    every = {
        int8: Inspection(
            int8, Kind.MS, 0, "", "", operators=operators, tensors=tensors, computed=computed
        ),
        floats: Inspection(floats, Kind.MS, 0, "", "", tensors=(replace(bias, dtype="float32"),)),
    }
    monkeypatch.setattr(activations, "look", every.__getitem__)
    return int8, floats


def operator(kind: str, inputs: tuple[str, ...], output: str, activation: str = "") -> Operator:
    return Operator(kind, kind, inputs, (output,), quantization="QUANT_ALL", activation=activation)


DENSE = operator("MatMulFusion", ("x", "w", "b"), "y")


def test_grids_and_biases_are_read_from_the_models(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    passing = operator("Transpose", ("y",), "z")
    found = activations.layers(*model(tmp_path, monkeypatch, DENSE, passing))
    assert set(found) == {"w"}
    layer = found["w"]
    assert (layer.node, layer.taken, layer.given) == ("MatMulFusion", Range(0.5, 0), Range(0.25, 3))
    np.testing.assert_allclose(layer.shift, [0.5, -1.0], rtol=1e-6)
    assert (layer.given.low, layer.given.high) == (-131 * 0.25, 124 * 0.25)


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        (operator("Transpose", ("y",), "other"), "computes in int8"),
        (operator("MatMulFusion", ("y", "w", "b"), "z"), "more than once"),
        (replace(DENSE, activation="SIGMOID"), "ends with SIGMOID"),
        (operator("AddFusion", ("x", "w"), "y"), "computes in int8"),
        (operator("Transpose", ("w",), "z"), "not one grid"),
    ],
    ids=lambda value: value.kind if isinstance(value, Operator) else "",
)
def test_what_a_network_would_compute_otherwise_is_refused(
    more: Operator, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    operators = (more,) if more.activation else (DENSE, more)
    with pytest.raises(ActivationUnmatched, match=reason):
        activations.layers(*model(tmp_path, monkeypatch, *operators))
