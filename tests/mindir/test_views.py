"""Views become operators that copy; one that something writes to is refused."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.mindir.errors import OperatorUnsupported
from pipeline.mindir.operators import Operator
from pipeline.mindir.rewrite import rewrite
from tests.mindir.test_rules import refusal, run

MASKS = ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask")


class Known:
    """Definitions of operators without arguments."""

    def find(self, name):
        return Operator(name, None, ())


@pytest.mark.parametrize(
    ("operator", "arguments", "shape", "becomes", "constant"),
    [
        ("View", ((1, 128),), (1, 128), "Reshape", (1, 128)),
        ("BroadcastToView", ((2, 8, 4, 4),), (2, 8, 4, 4), "BroadcastTo", None),
        ("ExpandDimsView", (-1,), (1, 8, 4, 4, 1), "Reshape", (1, 8, 4, 4, 1)),
        ("TransposeView", ((0, -1, 1, 2),), (1, 4, 8, 4), "Transpose", (0, 3, 1, 2)),
        ("TransposeExtView", (1, -2), (1, 4, 8, 4), "Transpose", (0, 2, 1, 3)),
    ],
)
def test_shapes(new_model, operator, arguments, shape, becomes, constant):
    model = new_model()
    model.add(operator, model.add("Sin", model.x), *arguments, shape=shape)
    operators, _, constants, rules = run(model, Known())
    assert operators == ["Sin", becomes] and constants == ([constant] if constant else [])
    assert rules[operator] == 1


@pytest.mark.parametrize(
    ("order", "joined", "turn"),
    [
        ((0, 3, 1, 2), (6, 4), (1, 0)),
        ((0, 2, 3, 1), (2, 12), (1, 0)),
        ((0, 2, 1, 3), (2, 3, 4), (1, 0, 2)),
        ((0, 3, 2, 1), (2, 3, 4), (2, 1, 0)),
    ],
)
@pytest.mark.parametrize("scaled", [False, True])
def test_an_input_is_turned_in_fewer_dimensions(new_model, order, joined, turn, scaled):
    source = (1, 2, 3, 4)
    shape = tuple(source[axis] for axis in order)
    model = new_model(source)
    values = model.add("Mul", model.x, np.array(2, np.float32)) if scaled else model.x
    model.add("Transpose", values, order, shape=shape)
    operators, _, constants, _ = run(model, Known())
    assert operators == [*["Mul"] * scaled, "Reshape", "Transpose", "Reshape"]
    assert constants[-3:] == [joined, turn, shape]
    data = np.arange(24).reshape(source)
    turned = data.reshape(joined).transpose(turn).reshape(shape)
    np.testing.assert_array_equal(turned, data.transpose(order))


@pytest.mark.parametrize(
    ("operator", "arguments", "shape", "places"),
    [
        ("NarrowView", (1, 2, 3), (1, 3, 4, 4), ((0, 2, 0, 0), (1, 5, 4, 4), (1, 1, 1, 1))),
        ("NarrowView", (-3, -3, 3), (1, 3, 4, 4), ((0, 5, 0, 0), (1, 8, 4, 4), (1, 1, 1, 1))),
        ("SliceExtView", (2, 1, 99, 2), (1, 8, 2, 4), ((0, 0, 1, 0), (1, 8, 4, 4), (1, 1, 2, 1))),
        ("SliceExtView", (1, -2, 8, 1), (1, 2, 4, 4), ((0, 6, 0, 0), (1, 8, 4, 4), (1, 1, 1, 1))),
    ],
)
def test_slices(new_model, definitions, operator, arguments, shape, places):
    model = new_model()
    model.add(operator, model.x, *arguments, shape=shape)
    operators, attributes, constants, _ = run(model, definitions)
    assert operators == ["StridedSlice"] and tuple(constants) == places
    assert attributes["StridedSlice"] == dict.fromkeys(MASKS, 0)


def test_one_place_loses_its_dimension(new_model, definitions):
    model = new_model()
    model.add("SelectExtView", model.x, 1, -1, shape=(1, 4, 4))
    operators, _, constants, _ = run(model, definitions)
    assert operators == ["StridedSlice", "Reshape"]
    assert constants == [(0, 7, 0, 0), (1, 8, 4, 4), (1, 1, 1, 1), (1, 4, 4)]


@pytest.mark.parametrize(
    ("operator", "arguments"),
    [
        ("Chunk", (2, 1)),
        ("ChunkView", (2, 1)),
        ("SplitTensorView", (4, 1)),
        ("SplitWithSizeView", ((4, 4), 1)),
    ],
)
def test_equal_parts(new_model, definitions, operator, arguments):
    model = new_model()
    both = model.add(operator, model.x, *arguments, shape=((1, 4, 4, 4),) * 2)
    model.add("ReLU", model.add("TupleGetItem", both, 1, function=False, shape=(1, 4, 4, 4)))
    operators, attributes, _, _ = run(model, definitions)
    assert operators == ["Split", "TupleGetItem", "ReLU"]
    assert attributes["Split"] == {"axis": 1, "output_num": 2, "size_splits": (4, 4)}


@pytest.mark.parametrize(
    ("operator", "arguments"),
    [
        ("ChunkView", (3, 1)),
        ("SplitTensor", (3, 1)),
        ("SplitTensorView", (3, -3)),
        ("SplitWithSize", ((3, 3, 2), 1)),
    ],
)
def test_unequal_parts(new_model, definitions, operator, arguments):
    model = new_model()
    shapes = ((1, 3, 4, 4), (1, 3, 4, 4), (1, 2, 4, 4))
    three = model.add(operator, model.x, *arguments, shape=shapes)
    model.add("ReLU", model.add("TupleGetItem", three, 2, function=False, shape=shapes[2]))
    operators, _, constants, _ = run(model, definitions)
    assert operators == ["StridedSlice", "ReLU"]
    assert constants == [(0, 6, 0, 0), (1, 8, 4, 4), (1, 1, 1, 1)]


def test_each_place_by_itself(new_model, definitions):
    model = new_model()
    every = model.add("UnstackExtView", model.x, -1, shape=((1, 8, 4),) * 4)
    model.add("ReLU", model.add("TupleGetItem", every, 3, function=False, shape=(1, 8, 4)))
    operators, attributes, _, _ = run(model, definitions)
    assert operators == ["Unstack", "TupleGetItem", "ReLU"]
    assert attributes["Unstack"] == {"axis": 3, "num": 4}


def test_what_is_written_to_while_a_view_sees_it_is_refused(new_model, definitions):
    model = new_model()
    values = model.add("ReLU", model.x)
    view = model.add("NarrowView", values, 1, 0, 8)
    changed = model.add("InplaceAddExt", values, view, 1, model.constant("UMONAD"))
    model.add("Add", changed, view)
    with pytest.raises(OperatorUnsupported, match="used under another name"):
        rewrite(model.program(), definitions)


@pytest.mark.parametrize(
    ("order", "becomes"),
    [(2, ["Mul", "ReduceSum", "Sqrt", "Maximum"]), (1, ["Abs", "ReduceSum", "Maximum"])],
)
def test_length_of_vectors(new_model, definitions, order, becomes):
    model = new_model()
    own = {"axis": (1,), "p": order, "keep_dims": True, "epsilon": 1e-12}
    model.add("LpNorm", model.x, attributes=own, function=False, shape=(1, 1, 4, 4))
    operators, attributes, constants, _ = run(model, definitions)
    assert operators == becomes
    assert attributes["ReduceSum"] == {"keep_dims": True}
    assert constants[0] == (1,) and float(constants[1]) == pytest.approx(1e-12)


def test_another_order_of_norm_is_refused(new_model, definitions):
    model = new_model()
    own = {"axis": (1,), "p": 3, "keep_dims": False, "epsilon": 1e-12}
    model.add("LpNorm", model.x, attributes=own, function=False, shape=(1, 4, 4))
    assert "its order is 3" in str(refusal(model, definitions))
