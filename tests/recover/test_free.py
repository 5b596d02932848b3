"""Steps without training: what they change, and that they mend a planted fault."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mindspore import Tensor, nn, ops

from pipeline.config.recipe import Grid
from pipeline.inspect.record import Inspection, Kind, Operator
from pipeline.inspect.record import Tensor as Found
from pipeline.quantize.rules import LayerSetting
from pipeline.stages.recover import places, training
from pipeline.stages.recover.free import bias, equalization, statistics
from pipeline.stages.recover.free.taps import Taps
from pipeline.stages.recover.weights import Link
from tests.recover.networks import Normed

pytestmark = pytest.mark.usefixtures("graph_mode")

RANDOM = np.random.default_rng(9)
SETTING = LayerSetting(False, 2, Grid.UNIFORM, None, True, None)
#: Kernels are OIHW in MindSpore and OHWI in a model.
KERNEL = (0, 2, 3, 1)


class Chain(nn.Cell):  # type: ignore[misc]
    """Layers of every kind in a row, with nothing but ReLU and pooling between them."""

    def __init__(self) -> None:
        super().__init__()
        self.one = nn.Conv2d(1, 4, 3, has_bias=True)
        self.norm = nn.BatchNorm2d(4)
        self.two = nn.Conv2d(4, 4, 3, group=4, has_bias=True)
        self.three = nn.Conv2d(4, 6, 3, has_bias=True)
        self.pool = nn.MaxPool2d(2, 2)
        self.flatten = nn.Flatten()
        self.four = nn.Dense(6 * 16, 5)

    def construct(self, images: Tensor) -> Tensor:
        hidden = ops.relu(self.two(ops.relu(self.norm(self.one(images)))))
        return self.four(self.flatten(self.pool(ops.relu(self.three(hidden)))))


IMAGES = RANDOM.normal(size=(16, 1, 8, 8)).astype(np.float32)


def links(network: nn.Cell) -> tuple[Link, ...]:
    (norm,) = training.norms(network)
    return (
        Link("one.weight", 0, SETTING, KERNEL, norm, 0),
        Link("two.weight", 0, SETTING, KERNEL),
        Link("three.weight", 0, SETTING, KERNEL),
        Link("four.weight", 0, SETTING, (0, 1)),
    )


def operator(name: str, kind: str, inputs: tuple[str, ...], activation: str = "") -> Operator:
    return Operator(name, kind, inputs, (name,), activation=activation)


def model(*changed: Operator) -> Inspection:
    """What the converter makes of ``Chain``, or with other operators in place of some."""
    conv, new = "Conv2DFusion", {each.name: each for each in changed}
    every = (
        operator("1", conv, ("x", "one.weight", "1_bias"), "RELU"),
        operator("2", conv, ("1", "two.weight", "two.bias"), "RELU"),
        operator("3", conv, ("2", "three.weight", "three.bias"), "RELU"),
        operator("pool", "MaxPoolFusion", ("3",)),
        operator("flat", "Flatten", ("pool",)),
        operator("4", "MatMulFusion", ("flat", "four.weight", "four.bias")),
    )
    every = tuple(new.get(each.name, each) for each in every)
    outputs = (Found("4", "float32", (1, 5)),)
    return Inspection(Path("x.ms"), Kind.MS, 0, "", "", (), outputs, every)


def spread(network: nn.Cell) -> dict[str, Any]:
    """Its parameters, with channels of very different ranges."""
    parameters = training.parameters_of(network)
    for name in ("one.weight", "two.weight", "three.weight"):
        values = parameters[name].asnumpy()
        factors = np.exp(RANDOM.normal(0, 2, len(values))).astype(np.float32)
        values = values * factors.reshape(-1, 1, 1, 1)
        training.assign(parameters, {name: values})
    return training.values(parameters)


def unevenness(values: Mapping[str, Any], found: tuple[equalization.Pair, ...]) -> float:
    """The largest ratio of the ranges that a pair's first layer gives its channels."""
    each = [np.abs(pair.first.to_model(values)) for pair in found]
    ranges = [array.reshape(len(array), -1).max(axis=1) for array in each]
    return max(float(one.max() / one.min()) for one in ranges)


def test_equalized_channels_leave_the_network_what_it_is() -> None:
    network = Chain().set_train(False)
    values = spread(network)
    found = equalization.pairs(model(), links(network), values)
    assert [pair.second.parameter for pair in found] == [
        "two.weight",
        "three.weight",
        "four.weight",
    ]
    assert [(pair.block, pair.deep) for pair in found] == [(1, True), (1, False), (16, False)]
    before = network(Tensor(IMAGES)).asnumpy()
    changed = equalization.equalized(found, values)
    training.assign(training.parameters_of(network), changed)
    after = network(Tensor(IMAGES)).asnumpy()
    np.testing.assert_allclose(after, before, atol=1e-4 * np.abs(before).max())
    assert unevenness({**values, **changed}, found) < unevenness(values, found) / 3


@pytest.mark.parametrize(
    ("changed", "left"),
    [
        (operator("2", "Conv2DFusion", ("1", "two.weight", "two.bias"), "RELU6"), 2),
        (operator("pool", "AddFusion", ("3", "2")), 1),
        (operator("4", "MatMulFusion", ("flat", "three.weight")), 1),
        (operator("flat", "Softmax", ("pool",)), 2),
    ],
    ids=["clipped", "two-readers", "shared-weight", "no-passing"],
)
def test_layers_are_no_pair_where_a_scale_would_not_pass(changed: Operator, left: int) -> None:
    network = Chain()
    values = training.values(training.parameters_of(network))
    assert len(equalization.pairs(model(changed), links(network), values)) == left


def test_biases_take_off_what_weights_add_to_the_means() -> None:
    network = Chain().set_train(False)
    parameters = training.parameters_of(network)
    floats = training.values(parameters)
    wanted = network(Tensor(IMAGES)).asnumpy()
    rough = {
        name: floats[name] + np.float32(0.3) * np.abs(floats[name])
        for name in ("one.weight", "two.weight", "three.weight", "four.weight")
    }
    found = places.find(network, links(network))
    assert [place.shift for place in found] == ["norm.beta", "two.bias", "three.bias", "four.bias"]
    assert [place.end for place in found] == ["norm", "two", "three", "four"]
    other = Chain().set_train(False)
    training.assign(training.parameters_of(other), {**floats, **rough})
    batches = [[IMAGES[:8]], [IMAGES[8:]]]
    exact, quantized = Taps(network, found), Taps(other, found)
    new = bias.corrected(exact, quantized, found, batches, floats)
    fresh = Chain().set_train(False)
    theirs = training.parameters_of(fresh)
    training.assign(theirs, {**floats, **rough})
    before = np.abs((fresh(Tensor(IMAGES)).asnumpy() - wanted).mean(axis=0))
    training.assign(theirs, new)
    after = np.abs((fresh(Tensor(IMAGES)).asnumpy() - wanted).mean(axis=0))
    assert before.max() > 0.01
    assert after.max() < before.max() / 10


def test_statistics_are_those_of_all_batches() -> None:
    network = Normed()
    norms = training.norm_cells(network)
    images = RANDOM.normal(2, 3, size=(12, 1, 28, 28)).astype(np.float32)
    batches = [[images[:6]], [images[6:]]]
    found = statistics.estimated(statistics.prepare(network, norms), norms, batches)
    fresh = Normed()
    parameters = training.parameters_of(fresh)
    training.assign(parameters, training.values(training.parameters_of(network)))
    first = fresh.body[0](Tensor(images)).asnumpy()
    np.testing.assert_allclose(
        found["body.1.moving_mean"], first.mean(axis=(0, 2, 3)), rtol=1e-3, atol=1e-4
    )
    np.testing.assert_allclose(
        found["body.1.moving_variance"], first.var(axis=(0, 2, 3)), rtol=1e-2
    )
    assert set(found) == {
        f"body.{norm}.moving_{which}" for norm in (1, 4) for which in ("mean", "variance")
    }
