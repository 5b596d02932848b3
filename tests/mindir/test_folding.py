"""What depends on no input is computed on the way: which results, and what is left alone."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.mindir.operators import Argument, Operator
from pipeline.mindir.rewrite import rewrite
from pipeline.mindir.schema import schema
from pipeline.mindir.values import to_python

SHAPE = (2, 3)
NUMBERS = np.arange(6, dtype=np.float32).reshape(SHAPE) - 2


ARGUMENTS = {
    "Concat": ("axis",),
    "CumSum": ("exclusive", "reverse"),
    "StridedSlice": (
        "begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask",
    ),
}  # fmt: skip


class Table:
    """The definitions of what is used here."""

    def find(self, name):
        return Operator(name, None, tuple(map(Argument, ARGUMENTS.get(name, ()))))


def folded(new_model, build):
    """(operators that are left, values of the constants, rules) of x + what ``build`` adds."""
    model = new_model(SHAPE)
    model.add("Add", model.x, build(model))
    result = rewrite(model.program(), Table())
    proto = schema().ModelProto.FromString(result.data)
    constants = [
        to_python(node.attribute[0]) for node in proto.graph.node if node.op_type == "Constant"
    ]
    return list(result.after.operators), constants, dict(result.rules)


@pytest.mark.parametrize(
    ("operator", "inputs", "expected"),
    [
        ("Sin", (NUMBERS,), np.sin(NUMBERS)),
        ("Mul", (NUMBERS, NUMBERS), NUMBERS * NUMBERS),
        ("Muls", (NUMBERS, 2), NUMBERS * 2),
        ("Pow", (np.array(3, np.float32), NUMBERS), 3**NUMBERS),
        ("FloorDiv", (NUMBERS, np.array(2, np.float32)), NUMBERS // 2),
        ("CumSum", (NUMBERS, 1, False, False), NUMBERS.cumsum(1)),
        ("Reshape", (NUMBERS.reshape(3, 2), (2, 3)), NUMBERS),
        ("Transpose", (NUMBERS.T.copy(), (1, 0)), NUMBERS),
    ],
)
def test_a_constant_part_is_computed(new_model, operator, inputs, expected):
    operators, (constant,), rules = folded(
        new_model, lambda model: model.add(operator, *inputs, shape=SHAPE)
    )
    assert operators == ["Add"]
    np.testing.assert_allclose(constant, expected, rtol=1e-6)
    assert constant.dtype == np.float32 and rules["constants"] == 1


@pytest.mark.parametrize(
    ("begin", "end", "strides", "masks", "expected"),
    [
        ((0, 1), (2, 3), (1, 1), (0, 0, 0, 0, 0), NUMBERS[0:2, 1:3]),
        ((0, -1), (0, 0), (1, 1), (1, 3, 0, 0, 0), NUMBERS[:, -1:]),
        ((5, 0), (0, 0), (1, 2), (1, 3, 0, 0, 0), NUMBERS[:, ::2]),
        ((1, 0), (2, 0), (1, 1), (0, 2, 0, 0, 1), NUMBERS[1]),
    ],
)
def test_slices_with_masks(new_model, begin, end, strides, masks, expected):
    operators, (constant,), _ = folded(
        new_model,
        lambda model: model.add(
            "StridedSlice", NUMBERS, begin, end, strides, *masks, shape=expected.shape
        ),
    )
    assert operators == ["Add"]
    np.testing.assert_array_equal(constant, expected)


def test_a_chain_and_a_tuple_of_constants(new_model):
    def build(model):
        half = model.add("Cos", NUMBERS[:1].copy(), shape=(1, 3))
        whole = model.add("MakeTuple", half, NUMBERS[1:].copy(), shape=((1, 3), (1, 3)))
        return model.add("Concat", whole, 0, shape=SHAPE)

    operators, (constant,), rules = folded(new_model, build)
    assert operators == ["Add"] and rules["constants"] == 2
    np.testing.assert_allclose(constant, np.concatenate([np.cos(NUMBERS[:1]), NUMBERS[1:]]))


@pytest.mark.parametrize("name", ["input", "parameter"])
def test_what_depends_on_an_input_or_a_parameter_stays(new_model, name):
    def build(model):
        source = model.x if name == "input" else model.parameter("weight", NUMBERS)
        return model.add("Sin", source)

    operators, _, rules = folded(new_model, build)
    assert operators == ["Add", "Sin"] and "constants" not in rules


@pytest.mark.parametrize(
    ("operator", "inputs", "told"),
    [
        ("Sin", (NUMBERS,), {"shape": (3, 2)}),  # not the shape that MindSpore noted
        ("Sin", (NUMBERS,), {"shape": SHAPE, "data_type": 6}),  # nor its kind of number
        ("Reshape", (NUMBERS, (4, 2)), {"shape": SHAPE}),
        ("StridedSlice", (NUMBERS, (0, 0), (2, 3), (1, 1), 0, 0, 1, 0, 0), {"shape": SHAPE}),
        ("CumSum", (NUMBERS, 1, True, False), {"shape": SHAPE}),
    ],
)
def test_what_is_not_as_expected_is_left_to_the_converter(new_model, operator, inputs, told):
    operators, _, rules = folded(new_model, lambda model: model.add(operator, *inputs, **told))
    assert operator in operators and "constants" not in rules


def test_a_large_result_is_not_stored(new_model):
    large = np.zeros((1024, 1025), np.float32)
    _, _, rules = folded(new_model, lambda model: model.add("Neg", large, shape=large.shape))
    assert "constants" not in rules


def test_an_output_is_not_replaced(new_model):
    model = new_model(SHAPE)
    model.add("Sin", NUMBERS)
    assert rewrite(model.program(), Table()).after.operators == {"Sin": 1}


def test_infinite_numbers_are_not_cast(new_model):
    infinite = np.full(SHAPE, np.inf, np.float32)
    _, _, rules = folded(
        new_model, lambda model: model.add("Cast", infinite, 34, shape=SHAPE, data_type=6)
    )
    assert "constants" not in rules
