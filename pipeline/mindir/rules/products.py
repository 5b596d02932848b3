"""Matrix products and dense layers."""

from __future__ import annotations

import math
from collections.abc import Sequence

from pipeline.mindir.arguments import to_attributes
from pipeline.mindir.program import Node
from pipeline.mindir.scene import Scene, Unmappable
from pipeline.mindir.values import to_attribute


def matmul(scene: Scene, node: Node) -> str:
    """``MatMulExt``: as ``MatMul`` for matrices, as ``BatchMatMul`` for equal batches of them."""
    first, second = node.inputs
    left, right = scene.tensor(first).shape, scene.tensor(second).shape
    if len(left) < 2 or len(right) < 2:
        raise Unmappable("a vector is multiplied", "reshape it to a matrix first")
    if len(left) > 2 and len(right) == 2:
        return _rows_times_matrix(scene, node)
    operator = "MatMul" if len(left) == len(right) == 2 else "BatchMatMul"
    if operator == "BatchMatMul" and left[:-2] != right[:-2]:
        raise Unmappable(
            f"batches of {left[:-2]} and {right[:-2]} matrices are broadcast",
            "broadcast them yourself, or use nn.Dense",
        )
    return _product(scene, node, operator, first, second)


def transposed_operands(scene: Scene, node: Node) -> str:
    """``MatMul``, ``BatchMatMul`` of a ``Transpose``: the flag instead.

    Where MindSpore Lite 2.0 folds the transpose of a batch itself, the product comes out wrong.
    """
    if node.function:
        to_attributes(scene, node)
    for position, name in enumerate(("transpose_a", "transpose_b")):
        node.inputs[position], turned = _turned(scene, node.inputs[position])
        flag = bool(scene.attribute(node, name)) != turned
        node.attributes[name] = to_attribute(name, flag)
    return node.output


def dense(scene: Scene, node: Node) -> str:
    """``Dense`` (``mint.nn.Linear``): ``MatMul`` by the transposed weight, ``BiasAdd``."""
    values, weight, bias = node.inputs
    result, source = scene.result(node), scene.tensor(values)
    rows = math.prod(source.shape[:-1])
    matrix = (rows, result.shape[-1])
    if len(source.shape) != 2:
        flat = (rows, source.shape[-1])
        values = scene.add("Reshape", [values, scene.constant(flat)], node, shape=flat)
    flags = {"transpose_a": False, "transpose_b": True}
    output = scene.add("MatMul", [values, weight], node, flags, shape=matrix)
    if not scene.is_constant(bias) or scene.value(bias, "bias") is not None:
        layout = {"data_format": "NCHW", "format": "NCHW"}
        output = scene.add("BiasAdd", [output, bias], node, layout, shape=matrix)
    if len(source.shape) != 2:
        output = scene.add("Reshape", [output, scene.constant(result.shape)], node)
    return output


def _rows_times_matrix(scene: Scene, node: Node) -> str:
    first, second = node.inputs
    left, right = scene.tensor(first).shape, scene.tensor(second).shape
    rows = (math.prod(left[:-1]), left[-1])
    flat = scene.add("Reshape", [first, scene.constant(rows)], node, shape=rows)
    matrix = (rows[0], right[-1])
    product = _product(scene, node, "MatMul", flat, second, matrix)
    return scene.add("Reshape", [product, scene.constant(scene.result(node).shape)], node)


def _product(
    scene: Scene,
    node: Node,
    operator: str,
    left: str,
    right: str,
    shape: Sequence[int] | None = None,
) -> str:
    left, turned_left = _turned(scene, left)
    right, turned_right = _turned(scene, right)
    flags = {"transpose_a": turned_left, "transpose_b": turned_right}
    return scene.add(operator, [left, right], node, flags, shape=shape)


def _turned(scene: Scene, name: str) -> tuple[str, bool]:
    """What ``name`` is the transpose of, and whether it is one (of the last two dimensions)."""
    producer = scene.producer(name)
    if producer is None or producer.operator != "Transpose":
        return name, False
    order = [int(axis) for axis in scene.value(producer.inputs[1], "order of dimensions")]
    rank = len(order)
    if [axis % rank for axis in order] != [*range(rank - 2), rank - 1, rank - 2]:
        return name, False
    return producer.inputs[0], True
