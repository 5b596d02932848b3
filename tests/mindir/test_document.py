"""Reading, describing and writing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.errors import ExitCode
from pipeline.mindir import document
from pipeline.mindir.errors import NotAMindIR
from pipeline.mindir.schema import schema
from pipeline.mindir.values import DataType, Opaque, to_attribute, to_python


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        False,
        7,
        -1,
        0.5,
        "NCHW",
        (),
        (1, 2),
        ((0, 0), (1, 1)),
        (True, 2.5, "same", None),
        DataType("float16"),
    ],
)
def test_values_come_back_as_they_were(value):
    attribute = to_attribute("some", value)
    assert attribute.name == "some"
    assert to_python(attribute) == value
    assert type(to_python(attribute)) is type(value)


@pytest.mark.parametrize("dtype", ["float32", "float16", "int64", "int32", "uint8", "bool"])
@pytest.mark.parametrize("shape", [(), (1,), (2, 3)])
def test_tensors_come_back_as_they_were(dtype, shape):
    array = np.arange(int(np.prod(shape))).reshape(shape).astype(dtype)
    back = to_python(to_attribute("some", array))
    assert back.dtype == array.dtype
    assert back.shape == shape
    assert np.array_equal(back, array)


def test_a_damaged_tensor_is_no_value():
    attribute = to_attribute("some", np.zeros(4, np.float32))
    attribute.tensors[0].raw_data = b"abc"
    assert to_python(attribute) == Opaque("damaged tensor value0")


def test_facts(new_model):
    model = new_model()
    weight = model.parameter("fc.weight", np.zeros((8, 4), np.float32))
    model.add("MatMul", model.x, weight, False, True, shape=(1, 8))
    model.add("ReLU", model.graph.node[-1].output[0], shape=(1, 8))
    facts = document.describe(model.program())
    assert (facts.version, facts.producer) == (3, "MindSpore 2.10.0")
    assert facts.operators == {"MatMul": 1, "ReLU": 1}
    assert [(i.name, i.dtype, i.shape) for i in facts.inputs] == [("x", "float32", (1, 8, 4, 4))]
    assert [(p.name, p.shape) for p in facts.parameters] == [("fc.weight", (8, 4))]
    assert facts.outputs[0].shape == (1, 8)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "it has no graph"),
        (b"just some text", "not a protobuf of its schema"),
        (b"\x93NUMPY\x01\x00", "not a protobuf of its schema"),
        (bytes(64), "not a protobuf of its schema"),
    ],
)
def test_what_is_no_mindir_is_named(tmp_path, data, reason):
    path = tmp_path / "net.mindir"
    path.write_bytes(data)
    with pytest.raises(NotAMindIR) as caught:
        document.load(path)
    assert str(caught.value).startswith(f"{path} is not a MindIR model: {reason}")
    assert caught.value.exit_code is ExitCode.USAGE


def test_a_graph_that_runs_in_a_circle_is_refused(new_model, definitions):
    model = new_model()
    first = model.add("ReLU", model.x)
    second = model.add("ReLU", first)
    model.graph.node[0].input[0] = second
    with pytest.raises(NotAMindIR, match="runs in a circle through ReLU"):
        document.serialize(model.program())


def test_parameters_kept_in_another_file_are_refused(new_model):
    model = new_model()
    model.parameter("w", np.zeros(2, np.float32))
    model.graph.parameter[0].external_data.location = "data_0"
    model.add("ReLU", model.x)
    with pytest.raises(NotAMindIR, match="the data of 7_1_net:w is in another file"):
        model.program()


@settings(max_examples=300, deadline=None)
@given(position=st.floats(0, 1), byte=st.integers(0, 255), cut=st.floats(0, 1))
def test_damage_is_an_error_or_a_model_never_a_crash(new_model_data, position, byte, cut):
    damaged = bytearray(new_model_data)
    damaged[int(position * (len(damaged) - 1))] = byte
    damaged = damaged[: int(len(damaged) * max(cut, 0.2))]
    try:
        program = document.parse(bytes(damaged))
        document.describe(program)
        document.serialize(program)
    except NotAMindIR:
        pass


@pytest.fixture(scope="module")
def new_model_data():
    from tests.mindir.conftest import Model

    model = Model()
    weight = model.parameter("w", np.ones((4, 4), np.float32))
    product = model.add("MatMul", model.x, weight, False, True)
    model.add("ReduceMean", product, (2, 3), True, shape=(1, 8, 1, 1))
    return model.data()


def test_schema_does_not_import_mindspore():
    import subprocess
    import sys

    code = "import sys; from pipeline.mindir.schema import schema; schema().ModelProto(); "
    code += "print('mindspore' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "False", done.stderr
    assert schema().ModelProto().IsInitialized()
