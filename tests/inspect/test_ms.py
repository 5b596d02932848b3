"""``.ms`` files, as the converter of MindSpore Lite 2.0 writes them and as nobody should."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from pipeline.inspect.errors import Damaged, NotAModel, Unsupported
from pipeline.inspect.look import look
from pipeline.inspect.record import Inspection, Kind, Tensor
from tests.inspect.decode import values
from tests.inspect.models import DATA, inspected, ms, node, param, tensor
from tests.inspect.writers import Scalar, Table, Vector, flatbuffer

_WEIGHTS = ("0.weight", "2.weight", "6.weight")


def of(name: str) -> Inspection:
    return look(DATA / f"{name}.ms")


def found(model: Inspection, name: str) -> Tensor:
    return next(item for item in model.tensors if item.name == name)


def test_a_float_model() -> None:
    model = of("fp32")
    assert model.kind is Kind.MS
    assert (model.version, model.producer) == ("MSL2", "MindSpore Lite 2.0.0")
    assert model.details["converted_from"] == "MINDIR"
    (entry,), (end,) = model.inputs, model.outputs
    assert (entry.name, entry.dtype, entry.shape, entry.format) == (
        "x",
        "float32",
        (1, 8, 8, 2),
        "NHWC",
    )
    assert (end.dtype, end.shape) == ("float32", (1, 10))
    counts = {item.kind: item.count for item in model.operator_kinds}
    assert counts == {
        "Conv2DFusion": 2,
        "MaxPoolFusion": 1,
        "Flatten": 1,
        "MatMulFusion": 1,
        "Transpose": 1,
    }
    assert [item.activation for item in model.operators if item.kind == "Conv2DFusion"] == [
        "RELU",
        "RELU",
    ]
    assert model.quantized_operators == {"QUANT_NONE": 6}
    assert [smell.code for smell in model.smells] == ["transposes"]


def test_multiply_accumulates_are_those_of_the_network() -> None:
    first, depthwise, dense = 8 * 8 * 8 * 9 * 2, 8 * 8 * 8 * 9, 128 * 10
    model = of("fp32")
    assert model.macs == first + depthwise + dense
    assert model.macs_unknown == 0
    assert look(DATA / "small.mindir").macs == model.macs
    assert of("full_8").macs == model.macs


@pytest.mark.parametrize("bits", range(1, 17))
def test_every_width_is_read_so_that_the_weights_come_back(bits: int) -> None:
    model, real = of(f"weight_{bits}"), of("fp32")
    for name in _WEIGHTS:
        weight = found(model, name)
        if (quantization := weight.quantization) is None:
            assert name == "2.weight"  # the converter spares depthwise weights above 3 bits
            assert bits > 3
            continue
        assert (quantization.bits, weight.bits) == (bits, bits)
        assert weight.dtype == ("int8" if bits <= 8 else "int16")
        assert quantization.per_channel
        assert quantization.axis == 0
        assert weight.shape is not None
        assert len(quantization.scales) == weight.shape[0]
        assert weight.stored_bits is not None
        if quantization.compression == "BITPACKING":
            assert weight.stored_bits == pytest.approx(bits, abs=0.3)
        error = np.abs(values(model, name) - values(real, name))
        scales = np.array(quantization.scales).reshape(-1, *[1] * (error.ndim - 1))
        if bits > 1:  # with one bit, hardly anything is left
            assert (error / scales).max() < 0.7


def test_compressions_that_the_converter_chooses() -> None:
    assert {
        found(of("weight_1"), name).quantization.compression  # type: ignore[union-attr]
        for name in _WEIGHTS
    } == {"SPARSE", "BITPACKING"}
    two = found(of("weight_2"), "6.weight").quantization
    assert two is not None
    assert (two.compression, two.codebook) == ("SPARSE", 4)
    eight = found(of("weight_8"), "6.weight").quantization
    assert eight is not None
    assert (eight.compression, eight.symmetric) == ("NONE", False)


def test_full_quantization() -> None:
    model, real = of("full_8"), of("fp32")
    assert model.quantized_operators == {"QUANT_ALL": 4, "QUANT_NONE": 8}
    assert ("casts", 6) in [(smell.code, smell.count) for smell in model.smells]
    weight = found(model, "6.weight")
    assert weight.quantization is not None
    assert weight.quantization.symmetric
    assert np.abs(values(model, "6.weight") - values(real, "6.weight")).max() < 0.006
    bias = found(model, "6.bias")
    assert (bias.dtype, bias.bits) == ("int32", 32)
    assert np.abs(values(model, "6.bias") - values(real, "6.bias")).max() < 0.02
    (entry,) = model.inputs
    assert entry.dtype == "float32"  # parameters alone do not make it integer
    assert entry.bits == 32
    assert entry.quantization is not None
    assert any(item.dtype == "int8" and item.quantization for item in model.computed)


def test_dynamic_and_half() -> None:
    assert of("dynamic_8").quantized_operators["QUANT_DYNAMIC"] == 2
    half = of("fp16")
    assert {item.dtype for item in half.types} == {"float16", "int32"}
    assert half.parameter_bytes == (of("fp32").parameter_bytes - 16) // 2 + 16


def test_sizes_add_up() -> None:
    for path in (*sorted(DATA.glob("*.ms")), DATA / "small.mindir", DATA / "small.onnx"):
        model = look(path)
        assert sum(item.constant_bytes for item in model.operators) == model.parameter_bytes
        assert sum(item.stored_bytes for item in model.types) == model.parameter_bytes
        assert model.parameter_bytes < model.size_bytes == path.stat().st_size


def test_absent_version_and_names() -> None:
    model = inspected(ms([Table({}), Table({})], [node(1, [0], [1], "")], [0], [1]))
    assert model.producer == ""
    assert model.inputs[0].name == "#0"
    assert model.operators[0].name == "node 0"
    assert model.inputs[0].shape is None


def test_unknown_and_newer_operators_are_named() -> None:
    nodes = [node(kind, [0], [0]) for kind in (221, 230, 1)]
    model = inspected(ms([tensor("t", [1])], nodes))
    assert [item.kind for item in model.operators] == ["FillV2", "Op#230", "Abs"]
    assert {smell.code: smell.count for smell in model.smells} == {
        "newer-operators": 2,
        "unknown-operators": 1,
    }


def test_codebooks() -> None:
    indexing = tensor(
        "i", [64], 32, bytes([0x34]) + bytes(20), [param(1.0, bits=4)], f11=Scalar("i", 1)
    )
    sparse = tensor(
        "s", [64], 32, bytes([5, 0, 0, 0, 9, 0x08]) + bytes(9), [param(1.0)], f11=Scalar("i", 2)
    )
    clusters = tensor("c", [4], 32, bytes(4), f8=Vector("f", [0.5, 1.5, 2.5]))
    short = tensor("e", [4], 32, bytes(4), [param(1.0)], f11=Scalar("i", 1))
    books = [
        item.quantization.codebook if item.quantization else None
        for item in inspected(ms([indexing, sparse, clusters, short])).tensors
    ]
    assert books == [3, 8, 3, 0]


def test_external_data_are_counted_and_not_followed() -> None:
    away = Table({1: "weights.msw", 2: Scalar("q", 4096), 3: Scalar("q", 400)})
    model = inspected(ms([tensor("w", [10, 10], f12=Vector("", [away]))]))
    (weight,) = model.tensors
    assert (weight.external, weight.stored_bytes, weight.stored) == ("weights.msw", 400, ())
    assert [smell.code for smell in model.smells] == ["external-data"]


def test_data_that_two_tensors_share_count_once() -> None:
    data = ms([tensor("a", [4], data=bytes(16)), tensor("b", [4], data=b"\1" * 16)])
    first = data.index(struct.pack("<I", 16) + bytes(16))
    second = data.index(struct.pack("<I", 16) + b"\1" * 16)
    pointer = next(
        at for at in range(8, second, 4) if struct.unpack_from("<I", data, at)[0] == second - at
    )
    # b comes after a's data, so a is pointed to b's
    other = next(
        at for at in range(8, first, 4) if struct.unpack_from("<I", data, at)[0] == first - at
    )
    shared = bytearray(data)
    struct.pack_into("<I", shared, other, second - other)
    assert pointer != other
    model = inspected(bytes(shared))
    assert model.parameter_bytes == 16
    assert [item.stored_bytes for item in model.tensors] == [16, 16]


def test_operators_of_other_graphs_are_told_apart() -> None:
    graphs = [Table({0: "main", 3: Vector("I", [0])}), Table({0: "body", 3: Vector("I", [1])})]
    nodes = [node(1, [0], [0]), node(1, [0], [0])]
    model = inspected(ms([tensor("t", [1])], nodes, f8=Vector("", graphs)))
    assert [item.graph for item in model.operators] == ["", "body"]
    assert model.details["graphs"] == 2


def test_smells_of_tensors() -> None:
    model = inspected(
        ms(
            [
                tensor("open", [-1, 8]),
                tensor("short", [4], data=bytes(4)),
                tensor("nan", [4], 32, bytes(4), [param(float("nan"))]),
            ],
            inputs=[0],
        )
    )
    assert [smell.code for smell in model.smells] == ["open-shapes", "wrong-lengths", "bad-scales"]
    assert model.inputs[0].elements is None


@pytest.mark.parametrize("mark", [b"MSL0", b"MSL1"])
def test_old_formats_are_refused(mark: bytes) -> None:
    with pytest.raises(Unsupported, match=mark.decode()):
        inspected(flatbuffer(Table({}), mark))


def test_newer_formats_and_none_are_refused() -> None:
    with pytest.raises(NotAModel, match="MSL2"):
        inspected(flatbuffer(Table({}), b"MSL3"))
    with pytest.raises(NotAModel, match="encrypted"):
        inspected(b"\x93\x01\x02\x03 nothing that is known", "model.ms")


def test_a_tensor_that_is_not_there() -> None:
    with pytest.raises(Damaged, match="tensor 7 is named of 1"):
        inspected(ms([tensor("t", [1])], [node(1, [7], [0])]))


def test_impossible_shapes() -> None:
    with pytest.raises(Damaged, match="33 dimensions"):
        inspected(ms([tensor("t", [1] * 33)]))
    with pytest.raises(Damaged, match="more elements"):
        inspected(ms([tensor("t", [2**31 - 1] * 3)]))


def test_every_prefix_of_a_file_is_damaged_or_no_model() -> None:
    data = (DATA / "weight_4.ms").read_bytes()
    for end in range(1, len(data) - 8, 7):
        with pytest.raises((Damaged, NotAModel)):
            inspected(data[:end], "model.ms")
