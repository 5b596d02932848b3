"""Views (``mint``'s slices, chunks, transposes): in version 1, operators that copy.

MindSpore 2.7 writes some of them without ``View`` at the end of their names.
A view that something writes to never gets here: side effects are removed before.
"""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.mindir.program import Node
from pipeline.mindir.rules import shapes
from pipeline.mindir.scene import Scene

_MASKS = ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask")


def transpose(scene: Scene, node: Node) -> str:
    """``TransposeView``: ``Transpose``."""
    rank = len(scene.tensor(node.inputs[0]).shape)
    order = scene.value(node.inputs[1], "order of dimensions")
    return _transpose(scene, node, [int(axis) % rank for axis in order])


def swap(scene: Scene, node: Node) -> str:
    """``TransposeExtView``: two dimensions change places."""
    rank = len(scene.tensor(node.inputs[0]).shape)
    first, second = (int(scene.value(name, "dimension")) % rank for name in node.inputs[1:3])
    order = list(range(rank))
    order[first], order[second] = second, first
    return _transpose(scene, node, order)


def narrow(scene: Scene, node: Node) -> str:
    """``NarrowView``: so many places of one dimension, from one on."""
    dim, start, length = (int(scene.value(name, "place")) for name in node.inputs[1:4])
    return cut(scene, node, dim, start, length)


def select(scene: Scene, node: Node) -> str:
    """``SelectExtView``: one place of one dimension, which is gone then."""
    dim, place = (int(scene.value(name, "place")) for name in node.inputs[1:3])
    whole = scene.node(cut(scene, node, dim, place, 1))
    shape = scene.constant(scene.result(node).shape)
    return scene.add("Reshape", [whole.output, shape], node)


def strided(scene: Scene, node: Node) -> str:
    """``SliceExtView``: every so many places of one dimension between two of them."""
    dim, start, end, step = (int(scene.value(name, "place")) for name in node.inputs[1:5])
    length = scene.tensor(node.inputs[0]).shape[dim]
    start, end, step = slice(start, end, step).indices(length)
    return _cut(scene, node, dim, start, end, step)


def chunks(scene: Scene, node: Node) -> str:
    """``ChunkView``: so many parts, of which the last may be smaller."""
    wanted, dim = (int(scene.value(name, "number")) for name in node.inputs[1:3])
    length = scene.tensor(node.inputs[0]).shape[dim]
    return pieces(scene, node, dim, _equal(length, -(-length // wanted)))


def parts(scene: Scene, node: Node) -> str:
    """``SplitTensor`` and its view: parts of one size, of which the last may be smaller."""
    size, dim = (int(scene.value(name, "number")) for name in node.inputs[1:3])
    return pieces(scene, node, dim, _equal(scene.tensor(node.inputs[0]).shape[dim], size))


def sized_parts(scene: Scene, node: Node) -> str:
    """``SplitWithSize`` and its view: parts of sizes that are told."""
    sizes = scene.value(node.inputs[1], "sizes")
    dim = int(scene.value(node.inputs[2], "dimension"))
    return pieces(scene, node, dim, [int(size) for size in sizes])


def unstack(scene: Scene, node: Node) -> str:
    """``UnstackExtView``: each place of one dimension by itself."""
    dim = int(scene.value(node.inputs[1], "dimension"))
    shape = scene.tensor(node.inputs[0]).shape
    dim %= len(shape)
    return scene.add("Unstack", [node.inputs[0]], node, {"axis": dim, "num": shape[dim]})


def expand(scene: Scene, node: Node) -> str:
    """``ExpandDimsView``: a new dimension; the shape that comes out tells where."""
    return shapes.reshape(scene, node)


def pieces(scene: Scene, node: Node, dim: int, sizes: Sequence[int]) -> str:
    """One ``Split`` into equal parts, a slice for each unequal one."""
    if len(set(sizes)) == 1:
        sides = {"axis": dim, "output_num": len(sizes), "size_splits": tuple(sizes)}
        return scene.add("Split", [node.inputs[0]], node, sides)
    starts = [sum(sizes[:number]) for number in range(len(sizes))]
    cuts = [cut(scene, node, dim, start, size) for start, size in zip(starts, sizes, strict=True)]
    return scene.add("MakeTuple", cuts, node)


def cut(scene: Scene, node: Node, dim: int, start: int, length: int) -> str:
    """``length`` places of dimension ``dim`` of the node's input, from ``start`` on."""
    start %= scene.tensor(node.inputs[0]).shape[dim]
    return _cut(scene, node, dim, start, start + length, 1)


def _cut(scene: Scene, node: Node, dim: int, start: int, end: int, step: int) -> str:
    source = scene.tensor(node.inputs[0])
    dim %= len(source.shape)
    begins, ends, steps = [0] * len(source.shape), list(source.shape), [1] * len(source.shape)
    begins[dim], ends[dim], steps[dim] = start, end, step
    shape = list(source.shape)
    shape[dim] = len(range(start, end, step))
    inputs = [scene.constant(tuple(places)) for places in (begins, ends, steps)]
    masks = dict.fromkeys(_MASKS, 0)
    return scene.add(
        "StridedSlice", [node.inputs[0], *inputs], node, masks, shape=shape, dtype=source.dtype
    )


def _transpose(scene: Scene, node: Node, order: Sequence[int]) -> str:
    turned = scene.add("Transpose", [node.inputs[0], scene.constant(tuple(order))], node)
    return shapes.transpose(scene, scene.node(turned))


def _equal(length: int, size: int) -> list[int]:
    return [min(size, length - start) for start in range(0, length, size)]
