"""Arithmetic: numbers beside tensors, updates in place, reductions."""

from __future__ import annotations

import math

import numpy as np

from pipeline.mindir.arguments import to_attributes
from pipeline.mindir.program import Node
from pipeline.mindir.rules.rule import Rule
from pipeline.mindir.scene import Scene, Unmappable


def with_number(operator: str) -> Rule:
    """A tensor and a number (``Muls``): ``operator`` of the tensor and a constant tensor."""

    def rule(scene: Scene, node: Node) -> str:
        left, right = node.inputs[:2]
        return scene.add(operator, [left, _operand(scene, node, right)], node)

    return rule


def compared(operator: str) -> Rule:
    """A tensor compared with a number (``LessScalar``): with a constant of its type."""

    def rule(scene: Scene, node: Node) -> str:
        left, right = node.inputs[:2]
        number = scene.scalar(scene.value(right, "number"), scene.tensor(left).dtype)
        return scene.add(operator, [left, number], node)

    return rule


def with_alpha(operator: str) -> Rule:
    """``x + alpha * y`` (``AddExt``, ``InplaceAddExt``), where alpha is mostly 1."""

    def rule(scene: Scene, node: Node) -> str:
        left, right = node.inputs[:2]
        alpha = scene.value(node.inputs[2], "alpha") if len(node.inputs) > 2 else 1
        if scene.is_constant(right) and not hasattr(scene.value(right, "operand"), "shape"):
            right = scene.constant_like(node, scene.value(right, "operand") * alpha)
        elif alpha != 1:
            shape, dtype = scene.tensor(right).shape, scene.tensor(right).dtype
            factor = scene.scalar(alpha, dtype)
            right = scene.add("Mul", [right, factor], node, shape=shape, dtype=dtype)
        _same_type(scene, node, left)
        return scene.add(operator, [left, right], node)

    return rule


def clamp(scene: Scene, node: Node) -> str:
    """``ClampScalar``: the larger of the lower limit, the smaller of the upper."""
    output, *limits = node.inputs
    for operator, limit in zip(("Maximum", "Minimum"), limits, strict=True):
        if scene.value(limit, "limit") is not None:
            output = scene.add(operator, [output, _operand(scene, node, limit)], node)
    return output


def same_types(scene: Scene, node: Node) -> str:
    """A number beside a tensor of another type: MindSpore converts it, version 1 does not."""
    tensors = [name for name in node.inputs[:2] if not scene.is_constant(name)]
    if len(tensors) != 1:
        return node.output
    dtype = scene.tensor(tensors[0]).dtype
    for position, name in enumerate(node.inputs[:2]):
        if name not in tensors:
            number = np.asarray(scene.value(name, "operand"))
            if number.dtype.name != dtype:
                node.inputs[position] = scene.constant(number.astype(dtype))
    return node.output


def power(scene: Scene, node: Node) -> str:
    """``Pow`` of a number to a tensor: e to the tensor times the number's logarithm."""
    base, exponent = node.inputs[:2]
    if scene.is_constant(base) and scene.tensor(exponent).shape != ():
        number = np.asarray(scene.value(base, "base"))
        if number.size != 1 or float(number.reshape(())) <= 0:
            raise Unmappable("its base is neither a tensor nor a positive number")
        factor = scene.constant_like(node, math.log(float(number.reshape(()))))
        return scene.add("Exp", [scene.add("Mul", [exponent, factor], node)], node)
    return same_types(scene, node)


def reduction(operator: str) -> Rule:
    """``SumExt``, ``MeanExt``: a reduction whose axis may be None and whose type may be told."""

    def rule(scene: Scene, node: Node) -> str:
        values, axis_name, keep, _ = node.inputs
        axis = scene.value(axis_name, "axis")
        axes = () if axis is None else axis if isinstance(axis, tuple) else (axis,)
        _same_type(scene, node, values)
        keep_dims = bool(scene.value(keep, "keepdim"))
        return scene.add(operator, [values, scene.constant(axes)], node, {"keep_dims": keep_dims})

    return rule


def largest(scene: Scene, node: Node) -> str:
    """``ReduceMax``: less the least of the negative.

    MindSpore Lite 2.0 begins at the smallest positive number, so that no maximum is below 0.
    """
    if node.function:
        to_attributes(scene, node)
    values, *axes = node.inputs
    source = scene.tensor(values)
    if not source.dtype.startswith("float"):
        return node.output
    turned = scene.add("Neg", [values], node, shape=source.shape, dtype=source.dtype)
    flags = {"keep_dims": bool(scene.attribute(node, "keep_dims"))}
    least = scene.add("ReduceMin", [turned, *axes], node, flags)
    return scene.add("Neg", [least], node)


def norm(scene: Scene, node: Node) -> str:
    """``LpNorm`` of order 2 (the length of vectors) or 1 (the sum of what is positive of them)."""
    if node.function:
        to_attributes(scene, node)
    order, axis = int(scene.attribute(node, "p")), scene.attribute(node, "axis")
    if order not in (1, 2):
        raise Unmappable(f"its order is {order}", "ops.pow and ops.reduce_sum")
    source = scene.tensor(node.inputs[0])
    positive, inputs = ("Mul", node.inputs * 2) if order == 2 else ("Abs", node.inputs)
    term = scene.add(positive, inputs, node, shape=source.shape, dtype=source.dtype)
    axes = scene.constant(axis if isinstance(axis, tuple) else (axis,))
    flags = {"keep_dims": bool(scene.attribute(node, "keep_dims"))}
    total = scene.add("ReduceSum", [term, axes], node, flags)
    length = scene.add("Sqrt", [total], node) if order == 2 else total
    least = scene.constant_like(node, float(scene.attribute(node, "epsilon") or 0.0))
    return scene.add("Maximum", [length, least], node)


def best_with_index(index: str, value: str) -> Rule:
    """``ArgMaxWithValue``: the index and the value, each by its own operator."""

    def rule(scene: Scene, node: Node) -> str:
        values, axis_name, keep_name = node.inputs
        keep = bool(scene.value(keep_name, "keep_dims"))
        source = scene.tensor(values)
        axis = int(scene.value(axis_name, "axis")) % max(1, len(source.shape))
        left = [1] if keep else []
        shape = [*source.shape[:axis], *left, *source.shape[axis + 1 :]]
        axes, flags = scene.constant((axis,)), {"keep_dims": keep}
        best = scene.add(value, [values, axes], node, flags, shape=shape, dtype=source.dtype)
        if value == "ReduceMax":
            best = largest(scene, scene.node(best))
        place = scene.add(
            index, [values], node, {"axis": axis, **flags}, shape=shape, dtype="int32"
        )
        return scene.add("MakeTuple", [place, best], node)

    return rule


def _operand(scene: Scene, node: Node, name: str) -> str:
    """``name``, or a constant tensor when it is a number; both of the result's type."""
    if not scene.is_constant(name) or hasattr(scene.value(name, "operand"), "shape"):
        return name
    _same_type(scene, node, node.inputs[0])
    return scene.constant_like(node, scene.value(name, "operand"))


def _same_type(scene: Scene, node: Node, name: str) -> None:
    before, after = scene.tensor(name).dtype, scene.result(node).dtype
    if before != after:
        raise Unmappable(f"it turns {before} into {after}", f"cast to {after} first")
