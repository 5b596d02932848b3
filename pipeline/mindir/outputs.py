"""A network's answer as a flat tuple of tensors: what a converter can name one by one."""

from __future__ import annotations

from typing import Any

from pipeline.mindir.program import Graph, Node, Program
from pipeline.mindir.scene import Scene
from pipeline.mindir.schema import schema


def flat_outputs(program: Program, graph: Graph, scene: Scene) -> None:
    """Give ``graph`` one tensor as its output, or a ``MakeTuple`` of tensors."""
    if len(graph.outputs) != 1:
        return
    output = graph.outputs[0]
    producer = graph.nodes.get(output.name)
    if producer is None or not _is_tuple(producer.result):
        return
    leaves = _leaves(graph, scene, producer.output, producer.result, producer)
    if producer.operator == "MakeTuple" and producer.inputs == [name for name, _ in leaves]:
        return
    results = [result for _, result in leaves]
    whole = schema().AttributeProto(name="shape", type=schema().AttributeProto.TUPLE)
    for result in results:
        whole.values.add(type=schema().AttributeProto.TENSORS).tensors.add().CopyFrom(result)
    output.name = scene.add("MakeTuple", [name for name, _ in leaves], producer)
    graph.nodes[output.name].result = whole
    output.ClearField("attr_info")
    output.attr_info.CopyFrom(whole)


def _leaves(
    graph: Graph, scene: Scene, name: str, result: Any, like: Node
) -> list[tuple[str, Any]]:
    if not _is_tuple(result):
        return [(name, result.tensors[0])]
    producer = graph.nodes.get(name)
    found: list[tuple[str, Any]] = []
    for number, value in enumerate(result.values):
        if producer is not None and producer.operator == "MakeTuple":
            item = producer.inputs[number]
        else:
            item = scene.add("TupleGetItem", [name, scene.constant(number)], like)
            graph.nodes[item].result = _named(value)
        found.extend(_leaves(graph, scene, item, value, like))
    return found


def _is_tuple(result: Any) -> bool:
    kinds = schema().AttributeProto
    return result is not None and result.type in (kinds.TUPLE, kinds.LIST)


def _named(value: Any) -> Any:
    copy = schema().AttributeProto()
    copy.CopyFrom(value)
    copy.name = "shape"
    return copy
