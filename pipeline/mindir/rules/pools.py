"""Pooling in two dimensions, however MindSpore writes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pipeline.mindir.arguments import to_attributes
from pipeline.mindir.program import Node
from pipeline.mindir.rules.rule import Rule
from pipeline.mindir.rules.shapes import squeeze
from pipeline.mindir.scene import Scene, Unmappable
from pipeline.mindir.values import to_attribute


def average_pool(scene: Scene, node: Node) -> str:
    """``AvgPool``: version 1 gives window and stride all four dimensions."""
    if node.function:
        to_attributes(scene, node)
    for name in ("kernel_size", "strides"):
        sides = tuple(scene.attribute(node, name))
        node.attributes[name] = to_attribute(name, (1,) * (4 - len(sides)) + sides)
    return node.output


def adaptive_average(scene: Scene, node: Node) -> str:
    """``AdaptiveAvgPool2D``: the mean of everything, or windows that divide the image evenly."""
    height, width = scene.tensor(node.inputs[0]).shape[-2:]
    rows, columns = scene.result(node).shape[-2:]
    if (rows, columns) == (height, width):
        return node.inputs[0]
    if (rows, columns) == (1, 1):
        axes = scene.constant((-2, -1) if len(scene.result(node).shape) == 3 else (2, 3))
        return scene.add("ReduceMean", [node.inputs[0], axes], node, {"keep_dims": True})
    if height % rows or width % columns:
        raise Unmappable(
            f"{height}x{width} pixels do not divide into {rows}x{columns}",
            "nn.AvgPool2d, or an output size that divides the input's",
        )
    window = (1, 1, height // rows, width // columns)
    return scene.add("AvgPool", [node.inputs[0]], node, _pool(window, window, "VALID"))


def adaptive_maximum(scene: Scene, node: Node) -> str:
    """``AdaptiveMaxPool2D``: windows that divide the image evenly, without the indices."""
    height, width = scene.tensor(node.inputs[0]).shape[-2:]
    shape = tuple(_first(node.result).dims)
    if height % shape[-2] or width % shape[-1]:
        raise Unmappable(
            f"{height}x{width} pixels do not divide into {shape[-2]}x{shape[-1]}", "nn.MaxPool2d"
        )
    window = (1, 1, height // shape[-2], width // shape[-1])
    dtype = scene.tensor(node.inputs[0]).dtype
    attributes = _pool(window, window, "VALID")
    pooled = scene.add("MaxPool", node.inputs[:1], node, attributes, shape=shape, dtype=dtype)
    return scene.add("MakeTuple", [pooled, node.output], node)


def flat_pool(operator: str) -> Rule:
    """``MaxPool3DWithArgmax``, ``AvgPool3D`` over an image that was given a depth of 1.

    MindSpore pools padded images that way. Taken apart: the depth away, the pool in two
    dimensions, the depth back.
    """

    def rule(scene: Scene, node: Node) -> str:
        source = scene.tensor(node.inputs[0])
        own = {name: scene.attribute(node, name) for name in node.attributes}
        kernel = tuple(own["ksize"] if "ksize" in own else own["kernel_size"])
        pads = tuple(own["pads"] if "pads" in own else own["pad_list"])
        pads = pads[2:] if len(pads) == 6 else (pads[1], pads[1], pads[2], pads[2])
        dilation = own.get("dilation", (1, 1, 1))
        flat = source.shape[:2] + source.shape[3:]
        if source.shape[2] != 1 or set(dilation) != {1} or kernel[-3] != 1:
            raise Unmappable("it pools in three dimensions")
        if own.get("ceil_mode") or own.get("divisor_override"):
            raise Unmappable("it rounds its size up or has a divisor of its own")
        image = scene.add(
            "Squeeze", [node.inputs[0]], node, {"axis": (2,)}, shape=flat, dtype=source.dtype
        )
        image = squeeze(scene, scene.node(image))
        windows = (1, 1, *kernel[-2:])
        steps = (1, 1, *tuple(own["strides"])[-2:])
        attributes = _pool(windows, steps, "PAD") | {"pad": pads, "pad_list": pads}
        if operator == "AvgPool" and any(pads) and own.get("count_include_pad", True):
            top, bottom, left, right = pads
            edges = ((0, 0), (0, 0), (top, bottom), (left, right))
            larger = (*flat[:2], flat[2] + top + bottom, flat[3] + left + right)
            image = scene.add(
                "Pad", [image], node, {"paddings": edges}, shape=larger, dtype=source.dtype
            )
            attributes = _pool(windows, steps, "VALID")
        whole = _first(node.result)
        shape = tuple(whole.dims)
        pooled = scene.add(
            operator, [image], node, attributes, shape=shape[:2] + shape[3:], dtype=source.dtype
        )
        deep = scene.add(
            "ExpandDims", [pooled, scene.constant(2)], node, shape=shape, dtype=source.dtype
        )
        return deep if operator == "AvgPool" else scene.add("MakeTuple", [deep, node.output], node)

    return rule


def _pool(kernel: Sequence[int], strides: Sequence[int], mode: str) -> dict[str, Any]:
    return {
        "kernel_size": tuple(kernel),
        "strides": tuple(strides),
        "pad_mode": mode,
        "format": "NCHW",
    }


def _first(result: Any) -> Any:
    return result.tensors[0] if result.tensors else _first(result.values[0])
