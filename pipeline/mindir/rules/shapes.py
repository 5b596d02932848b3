"""Shapes, tuples, padding and resizing: what moves values and computes none."""

from __future__ import annotations

import math
from typing import Any

from pipeline.mindir.arguments import to_attributes
from pipeline.mindir.program import Node
from pipeline.mindir.rules.rule import Rule
from pipeline.mindir.scene import Scene, Unmappable
from pipeline.mindir.values import to_attribute

#: What the converter moves a change of layout across.
_ELEMENTWISE = ("Add", "Sub", "Mul", "Div", "RealDiv", "Cast", "Neg", "ReLU")
#: Of the converter's own ``Resize``: methods, and the coordinates by the pixels' centres.
_METHODS = {"ResizeBilinear": 0, "ResizeNearestNeighbor": 1}
_HALF_PIXEL = 2


def identity(_scene: Scene, node: Node) -> str:
    """``Identity``: its input."""
    return node.inputs[0]


def broadcast(scene: Scene, node: Node) -> str:
    """``BroadcastTo``: to the shape that comes out, where -1 may stand in the argument."""
    source, result = scene.tensor(node.inputs[0]), scene.result(node)
    if source.shape == result.shape:
        return node.inputs[0]
    return scene.add("BroadcastTo", node.inputs[:1], node, {"shape": result.shape})


def reshape(scene: Scene, node: Node) -> str:
    """``FlattenExt`` and views that only change the shape."""
    return scene.add("Reshape", [node.inputs[0], scene.constant(scene.result(node).shape)], node)


def transpose(scene: Scene, node: Node) -> str:
    """``Transpose`` of an input of four dimensions: of fewer, those that stay together as one.

    The converter, which moves the channels of such an input itself, makes one of both and then
    finds its shapes wrong: networks that take images with their channels last do not convert.
    Where the channels stay it makes no such mistake.
    """
    values, order_name = node.inputs[:2]
    if not scene.is_constant(order_name) or not scene.is_input(_origin(scene, values)):
        return node.output
    source, shape = scene.tensor(values), scene.result(node).shape
    order = [int(axis) % len(source.shape) for axis in scene.value(order_name, "order")]
    if len(order) != 4 or order[:2] == [0, 1] or order[0] or source.shape[0] != 1:
        return node.output
    groups: list[list[int]] = []
    for axis in order[1:]:
        if groups and groups[-1][-1] + 1 == axis:
            groups[-1].append(axis)
        else:
            groups.append([axis])
    sides = [math.prod(source.shape[axis] for axis in group) for group in groups]
    places = sorted(range(len(groups)), key=groups.__getitem__)
    before = [sides[place] for place in places]
    turn = scene.constant(tuple(places.index(place) for place in range(len(groups))))
    flat = scene.constant(tuple(before))
    joined = scene.add("Reshape", [values, flat], node, shape=before, dtype=source.dtype)
    turned = scene.add("Transpose", [joined, turn], node, shape=sides, dtype=source.dtype)
    return scene.add("Reshape", [turned, scene.constant(shape)], node)


def _origin(scene: Scene, name: str) -> str:
    """What ``name`` is computed of, element by element, with constants only beside it."""
    while (producer := scene.producer(name)) is not None and producer.operator in _ELEMENTWISE:
        computed = [value for value in producer.inputs if not scene.is_constant(value)]
        if len(computed) != 1:
            break
        name = computed[0]
    return name


def split_sizes(scene: Scene, node: Node) -> str:
    """``Split``: the sizes told as well, which the converter gets wrong between two layouts."""
    if node.function:
        to_attributes(scene, node)
    axis, parts = int(scene.attribute(node, "axis")), int(scene.attribute(node, "output_num"))
    length = scene.tensor(node.inputs[0]).shape[axis]
    for name, value in _split(axis, length, parts).items():
        node.attributes[name] = to_attribute(name, value)
    return node.output


def squeeze(scene: Scene, node: Node) -> str:
    """``Squeeze`` of what ``ExpandDims`` has just added: nothing at all."""
    producer = scene.producer(node.inputs[0])
    if producer is not None and producer.operator == "ExpandDims":
        before = scene.tensor(producer.inputs[0]).shape
        if before == scene.result(node).shape:
            return producer.inputs[0]
    return node.output


def pad(scene: Scene, node: Node) -> str:
    """``PadV3`` with a constant 0: ``Pad``, whose paddings are an attribute."""
    values, paddings_name, *rest = node.inputs
    if scene.attribute(node, "mode") != "constant":
        raise Unmappable(f"its mode is {scene.attribute(node, 'mode')}", "nn.Pad")
    if rest and float(scene.value(rest[0], "value")) != 0:
        raise Unmappable("it pads with another number than 0")
    flat = [int(number) for number in scene.value(paddings_name, "paddings")]
    pairs = list(zip(flat[::2], flat[1::2], strict=True))[::-1]
    rank = len(scene.tensor(values).shape)
    paddings = ((0, 0),) * (rank - len(pairs)) + tuple(pairs)
    if any(number < 0 for pair in paddings for number in pair):
        raise Unmappable("it pads by a negative number", "slice it")
    return scene.add("Pad", [values], node, {"paddings": paddings})


def resize(operator: str) -> Rule:
    """``Resize...V2``: the size as an attribute."""

    def rule(scene: Scene, node: Node) -> str:
        size = tuple(int(side) for side in scene.value(node.inputs[1], "size"))
        corners, half = (bool(scene.value(name, "option")) for name in node.inputs[2:4])
        attributes = {"size": size, "align_corners": corners, "half_pixel_centers": half}
        if half:
            attributes = {
                "method": _METHODS[operator],
                "coordinate_transform_mode": _HALF_PIXEL,
                "new_height": size[0],
                "new_width": size[1],
            }
            return scene.add("Resize", [node.inputs[0]], node, attributes)
        return scene.add(operator, [node.inputs[0]], node, attributes)

    return rule


def make_tuple(scene: Scene, node: Node) -> str:
    """``make_list``: version 1 knows tuples only."""
    return scene.add("MakeTuple", node.inputs, node)


def item_of_tuple(scene: Scene, node: Node) -> str:
    """``TupleGetItem`` of a ``MakeTuple``: the item itself."""
    producer = scene.producer(node.inputs[0])
    if producer is None or producer.operator != "MakeTuple":
        return node.output
    return producer.inputs[int(scene.value(node.inputs[1], "index"))]


def _split(axis: int, length: int, parts: int) -> dict[str, Any]:
    return {"axis": axis, "output_num": parts, "size_splits": (length // parts,) * parts}
