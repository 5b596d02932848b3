"""Version 3 to version 1: arguments, side effects, names, refusals."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.core.errors import ExitCode
from pipeline.mindir import document
from pipeline.mindir.errors import OperatorUnsupported
from pipeline.mindir.rewrite import rewrite
from pipeline.mindir.schema import schema
from pipeline.mindir.values import DataType, to_python


def rewritten(model, definitions, *outputs, **options):
    """The new file's protobuf."""
    data = rewrite(model.program(*outputs), definitions, **options).data
    return schema().ModelProto.FromString(data)


def attributes(proto, operator):
    """The attributes of the one primitive called ``operator``, as Python values."""
    (primitive,) = (item for item in proto.primitives if item.op_type == operator)
    return {item.name: to_python(item) for item in primitive.attribute}


def nodes(proto):
    return [node for node in proto.graph.node if node.op_type != "Constant"]


def test_arguments_become_attributes(new_model, definitions):
    model = new_model()
    weight = model.parameter("w", np.ones((8, 4), np.float32))
    model.add("MatMul", model.x, weight, False, True)
    proto = rewritten(model, definitions)
    assert proto.mind_ir_version == 1
    assert attributes(proto, "MatMul") == {"transpose_a": False, "transpose_b": True}
    assert not proto.primitives[0].HasField("prim_type")
    assert [list(node.input) for node in nodes(proto)] == [["graph:x", "graph:w"]]
    assert not [node for node in proto.graph.node if node.op_type == "Constant"]


def test_numbers_become_the_strings_and_types_they_stand_for(new_model, definitions):
    model = new_model()
    bias = model.parameter("b", np.ones(8, np.float32))
    biased = model.add("BiasAdd", model.x, bias, 1)
    model.add("Argmax", biased, 1, 35, shape=(1, 4, 4), data_type=7)
    proto = rewritten(model, definitions)
    assert attributes(proto, "BiasAdd") == {"data_format": "NHWC", "format": "NHWC"}
    assert attributes(proto, "Argmax") == {"axis": 1, "output_type": DataType("int64")}


def test_operators_of_any_number_of_inputs(new_model, definitions):
    model = new_model()
    stats = [model.parameter(name, np.ones(8, np.float32)) for name in "abcd"]
    model.add("BatchNorm", model.x, *stats, False, 0)
    proto = rewritten(model, definitions)
    assert len(nodes(proto)[0].input) == 5
    assert attributes(proto, "BatchNorm")["is_training"] is False


def test_one_primitive_with_two_arguments_becomes_two(new_model, definitions):
    model = new_model()
    first = model.add("ReduceMean", model.x, (2,), True, shape=(1, 8, 1, 4))
    second = model.add("ReduceMean", first, (3,), False, shape=(1, 8, 1))
    model.graph.node[-1].op_type = next(
        node.op_type for node in model.graph.node if first in node.output
    )
    proto = rewritten(model, definitions, second)
    assert [item.op_type for item in proto.primitives] == ["ReduceMean", "ReduceMean"]
    assert len({node.op_type for node in nodes(proto)}) == 2


def test_older_primitives_are_left_as_they_are(new_model, definitions):
    model = new_model()
    model.add("MaxPool", model.x, attributes={"kernel_size": (1, 1, 2, 2)}, function=False)
    proto = rewritten(model, definitions)
    assert attributes(proto, "MaxPool") == {"kernel_size": (1, 1, 2, 2)}


def test_tokens_of_side_effects_are_removed(new_model, definitions):
    model = new_model()
    weight = model.parameter("w", np.ones((1, 8, 4, 4), np.float32))
    token = model.constant("UMONAD")
    loaded = model.add("Load", weight, token, function=False)
    total = model.add("Add", model.x, loaded)
    state = model.add("UpdateState", token, loaded, function=False, shape="UMONAD")
    model.add("Depend", total, state, function=False)
    proto = rewritten(model, definitions)
    assert [node.domain for node in nodes(proto)] == ["Default/block-Block/Add-op0"]
    assert list(nodes(proto)[0].input) == ["graph:x", "graph:w"]
    assert proto.graph.output[0].name == "graph:Add-op0"


def test_an_operator_that_changes_state_is_named(new_model, definitions):
    model = new_model()
    weight = model.parameter("w", np.ones((1, 8, 4, 4), np.float32))
    model.add("Assign", weight, model.x, model.constant("UMONAD"), scope="Default/ema-EMA")
    with pytest.raises(OperatorUnsupported) as caught:
        rewritten(model, definitions)
    assert "Assign at Default/ema-EMA (it changes state while the network runs)" in str(
        caught.value
    )
    assert "set_train(False)" in caught.value.hint


def test_every_operator_that_cannot_be_mapped_is_named(new_model, definitions):
    model = new_model()
    first = model.add("Dawn", model.x, scope="Default/a-A")
    second = model.add("ReduceMean", first, (2,), first, scope="Default/b-B")
    model.add("BiasAdd", second, second, 9, scope="Default/c-C")
    with pytest.raises(OperatorUnsupported) as caught:
        rewritten(model, definitions)
    assert [str(item) for item in caught.value.operators] == [
        "Dawn at Default/a-A (the installed MindSpore has no such operator)",
        "ReduceMean at Default/b-B (its argument keep_dims is computed while the network runs)",
        "BiasAdd at Default/c-C (its argument data_format has the unknown value 9)",
    ]
    assert caught.value.exit_code is ExitCode.TOOLCHAIN


def test_wrong_number_of_inputs_is_named(new_model, definitions):
    model = new_model()
    model.add("MatMul", model.x, model.x, True)
    with pytest.raises(OperatorUnsupported, match=r"it has 3 inputs where .* says 4"):
        rewritten(model, definitions)


def test_an_operator_that_the_converter_lacks_is_named(new_model, definitions):
    model = new_model()
    model.add("MirrorPad", model.x, function=False)
    with pytest.raises(OperatorUnsupported, match=r"MirrorPad at .*the converter has no such"):
        rewritten(model, definitions)
    assert rewritten(model, definitions, accepted=("MirrorPad",)).mind_ir_version == 1


def test_what_no_output_needs_is_left_out_even_if_it_cannot_be_mapped(new_model, definitions):
    model = new_model()
    model.add("Dawn", model.x)
    model.add("ReLU", model.x)
    assert [node.domain for node in nodes(rewritten(model, definitions))] == [
        "Default/block-Block/ReLU-op0"
    ]


def test_parameters_that_nothing_reads_are_left_out(new_model, definitions):
    model = new_model()
    model.parameter("unused", np.ones(3, np.float32))
    model.add("Add", model.x, model.parameter("used", np.ones(4, np.float32)))
    proto = rewritten(model, definitions)
    assert [item.name for item in proto.graph.parameter] == ["graph:used"]


def test_branches_are_named(new_model, definitions):
    model = new_model()
    model.add("Switch", model.x, model.x, model.x, function=False)
    with pytest.raises(OperatorUnsupported, match="what runs next depends on values") as caught:
        rewritten(model, definitions)
    assert "ops.where" in caught.value.hint


def test_inputs_get_the_names_asked_for(new_model, definitions):
    model = new_model()
    other = model.input("y", (1, 8, 4, 4))
    model.add("Add", model.x, other)
    proto = rewritten(model, definitions, input_names=("left", "right"))
    assert [item.name for item in proto.graph.input] == ["graph:left", "graph:right"]
    assert list(nodes(proto)[0].input) == ["graph:left", "graph:right"]


def test_an_input_and_a_parameter_of_one_name_stay_apart(new_model, definitions):
    model = new_model()
    weight = model.parameter("x", np.ones((1, 8, 4, 4), np.float32))
    model.graph.parameter[0].name = "other_graph:x"
    model.add("Add", model.x, weight)
    model.graph.node[-1].input[1] = "other_graph:x"
    proto = rewritten(model, definitions)
    assert list(nodes(proto)[0].input) == ["graph:x", "graph:x_1"]


@pytest.mark.parametrize("nested", [False, True])
def test_several_outputs_become_a_flat_tuple(new_model, definitions, nested):
    model = new_model()
    half = (1, 4, 4, 4)
    parts = model.add("Split", model.x, 1, 2, shape=(half, half))
    if nested:
        activated = model.add("ReLU", model.x)
        whole = ((1, 8, 4, 4), (half, half))
        model.add("MakeTuple", activated, parts, shape=whole, function=False)
    result = rewrite(model.program(), definitions)
    proto = schema().ModelProto.FromString(result.data)
    (output,) = (node for node in nodes(proto) if node.name == proto.graph.output[0].name)
    assert output.domain.split("/")[-1].startswith("MakeTuple")
    assert len(output.input) == 2 + nested
    assert [item.shape for item in result.after.outputs] == [(1, 8, 4, 4)] * nested + [half] * 2


def test_names_carry_nothing_of_the_process_that_exported(new_model, definitions):
    def data(prefix):
        model = new_model(prefix=prefix)
        weight = model.parameter("w", np.ones((8, 4), np.float32))
        product = model.add("MatMul", model.x, weight, False, True)
        model.add("ReduceMean", product, (2, 3), True, shape=(1, 8, 1, 1))
        return rewrite(model.program(), definitions).data

    assert data("7_1_net") == data("4711_99_net")
    assert b"compile_phase" not in data("1_1_net")


def test_addresses_in_the_exporters_memory_are_left_out(new_model, definitions):
    def data(address):
        model = new_model()
        model.add("ReLU", model.x)
        model.graph.node[-1].attribute[0].tensors[0].ref_key = address
        model.graph.input[0].tensor[0].ref_key = address
        return rewrite(model.program(), definitions).data

    assert data("0x562f2ff99d901") == data("0x557172e04b601")


def test_the_order_of_nodes_in_the_file_does_not_matter(new_model, definitions):
    model = new_model()
    left = model.add("ReLU", model.x)
    right = model.add("ReduceMean", model.x, (2, 3), True, shape=(1, 8, 1, 1))
    model.add("Add", left, right)
    straight = model.program()
    moved = list(model.graph.node)[::-1]
    del model.graph.node[:]
    model.graph.node.extend(moved)
    turned = document.parse(model.proto.SerializeToString())
    assert rewrite(straight, definitions).data == rewrite(turned, definitions).data


def test_rewriting_twice_changes_nothing(new_model, definitions):
    model = new_model()
    model.add("ReduceMean", model.x, (2, 3), True, shape=(1, 8, 1, 1))
    once = rewrite(model.program(), definitions)
    twice = rewrite(document.parse(once.data), definitions)
    assert twice.data == once.data
    assert (once.before.version, once.after.version, twice.before.version) == (3, 1, 1)
    assert twice.rules == {}
