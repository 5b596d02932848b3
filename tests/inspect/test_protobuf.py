"""MindIR, checkpoints and ONNX, as MindSpore and ONNX write them."""

from __future__ import annotations

import itertools
import json
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.inspect import encode
from pipeline.inspect.errors import Damaged, Unsupported
from pipeline.inspect.look import look
from pipeline.inspect.record import Kind
from pipeline.inspect.source import Source
from pipeline.inspect.wire import Message, fields
from tests.inspect.decode import data_of, values
from tests.inspect.models import DATA, inspected
from tests.inspect.writers import message, varint

_NAMES = {"0.weight", "0.bias", "2.weight", "6.weight", "6.bias"}


def test_mindir() -> None:
    model = look(DATA / "small.mindir")
    assert (model.kind, model.version, model.producer) == (
        Kind.MINDIR,
        "MindIR 3",
        "MindSpore 2.10.0",
    )
    (entry,), (end,) = model.inputs, model.outputs
    assert (entry.dtype, entry.shape, entry.format) == ("float32", (1, 2, 8, 8), "NCHW")
    assert (end.name, end.shape) == ("Default/6-Dense/BiasAdd-op0", (1, 10))
    assert {item.kind: item.count for item in model.operator_kinds} == {
        "Conv2D": 2,
        "BiasAdd": 2,
        "ReLU": 2,
        "MaxPool": 1,
        "Flatten": 1,
        "MatMul": 1,
    }
    assert {item.name for item in model.tensors} == _NAMES


@pytest.mark.parametrize("name", ["small.mindir", "small.onnx"])
def test_weights_are_those_of_the_checkpoint(name: str) -> None:
    model, checkpoint = look(DATA / name), look(DATA / "small.ckpt")
    assert {item.name for item in model.tensors} == _NAMES
    for item in model.tensors:
        assert np.array_equal(values(model, item.name), values(checkpoint, item.name))


def test_a_checkpoint() -> None:
    model = look(DATA / "small.ckpt")
    assert (model.kind, model.details) == (Kind.CHECKPOINT, {"checksum": "holds"})
    assert {item.name: item.shape for item in model.tensors}["2.weight"] == (8, 1, 3, 3)
    assert model.parameter_count == 1514
    assert model.smells == ()


def test_a_checkpoint_of_other_types() -> None:
    found = {item.name: item for item in look(DATA / "kinds.ckpt").tensors}
    assert {name: (item.dtype, item.shape) for name, item in found.items()} == {
        "step": ("int32", ()),
        "half": ("float16", (2, 3)),
        "epoch": ("int64", ()),
        "who": ("string", (0,)),
    }


def test_a_checksum_that_does_not_hold() -> None:
    data = bytearray((DATA / "small.ckpt").read_bytes())
    data[100] ^= 1
    model = inspected(bytes(data))
    assert [smell.code for smell in model.smells] == ["checksum"]


def test_a_parameter_in_pieces_is_one() -> None:
    def piece(content: bytes) -> bytes:
        tensor = message((1, 2), (1, 3), (2, "Float32"), (3, content))
        return message((1, message((1, "w"), (2, tensor))))

    other = message((1, message((1, "b"), (2, message((1, 1), (2, "Int8"), (3, b"\5"))))))
    data = piece(b"a" * 16) + piece(b"b" * 8) + other
    model = inspected(data)
    weight, _ = model.tensors
    assert (weight.shape, weight.stored_bytes, len(weight.stored)) == ((2, 3), 24, 2)
    assert b"".join(data[at : at + n] for at, n in weight.stored) == b"a" * 16 + b"b" * 8
    assert model.smells == ()


def test_a_map_parameter_is_counted_by_its_bytes() -> None:
    model = inspected(message((1, message((1, "m"), (3, message((1, b"xyz")))))))
    assert (model.tensors[0].dtype, model.tensors[0].shape) == ("map", None)


def test_encrypted_files_are_refused() -> None:
    with pytest.raises(Unsupported, match="encrypted"):
        look(DATA / "encrypted.ckpt")


def test_external_parameters_of_mindir() -> None:
    away = message((1, "net_variables/data_0"), (2, 64), (3, 4000))
    parameter = message((1, 1000), (2, 1), (7, "net:w"), (12, away))
    model = inspected(message((1, "0.1"), (7, message((3, parameter)))), "net.mindir")
    (weight,) = model.tensors
    assert (weight.name, weight.external, weight.stored_bytes) == (
        "w",
        "net_variables/data_0",
        4000,
    )


def test_functions_of_mindir_are_counted_by_name() -> None:
    add = message((1, "Add:1"), (2, "Add"))
    inner = message((1, message((2, "o"), (4, "REF::Add:1"))), (2, "body"))
    outer = message((1, message((2, "p"), (4, "REF::body"))), (2, "main"))
    model = inspected(message((1, "0.1"), (7, outer), (8, inner), (12, add), (13, 1)))
    assert [(item.kind, item.graph) for item in model.operators] == [("call", ""), ("Add", "body")]


def test_mindir_without_a_graph() -> None:
    with pytest.raises(Damaged, match="no graph"):
        inspected(message((1, "0.1"), (2, "MindSpore"), (13, 1)), "net.mindir")


def test_onnx_by_mindspore() -> None:
    model = look(DATA / "small.onnx")
    assert (model.kind, model.version) == (Kind.ONNX, "IR 4, opset 11")
    assert [item.name for item in model.inputs] == ["input_data"]
    assert model.outputs[0].shape == (1, 10)
    assert {item.kind: item.count for item in model.operator_kinds}["Conv"] == 2
    assert model.macs == look(DATA / "fp32.ms").macs


def test_numbers_of_a_message() -> None:
    packed = varint(2) + varint(3) + varint(300)
    graph = message((5, message((1, packed), (2, 1), (8, "w"), (9, bytes(7200)))))
    model = inspected(message((1, 8), (7, graph)), "x.onnx")
    assert model.tensors[0].shape == (2, 3, 300)


def test_onnx_by_the_onnx_package(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx", reason="the onnx package is not installed")
    helper, kinds = onnx.helper, onnx.TensorProto
    weight = np.arange(-12, 12, dtype=np.int8).reshape(4, 6)
    scale = np.array([0.5, 0.25, 0.125, 2.0], np.float32)
    zero = np.array([0, 1, -2, 3], np.int8)
    branch = helper.make_graph(
        [helper.make_node("Relu", ["p"], ["b"], name="inner")],
        "branch",
        [],
        [helper.make_tensor_value_info("b", kinds.FLOAT, None)],
    )
    graph = helper.make_graph(
        [
            helper.make_node("DequantizeLinear", ["w", "s", "z"], ["wf"], axis=0),
            helper.make_node("MatMul", ["x", "wf"], ["p"], name="product"),
            helper.make_node("If", ["c"], ["y"], then_branch=branch, else_branch=branch),
        ],
        "g",
        [
            helper.make_tensor_value_info("x", kinds.FLOAT, ["n", 4]),
            helper.make_tensor_value_info("c", kinds.BOOL, []),
        ],
        [helper.make_tensor_value_info("y", kinds.FLOAT, ["n", 6])],
        [
            onnx.numpy_helper.from_array(weight, "w"),
            onnx.numpy_helper.from_array(scale, "s"),
            onnx.numpy_helper.from_array(zero, "z"),
        ],
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.x", 1)]
    model = helper.make_model(graph, producer_name="tests", opset_imports=opsets)
    path = tmp_path / "net.onnx"
    onnx.save(model, str(path))
    found = look(path)
    assert found.version == f"IR {model.ir_version}, opset 17, com.x 1"
    assert found.inputs[0].shape == (-1, 4)
    assert found.inputs[1].shape == ()
    tensor = next(item for item in found.tensors if item.name == "w")
    assert tensor.quantization is not None
    assert tensor.quantization.scales == tuple(scale)
    assert tensor.quantization.zero_points == tuple(zero)
    assert tensor.quantization.axis == 0
    assert data_of(path, tensor) == weight.tobytes()
    assert [item.graph for item in found.operators] == ["", "", "", "branch", "branch"]
    assert [smell.code for smell in found.smells] == ["open-shapes"]


def test_quantized_onnx_of_our_own() -> None:
    weight = message((1, 2), (1, 3), (2, 3), (8, "w"), (9, bytes(6)))
    scale = message((1, 2), (2, 1), (8, "s"), (4, struct.pack("<2f", 0.5, 0.25)))
    zero = message((1, 2), (2, 3), (8, "z"), (5, varint(1) + varint(-2)))
    use = message((1, "w"), (1, "s"), (1, "z"), (2, "y"), (4, "DequantizeLinear"))
    graph = message((1, use), (5, weight), (5, scale), (5, zero))
    model = inspected(message((1, 8), (7, graph), (8, message((2, 13)))))
    tensor = next(item for item in model.tensors if item.name == "w")
    assert tensor.quantization is not None
    assert tensor.quantization.scales == (0.5, 0.25)
    assert tensor.quantization.zero_points == (1, -2)


def _constant(kind: int, size: int, *numbers: tuple[int, bytes]) -> bytes:
    return message((1, size), (2, kind), (8, "w"), *numbers)


@pytest.mark.parametrize(
    ("constant", "fits"),
    [
        (_constant(7, 1, (7, varint(-1))), True),
        (_constant(7, 3, (7, varint(-1) + varint(7) + varint(300))), True),
        (_constant(7, 3, (7, varint(-1) + varint(7))), False),
        (_constant(7, 2, (7, 5), (7, 6)), True),
        (_constant(7, 2, (7, 5)), False),
        (_constant(13, 2, (11, varint(1 << 63) + varint(1))), True),
        (_constant(10, 2, (5, varint(15360) + varint(48128))), True),
        (_constant(3, 2, (5, varint(1) + varint(-2))), True),
        (_constant(7, 2, (9, bytes(16))), True),
        (_constant(7, 2, (9, bytes(15))), False),
    ],
)
def test_numbers_of_varying_length_are_counted(constant: bytes, fits: bool) -> None:
    model = inspected(message((1, 8), (7, message((5, constant)))), "x.onnx")
    assert [smell.code for smell in model.smells] == ([] if fits else ["wrong-lengths"])
    json.dumps(model.as_json(), allow_nan=False)


@given(st.lists(st.integers(-(1 << 63), (1 << 63) - 1), min_size=1, max_size=20))
def test_what_is_encoded_is_read(numbers: list[int]) -> None:
    packed = b"".join(map(encode.varint, numbers))
    data = encode.message((3, packed), *((4, number) for number in numbers), (5, "name"))
    assert data == message((3, packed), *((4, number) for number in numbers), (5, "name"))
    found = Message(Source(data, Path("x")), 0, len(data), (3, 4, 5))
    for field in (3, 4):
        assert found.integers(field, 20) == tuple(numbers)
        assert found.count(field) == len(numbers)
    assert found.text(5) == "name"


@given(st.lists(st.tuples(st.integers(1, 40), st.integers(0, 300) | st.binary()), max_size=8))
def test_fields_end_where_the_next_begins(parts: list[tuple[int, int | bytes]]) -> None:
    data = message(*parts)
    source = Source(data, Path("x"))
    ends = [0, *(field[3] for field in fields(source, 0, len(data)))]
    pieces = [data[begin:end] for begin, end in itertools.pairwise(ends)]
    assert pieces == [message(part) for part in parts]
