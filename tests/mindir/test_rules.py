"""Each substitution by itself: which operators it leaves, with which attributes, or why not."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.mindir.errors import OperatorUnsupported
from pipeline.mindir.rewrite import rewrite
from pipeline.mindir.schema import schema
from pipeline.mindir.values import to_python

X = (1, 8, 4, 4)


def run(model, definitions, *outputs):
    """(operators in order, attributes of the first of each, constants in order, rules)."""
    result = rewrite(model.program(*outputs), definitions)
    proto = schema().ModelProto.FromString(result.data)
    kinds = {primitive.name: primitive for primitive in proto.primitives}
    order = [kinds[node.op_type[5:]] for node in proto.graph.node if node.op_type != "Constant"]
    found = {}
    for primitive in order:
        own = {item.name: to_python(item) for item in primitive.attribute}
        found.setdefault(primitive.op_type, own)
    constants = [
        to_python(node.attribute[0]) for node in proto.graph.node if node.op_type == "Constant"
    ]
    return [item.op_type for item in order], found, constants, dict(result.rules)


def refusal(model, definitions, *outputs):
    with pytest.raises(OperatorUnsupported) as caught:
        rewrite(model.program(*outputs), definitions)
    return caught.value


@pytest.mark.parametrize(
    ("operator", "becomes", "number"),
    [
        ("Muls", "Mul", 2),
        ("Divs", "Div", 6.0),
        ("InplaceMuls", "Mul", 0.5),
        ("InplaceDivs", "Div", 3),
    ],
)
def test_a_tensor_and_a_number(new_model, definitions, operator, becomes, number):
    model = new_model()
    model.add(operator, model.add("ReLU", model.x), number)
    operators, _, (constant,), rules = run(model, definitions)
    assert operators == ["ReLU", becomes]
    assert (constant.dtype, constant.shape, float(constant)) == ("float32", (), number)
    assert rules[operator] == 1


def test_a_number_that_changes_the_type_is_refused(new_model, definitions):
    model = new_model()
    whole = model.input("i", X, data_type=6)
    model.add("Divs", whole, 2.0)
    assert "it turns int32 into float32" in str(refusal(model, definitions))


@pytest.mark.parametrize(
    ("operator", "alpha", "becomes"),
    [
        ("InplaceAddExt", 1, ["ReLU", "Add"]),
        ("AddExt", 1, ["ReLU", "Add"]),
        ("SubExt", 1, ["ReLU", "Sub"]),
        ("InplaceSubExt", 2, ["ReLU", "Mul", "Sub"]),
    ],
)
def test_alpha(new_model, definitions, operator, alpha, becomes):
    model = new_model()
    model.add(operator, model.add("ReLU", model.x), model.x, alpha)
    operators, _, constants, _ = run(model, definitions)
    assert operators == becomes
    assert [float(item) for item in constants] == ([] if alpha == 1 else [alpha])


def test_alpha_of_a_number(new_model, definitions):
    model = new_model()
    model.add("InplaceAddsExt", model.add("ReLU", model.x), 3, 2)
    operators, _, (constant,), _ = run(model, definitions)
    assert operators == ["ReLU", "Add"]
    assert float(constant) == 6.0


def test_update_in_place_of_what_was_read_before_is_an_addition(new_model, definitions):
    model = new_model()
    trunk = model.add("ReLU", model.x)
    branch = model.add("ReduceMean", trunk, (2, 3), True, shape=(1, 8, 1, 1))
    model.add("InplaceAddExt", trunk, branch, 1, model.constant("UMONAD"))
    assert run(model, definitions)[0] == ["ReLU", "ReduceMean", "Add"]


def test_update_in_place_of_what_is_read_elsewhere_is_refused(new_model, definitions):
    model = new_model()
    trunk = model.add("ReLU", model.x)
    branch = model.add("ReduceMean", trunk, (2, 3), True, shape=(1, 8, 1, 1))
    total = model.add("InplaceAddExt", trunk, model.x, 1, model.constant("UMONAD"))
    model.add("Add", total, branch)
    error = refusal(model, definitions)
    assert "InplaceAddExt" in str(error)
    assert "under another name" in str(error)
    assert error.hint == "write y = x + 1 instead of x += 1"


@pytest.mark.parametrize(("axis", "axes"), [(None, ()), (1, (1,)), ((2, 3), (2, 3))])
@pytest.mark.parametrize(
    ("operator", "becomes"), [("SumExt", "ReduceSum"), ("MeanExt", "ReduceMean")]
)
def test_reductions(new_model, definitions, operator, becomes, axis, axes):
    model = new_model()
    model.add(operator, model.x, axis, True, None)
    operators, found, constants, _ = run(model, definitions)
    assert operators == [becomes]
    assert found[becomes] == {"keep_dims": True}
    assert constants == [axes]


def test_reduction_of_another_type_is_refused(new_model, definitions):
    model = new_model()
    model.add("SumExt", model.x, None, False, 42, data_type=10)
    assert "it turns float32 into float16" in str(refusal(model, definitions))


@pytest.mark.parametrize(
    ("limits", "becomes"),
    [
        ((-1.0, 1.0), ["Maximum", "Minimum"]),
        ((None, 6), ["Minimum"]),
        ((0.0, None), ["Maximum"]),
    ],
)
def test_clamp(new_model, definitions, limits, becomes):
    model = new_model()
    model.add("ReLU", model.add("ClampScalar", model.x, *limits))
    operators, _, constants, _ = run(model, definitions)
    assert operators == [*becomes, "ReLU"]
    assert [float(item) for item in constants] == [n for n in limits if n is not None]


@pytest.mark.parametrize(
    ("operator", "becomes"), [("LessScalar", "Less"), ("GreaterEqualScalar", "GreaterEqual")]
)
def test_a_number_to_compare_with_has_the_type_of_the_tensor(
    new_model, definitions, operator, becomes
):
    model = new_model()
    model.add("ReLU", model.add(operator, model.x, 3))
    operators, _, constants, _ = run(model, definitions)
    assert operators[0] == becomes
    assert constants[0].dtype.name == "float32"
    assert float(constants[0]) == 3.0


def matrices(model, left, right):
    return model.input("a", left), model.input("b", right)


@pytest.mark.parametrize(
    ("left", "right", "result", "becomes"),
    [
        ((3, 4), (4, 5), (3, 5), ["MatMul"]),
        ((2, 3, 4), (2, 4, 5), (2, 3, 5), ["BatchMatMul"]),
        ((2, 3, 4), (4, 5), (2, 3, 5), ["Reshape", "MatMul", "Reshape"]),
    ],
)
def test_matmul(new_model, definitions, left, right, result, becomes):
    model = new_model()
    model.add("MatMulExt", *matrices(model, left, right), shape=result)
    assert run(model, definitions)[0] == becomes


@pytest.mark.parametrize(
    ("left", "right", "reason"),
    [((4,), (4, 5), "a vector"), ((2, 3, 4), (1, 4, 5), "are broadcast")],
)
def test_matmul_refusals(new_model, definitions, left, right, reason):
    model = new_model()
    model.add("MatMulExt", *matrices(model, left, right), shape=(3, 5))
    assert reason in str(refusal(model, definitions))


@pytest.mark.parametrize("operator", ["MatMulExt", "BatchMatMul"])
def test_a_transposed_operand_becomes_a_flag(new_model, definitions, operator):
    model = new_model()
    turned = model.add("Transpose", model.x, (0, 1, -1, 2))
    flags = (False, False) if operator == "BatchMatMul" else ()
    model.add(operator, model.x, turned, *flags, shape=(1, 8, 4, 4))
    operators, found, constants, _ = run(model, definitions)
    assert operators == ["BatchMatMul"]
    assert found["BatchMatMul"] == {"transpose_a": False, "transpose_b": True}
    assert constants == []


def test_another_transpose_stays(new_model, definitions):
    model = new_model()
    turned = model.add("Transpose", model.add("BiasAdd", model.x, model.x, 0), (0, 2, 1, 3))
    model.add("BatchMatMul", model.x, turned, False, True)
    assert run(model, definitions)[0] == ["BiasAdd", "Transpose", "BatchMatMul"]


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(3, 4), (2, 3, 4)])
def test_dense(new_model, definitions, shape, bias):
    model = new_model(shape=shape)
    weight = model.parameter("w", np.ones((5, 4), np.float32))
    shift = model.parameter("b", np.ones(5, np.float32)) if bias else None
    model.add("Dense", model.x, weight, shift, shape=(*shape[:-1], 5))
    operators, found, constants, _ = run(model, definitions)
    core = ["MatMul", "BiasAdd"] if bias else ["MatMul"]
    assert operators == (core if len(shape) == 2 else ["Reshape", *core, "Reshape"])
    assert found["MatMul"]["transpose_b"] is True
    assert constants == ([] if len(shape) == 2 else [(6, 4), (2, 3, 5)])


@pytest.mark.parametrize(
    ("size", "becomes", "own"),
    [
        ((1, 1), "ReduceMean", {"keep_dims": True}),
        ((2, 4), "AvgPool", {"kernel_size": (1, 1, 2, 1), "strides": (1, 1, 2, 1)}),
    ],
)
def test_adaptive_average(new_model, definitions, size, becomes, own):
    model = new_model()
    model.add(
        "AdaptiveAvgPool2D",
        model.x,
        attributes={"output_size": size},
        shape=(1, 8, *size),
        function=False,
    )
    operators, found, _, _ = run(model, definitions)
    assert operators == [becomes]
    assert own.items() <= found[becomes].items()


def test_adaptive_average_that_does_not_divide_is_refused(new_model, definitions):
    model = new_model()
    model.add("AdaptiveAvgPool2D", model.x, shape=(1, 8, 3, 3), function=False)
    assert "4x4 pixels do not divide into 3x3" in str(refusal(model, definitions))


def test_average_pool_gets_four_dimensions(new_model, definitions):
    model = new_model()
    model.add("AvgPool", model.x, (2, 2), (2, 2), 2, 0, shape=(1, 8, 2, 2))
    _, found, _, _ = run(model, definitions)
    assert found["AvgPool"]["kernel_size"] == (1, 1, 2, 2)
    assert found["AvgPool"]["pad_mode"] == "VALID"


def padded_pool(model, operator, depth=1, **own):
    deep = model.add("ExpandDims", model.x, 2, shape=(1, 8, depth, 4, 4))
    attributes = {"strides": (1, 2, 2), "ksize": (1, 3, 3), "pads": (0, 1, 1), **own}
    result = (1, 8, depth, 2, 2)
    if operator == "AvgPool3D":
        attributes |= {"kernel_size": (1, 1, 1, 3, 3), "pad_list": (0, 0, 1, 1, 1, 1)}
        attributes = {k: v for k, v in attributes.items() if k not in ("ksize", "pads")}
        attributes["strides"] = (1, 1, 1, 2, 2)
        pooled = model.add(operator, deep, shape=result, attributes=attributes, function=False)
    else:
        both = model.add(
            operator, deep, shape=(result, result), attributes=attributes, function=False
        )
        pooled = model.add("TupleGetItem", both, 0, shape=result, function=False)
    return model.add("Squeeze", pooled, (2,), shape=(1, 8, 2, 2))


def test_padded_maximum_pool(new_model, definitions):
    model = new_model()
    padded_pool(model, "MaxPool3DWithArgmax")
    operators, found, _, _ = run(model, definitions)
    assert operators == ["MaxPool"]
    assert found["MaxPool"]["pad"] == (1, 1, 1, 1)
    assert found["MaxPool"]["pad_mode"] == "PAD"


def test_the_indices_of_a_maximum_pool_are_refused(new_model, definitions):
    model = new_model()
    padded_pool(model, "MaxPool3DWithArgmax")
    index = next(n for n in model.graph.node if "TupleGetItem" in n.op_type).input[1]
    next(n for n in model.graph.node if index in n.output).attribute[0].i = 1
    assert "MaxPool3DWithArgmax" in str(refusal(model, definitions))


@pytest.mark.parametrize(("counted", "becomes"), [(True, ["Pad", "AvgPool"]), (False, ["AvgPool"])])
def test_padded_average_pool(new_model, definitions, counted, becomes):
    model = new_model()
    padded_pool(model, "AvgPool3D", count_include_pad=counted)
    operators, found, _, _ = run(model, definitions)
    assert operators == becomes
    assert found["AvgPool"]["pad_mode"] == ("VALID" if counted else "PAD")


def test_pooling_in_three_dimensions_is_refused(new_model, definitions):
    model = new_model()
    padded_pool(model, "MaxPool3DWithArgmax", depth=3)
    assert "it pools in three dimensions" in str(refusal(model, definitions))


def test_largest_is_less_the_least_of_the_negative(new_model, definitions):
    model = new_model()
    model.add("ReduceMax", model.x, (1,), False, shape=(1, 4, 4))
    operators, found, constants, _ = run(model, definitions)
    assert operators == ["Neg", "ReduceMin", "Neg"]
    assert found["ReduceMin"] == {"keep_dims": False}
    assert constants == [(1,)]


@pytest.mark.parametrize("axis", [1, -3])
@pytest.mark.parametrize(("item", "becomes"), [(0, ["Argmax"]), (1, ["Neg", "ReduceMin", "Neg"])])
def test_best_with_index(new_model, definitions, axis, item, becomes):
    model = new_model()
    both = model.add("ArgMaxWithValue", model.x, axis, False, shape=((1, 4, 4), (1, 4, 4)))
    model.add("TupleGetItem", both, item, shape=(1, 4, 4), function=False)
    assert run(model, definitions)[0] == becomes


def test_numbers_beside_a_tensor_take_its_type(new_model, definitions):
    model = new_model()
    model.add("Div", model.x, np.asarray(3, np.int64))
    _, _, (constant,), rules = run(model, definitions)
    assert constant.dtype == "float32"
    assert rules["Div"] == 1


@pytest.mark.parametrize(
    ("half", "operator", "own"),
    [
        (False, "ResizeBilinear", {"size": (8, 8), "align_corners": False}),
        (True, "Resize", {"new_height": 8, "new_width": 8, "coordinate_transform_mode": 2}),
    ],
)
def test_resize(new_model, definitions, half, operator, own):
    model = new_model()
    model.add("ResizeBilinearV2", model.x, (8, 8), False, half, shape=(1, 8, 8, 8))
    operators, found, _, _ = run(model, definitions)
    assert operators == [operator]
    assert own.items() <= found[operator].items()


def test_pad(new_model, definitions):
    model = new_model()
    model.add(
        "PadV3",
        model.x,
        (1, 2, 3, 4),
        np.zeros((), np.float32),
        attributes={"mode": "constant"},
        function=False,
        shape=(1, 8, 11, 7),
    )
    _, found, _, _ = run(model, definitions)
    assert found["Pad"] == {"paddings": ((0, 0), (0, 0), (3, 4), (1, 2))}


@pytest.mark.parametrize(
    ("mode", "value", "paddings", "reason"),
    [
        ("constant", 1.0, (1, 1), "another number than 0"),
        ("reflect", 0.0, (1, 1), "its mode is reflect"),
        ("constant", 0.0, (-1, 1), "a negative number"),
    ],
)
def test_pad_refusals(new_model, definitions, mode, value, paddings, reason):
    model = new_model()
    number = np.asarray(value, np.float32)
    model.add("PadV3", model.x, paddings, number, attributes={"mode": mode}, function=False)
    assert reason in str(refusal(model, definitions))


@pytest.mark.parametrize("operator", ["SiLU", "Mish", "GeLU"])
def test_activations_become_what_the_converter_has(new_model, definitions, operator):
    model = new_model()
    model.add(operator, model.x)
    operators, _, _, rules = run(model, definitions)
    assert operator not in operators
    assert rules == {operator: 1}


def test_group_norm(new_model, definitions):
    model = new_model()
    scale, shift = (model.parameter(name, np.ones(8, np.float32)) for name in "gb")
    parts = model.add("GroupNorm", model.x, 2, scale, shift, 1e-5, shape=(X, (1, 2), (1, 2)))
    model.add("TupleGetItem", parts, 0, function=False)
    operators, _, constants, _ = run(model, definitions)
    assert operators.count("ReduceMean") == 2
    assert (2, 64) in [item for item in constants if isinstance(item, tuple)]


def test_identity_is_its_input(new_model, definitions):
    model = new_model()
    model.add("ReLU", model.add("Identity", model.x))
    assert run(model, definitions)[0] == ["ReLU"]


@pytest.mark.parametrize(
    ("shape", "becomes"), [(X, ["ReLU"]), ((3, 8, 4, 4), ["BroadcastTo", "ReLU"])]
)
def test_broadcast_tells_the_whole_shape(new_model, definitions, shape, becomes):
    model = new_model()
    model.add("ReLU", model.add("BroadcastTo", model.x, (-1, 8, 4, 4), shape=shape), shape=shape)
    operators, found, _, _ = run(model, definitions)
    assert operators == becomes
    assert found.get("BroadcastTo", {"shape": shape}) == {"shape": shape}


def test_split_tells_its_sizes(new_model, definitions):
    model = new_model()
    half = (1, 4, 4, 4)
    parts = model.add("Split", model.x, 1, 2, shape=(half, half))
    model.add("TupleGetItem", parts, 1, shape=half, function=False)
    _, found, _, _ = run(model, definitions)
    assert found["Split"] == {"axis": 1, "output_num": 2, "size_splits": (4, 4)}


def test_a_number_to_the_power_of_a_tensor(new_model, definitions):
    model = new_model()
    model.add("Pow", np.asarray(2.0, np.float32), model.x)
    operators, _, (factor,), _ = run(model, definitions)
    assert operators == ["Mul", "Exp"]
    assert float(factor) == pytest.approx(np.log(2))


def test_a_tensor_to_the_power_of_a_number_stays(new_model, definitions):
    model = new_model()
    model.add("Pow", model.x, np.asarray(2.0, np.float32))
    assert run(model, definitions)[0] == ["Pow"]


def test_a_negative_number_to_the_power_of_a_tensor_is_refused(new_model, definitions):
    model = new_model()
    model.add("Pow", np.asarray(-2.0, np.float32), model.x)
    assert "its base is neither" in str(refusal(model, definitions))
