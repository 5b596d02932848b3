"""Comparing by itself: what differs, what only lies otherwise, and what cannot be compared."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from pipeline.chain.given import InputsUnfit, arrays, fitted
from pipeline.core.tensors import TensorFacts
from pipeline.inspect.record import Inspection, Kind, Operator, Quantization, Tensor
from pipeline.stages.cells import Cells
from pipeline.stages.checkpoint.cells import CellOutput
from pipeline.stages.divergence import (
    Difference,
    Divergence,
    State,
    closest,
    layer_of,
    measure,
    state_of,
)
from pipeline.stages.given import inputs_row
from pipeline.stages.layers import against_model, against_network
from pipeline.stages.trace import Trace, activated, assemble
from pipeline.toolchain import dump
from pipeline.toolchain.dump import Node, NodeOutput

RANDOM = np.random.default_rng(5)


def test_measures():
    one = np.array([3.0, 4.0])
    assert measure(one, one) == Difference(1.0, 0.0, 0.0, 0)
    assert measure(np.zeros(2), np.zeros(2)) == Difference(1.0, 0.0, 0.0, 0)
    assert measure(2 * one, one) == Difference(1.0, 1.0, 4.0, 0)
    assert measure(-one, one) == Difference(-1.0, 2.0, 8.0, 0)
    assert measure(np.zeros(2), one) == Difference(0.0, 1.0, 4.0, 0)
    assert measure(one, np.zeros(2)) == Difference(0.0, math.inf, 4.0, 0)
    assert measure(np.array([np.nan, np.inf, 1]), np.ones(3)).nan_count == 2


@pytest.mark.parametrize(
    ("ours", "theirs", "state"),
    [
        ([1, 2, 3], [1, 2, 3], State.SAME),
        ([1, 2, 3.01], [1, 2, 3], State.SAME),
        ([1, 2, 3.5], [1, 2, 3], State.DIFFERS),
        ([2, 4, 6], [1, 2, 3], State.DIFFERS),  # its cosine is 1
        ([1, 2, math.nan], [1, 2, 3], State.DIFFERS),
        ([1, 2, 3], [1, 2, math.nan], State.INNER),
        ([0, 0, 1], [0, 0, 0], State.DIFFERS),
    ],
)
def test_states(ours, theirs, state):
    assert state_of(measure(np.array(ours), np.array(theirs)), 0.9999) is state


def test_the_order_of_axes_is_found():
    network = RANDOM.normal(size=(1, 3, 4, 5))
    found = closest(network.transpose(0, 2, 3, 1), [np.zeros(7), network])
    assert found is not None
    assert found.relative_error == 0.0
    signal = RANDOM.normal(size=(1, 3, 9))
    found = closest(signal.transpose(0, 2, 1), [signal])
    assert found is not None
    assert found.relative_error == 0.0
    assert closest(network, [np.zeros(7)]) is None


@pytest.mark.parametrize(
    ("node", "layer"),
    [
        ("Default/conv1-Conv2d/Conv2D-op0", "conv1"),
        ("Default/a-SequentialCell/0-My-Block/conv-Conv2d/Conv2D-op3", "a.0-My.conv"),
        ("Default/Add-op0", ""),
        ("Add-op0", ""),
        ("stem/conv/Conv", "stem.conv"),
        ("/stem/conv/Conv", "stem.conv"),
        ("", ""),
    ],
)
def test_a_layer_is_told_by_the_operators_name(node, layer):
    assert layer_of(node) == layer


@pytest.mark.parametrize("name", ["RELU", "RELU6", "SIGMOID", "TANH", "HSWISH", "HSIGMOID"])
def test_activations(name):
    values = np.array([-4.0, -1.0, 0.0, 1.0, 7.0])
    found = activated(values, name)
    assert found.shape == values.shape
    assert np.isfinite(found).all()
    assert not np.array_equal(found, values)
    assert activated(values, "NONSENSE") is None


class Model:
    """A chain of operators with given values, as a dump and a file would tell of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.nodes: list[Node] = []
        self.operators: list[Operator] = []
        self.tensors: list[Tensor] = []

    def add(
        self,
        name: str,
        values: np.ndarray | None,
        kind: str = "Conv2DFusion",
        activation: str = "",
        inputs: tuple[str, ...] | None = None,
        quantization: Quantization | None = None,
    ) -> Model:
        path = None
        if values is not None:
            path = self.folder / f"{len(self.nodes)}.bin"
            path.write_bytes(np.ascontiguousarray(values).tobytes())
        dtype = values.dtype.name if values is not None else "float32"
        shape = values.shape if values is not None else (0,)
        before = self.nodes[-1].name if self.nodes else "input"
        self.nodes.append(Node(name, kind, (NodeOutput(name, dtype, shape, "NHWC", path),)))
        self.operators.append(
            Operator(name, kind, inputs or (before,), (name,), activation=activation)
        )
        self.tensors.append(Tensor(name, dtype, shape, quantization=quantization))
        return self

    def trace(self) -> Trace:
        found = Inspection(
            self.folder, Kind.MS, 1, "MSL2", "", operators=tuple(self.operators),
            computed=tuple(self.tensors),
        )  # fmt: skip
        return assemble(self.nodes, found, f"{self.folder.name}.ms")


def _values(*shape: int) -> np.ndarray:
    return RANDOM.normal(size=shape).astype(np.float32)


def test_a_quantized_model_is_compared_in_real_numbers(tmp_path):
    first, second = _values(1, 4, 4, 3), np.abs(_values(1, 50))
    numbers = np.round(first / 0.05 - 7).clip(-128, 127).astype(np.int8)
    fp32 = Model(tmp_path / "fp32").add("a/conv", first).add("a/fc", second, activation="RELU")
    int8 = (
        Model(tmp_path / "int8")
        .add("a/conv_cast", numbers, "QuantDTypeCast")
        .add("a/conv", numbers, quantization=Quantization(8, (0.05,), (-7,)))
        .add("a/fc", second - 2 * (second < 0.1))  # its RELU comes as an operator of its own
    )
    found = against_model(int8.trace(), fp32.trace(), 0.99)
    assert found.first is None, found.message
    assert [row.node for row in found.layers] == ["a/conv", "a/fc"]
    assert found.unmatched == 1
    assert found.message.startswith("int8.ms agrees with fp32.ms in all 2 layers compared")


def test_a_quantized_output_without_a_scale_is_left_out(tmp_path):
    fp32 = Model(tmp_path / "fp32").add("conv", _values(1, 9))
    int8 = Model(tmp_path / "int8").add("conv", np.zeros((1, 9), np.int8))
    found = against_model(int8.trace(), fp32.trace(), 0.99)
    assert (found.layers, found.unmatched) == ((), 1)


def test_the_costliest_layer_is_not_the_one_that_only_passes_the_loss_on(tmp_path):
    base = _values(1, 200)
    noise = _values(1, 200)
    right, wrong = Model(tmp_path / "right"), Model(tmp_path / "wrong")
    for model, amounts in ((right, (0, 0, 0)), (wrong, (0.02, 0.3, 0.31))):
        for name, amount in zip("abc", amounts, strict=True):
            model.add(f"{name}/MatMul", (base + amount * noise).astype(np.float32))
    found = against_model(wrong.trace(), right.trace(), 0.99)
    assert found.first is not None and found.first.layer == "b"
    assert found.costliest is not None and found.costliest.layer == "b"
    assert found.layers[2].lost < 0.01


def _cells(folder: Path, *named: tuple[str, np.ndarray]) -> list[CellOutput]:
    cells = []
    for number, (name, values) in enumerate(named):
        path = folder / f"cell{number}.npy"
        np.save(path, values)
        cells.append(CellOutput(name, path))
    return cells


def _beside(model: Model, cells: list[CellOutput]) -> Divergence:
    trace = model.trace()
    return against_network(trace, Cells(trace, cells), "net", 0.9999)


def test_what_a_network_does_between_its_cells_is_no_difference(tmp_path):
    """A sum that no cell gives is inner: the layer after it is right."""
    conv, inner, fc = _values(1, 6, 6, 4), _values(1, 6, 6, 4), _values(1, 40)
    cells = _cells(tmp_path, ("conv", conv.transpose(0, 3, 1, 2)), ("fc", fc), ("", fc))
    model = (
        Model(tmp_path / "model")
        .add("Default/conv-Conv2d/Conv2D-op0", conv)
        .add("Default/Add-op0", inner, "AddFusion")
        .add("Default/fc-Dense/MatMul-op0", fc, "MatMulFusion")
    )
    found = _beside(model, cells)
    assert found.first is None, found.message
    wrong = (
        Model(tmp_path / "wrong")
        .add("Default/conv-Conv2d/Conv2D-op0", conv)
        .add("Default/Add-op0", inner, "AddFusion")
        .add("Default/fc-Dense/MatMul-op0", fc + 1, "MatMulFusion")
    )
    found = _beside(wrong, cells)
    assert found.first is not None and found.first.layer == "fc"


def test_nan_counts_wherever_it_comes_first(tmp_path):
    conv = _values(1, 6, 6, 4)
    broken = conv.copy()
    broken[0, 0, 0, :2] = np.nan, np.inf
    cells = _cells(tmp_path, ("conv", conv.transpose(0, 3, 1, 2)), ("", conv))
    model = Model(tmp_path / "model").add("Default/conv-Conv2d/Conv2D-op0", broken)
    found = _beside(model, cells)
    assert found.message.endswith("conv (Conv2DFusion Default/conv-Conv2d/Conv2D-op0), "
                                  "2 NaN or infinite values")  # fmt: skip
    json.dumps(found.as_json(), allow_nan=False)


def test_an_input_that_is_right_has_no_remark():
    values = _values(1, 4, 4, 3)
    row = inputs_row("x", values, values, 0.9999)
    assert (row.state, row.remark) == (State.SAME, "")
    assert Divergence("a", "b", 0.9, (row,)).first is None


@pytest.mark.parametrize(
    ("index", "error"),
    [
        ({"schema": 2, "nodes": []}, ValueError),
        ({"nodes": []}, KeyError),
        ({"schema": 1, "nodes": [{"name": "a"}]}, KeyError),
        (
            {"schema": 1, "nodes": [{"name": "a", "type": "b", "outputs": [
                {"name": "o", "dtype": "float32", "shape": [1], "format": "NHWC",
                 "file": "../../etc/passwd"}]}]},
            ValueError,
        ),
    ],
)  # fmt: skip
def test_an_index_that_is_none_is_refused(tmp_path, index, error):
    with pytest.raises(error):
        dump.parse(index, tmp_path)


def test_packed_channels_are_unpacked(tmp_path):
    values = _values(2, 3, 2, 6)
    filled = np.zeros((2, 3, 2, 8), np.float32)
    filled[..., :6] = values
    packed = filled.reshape(2, 6, 2, 4).transpose(0, 2, 1, 3)
    (tmp_path / "a.bin").write_bytes(np.ascontiguousarray(packed).tobytes())
    output = NodeOutput("a", "float32", (2, 3, 2, 6), "NC4HW4", tmp_path / "a.bin")
    np.testing.assert_array_equal(dump.read(output), values)
    with pytest.raises(ValueError, match="a has 96 elements"):
        dump.read(NodeOutput("a", "float32", (2, 3, 2, 6), "NHWC", tmp_path / "a.bin"))


IMAGE = TensorFacts("x", "float32", (1, 2, 2, 3), "NHWC")


def test_inputs_are_read_made_up_and_moved(tmp_path):
    values = _values(4, 2, 2, 3)
    np.save(tmp_path / "x.npy", values)
    (tmp_path / "x.bin").write_bytes(values.tobytes())
    for name in ("x.npy", "x.bin"):
        (array,) = arrays("m", [IMAGE], [tmp_path / name])
        np.testing.assert_array_equal(array, values[:1])
    (made,) = arrays("m", [IMAGE], [])
    assert np.array_equal(made, arrays("m", [IMAGE], [])[0])
    other = TensorFacts("x", "float32", (1, 3, 2, 2), "NCHW")
    (moved,) = fitted("m", [made], [IMAGE], [other])
    np.testing.assert_array_equal(moved, made.transpose(0, 3, 1, 2))


def test_inputs_that_do_not_fit_are_told(tmp_path):
    np.save(tmp_path / "short.npy", np.zeros(5, np.float32))
    np.save(tmp_path / "double.npy", np.zeros(12))
    (tmp_path / "text.npy").write_text("no array")
    for name, text in (
        ("short.npy", "has 5 values"), ("double.npy", "float64"), ("text.npy", "cannot be read"),
    ):  # fmt: skip
        with pytest.raises(InputsUnfit, match=text):
            arrays("m", [IMAGE], [tmp_path / name])
    with pytest.raises(InputsUnfit, match="2 files for its 1 inputs"):
        arrays("m", [IMAGE], [tmp_path / "a", tmp_path / "b"])
    with pytest.raises(InputsUnfit, match="the reference's x float32"):
        fitted("m", [np.zeros((1, 2, 2, 3))], [IMAGE], [TensorFacts("y", "float32", (1, 5), "NC")])
