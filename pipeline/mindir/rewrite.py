"""Version 2 and 3 of MindIR to version 1, the newest that MindSpore Lite 2.0 reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from pipeline.mindir import document
from pipeline.mindir.accepted import LITE_2_0
from pipeline.mindir.arguments import to_attributes
from pipeline.mindir.effects import remove_effects, resolve
from pipeline.mindir.errors import OperatorUnsupported, Unmapped
from pipeline.mindir.folding import fold
from pipeline.mindir.operators import Definitions
from pipeline.mindir.outputs import flat_outputs
from pipeline.mindir.program import Graph, Node, Program, in_order
from pipeline.mindir.rules import RULES, Rule
from pipeline.mindir.scene import Scene, Unmappable

VERSION = 1

#: Attributes of the compiler's own, of no meaning to a reader of version 1.
_PRIVATE = ("side_effect_mem", "side_effect_hidden", "side_effect_io", "cust_aicpu")


@dataclass(frozen=True)
class Rewritten:
    """The new file, what it holds, and how often each rule was applied."""

    data: bytes
    before: document.Facts
    after: document.Facts
    rules: Mapping[str, int]


def rewrite(
    program: Program,
    definitions: Definitions,
    *,
    input_names: Sequence[str] = (),
    rules: Mapping[str, Rule] = RULES,
    accepted: Collection[str] = LITE_2_0,
) -> Rewritten:
    """Bring ``program`` to version 1; it is changed in place.

    ``input_names`` replace the network's own names of its inputs, in order. ``accepted`` are the
    operators that may be left in the end. Raises ``OperatorUnsupported``, which names every
    operator that has no form in version 1.
    """
    before = document.describe(program)
    failed = _branches(program)
    failed += [] if failed else remove_effects(program, harmless=rules)
    applied: Counter[str] = Counter()
    for graph in program.graphs:
        failed += _rewrite_graph(program, graph, definitions, rules, applied)
        failed += [] if failed else _unknown(graph, accepted)
    if failed:
        raise OperatorUnsupported(tuple(dict.fromkeys(failed)))
    _name_inputs(program, input_names)
    program.version = VERSION
    data = document.serialize(program)
    after = document.describe(document.parse(data))
    return Rewritten(data, before, after, dict(sorted(applied.items())))


def _rewrite_graph(
    program: Program,
    graph: Graph,
    definitions: Definitions,
    rules: Mapping[str, Rule],
    applied: Counter[str],
) -> list[Unmapped]:
    scene = Scene(program, graph, definitions)
    order = in_order(graph)
    graph.nodes = {node.output: node for node in order}
    aliases: dict[str, str] = {}
    failed: list[Unmapped] = []
    for node in order:
        node.inputs = [resolve(aliases, name) for name in node.inputs]
        try:
            output = _rewrite_node(scene, node, rules, applied)
        except Unmappable as error:
            failed.append(Unmapped(node.operator, node.place, error.reason, error.instead))
            continue
        if output != node.output:
            aliases[node.output] = output
    for item in graph.outputs:
        item.name = resolve(aliases, item.name)
    if not failed:
        flat_outputs(program, graph, scene)
    return failed


def _branches(program: Program) -> list[Unmapped]:
    """Graphs that call graphs: which one runs is known only while the network runs."""
    switches = [node for node in program.nodes() if node.operator in ("Switch", "SwitchLayer")]
    calls = [node for node in program.nodes() if node.callee or node.operator == "Partial"]
    return [
        Unmapped(
            node.operator,
            node.place,
            "what runs next depends on values",
            "choose with ops.where or ops.select instead of if and while",
        )
        for node in switches or calls
    ]


def _unknown(graph: Graph, accepted: Collection[str]) -> list[Unmapped]:
    return [
        Unmapped(node.operator, node.place, "the converter has no such operator")
        for node in in_order(graph)
        if node.operator not in accepted
    ]


def _rewrite_node(
    scene: Scene, node: Node, rules: Mapping[str, Rule], applied: Counter[str]
) -> str:
    if (constant := fold(scene, node)) is not None:
        applied["constants"] += 1
        return constant
    output = node.output
    if (rule := rules.get(node.operator)) is not None:
        operator, inputs = node.operator, list(node.inputs)
        output = rule(scene, node)
        if output != node.output or (node.operator, node.inputs) != (operator, inputs):
            applied[operator] += 1
    if node.function and output == node.output:
        to_attributes(scene, node)
        applied["arguments"] += 1
    for name in _PRIVATE:
        node.attributes.pop(name, None)
    return output


def _name_inputs(program: Program, names: Sequence[str]) -> None:
    graph = program.graphs[0]
    new = dict(zip((item.name for item in graph.inputs), names, strict=False))
    for item in graph.inputs:
        item.name = new.get(item.name, item.name)
    for node in graph.nodes.values():
        node.inputs = [new.get(name, name) for name in node.inputs]
    for item in graph.outputs:
        item.name = new.get(item.name, item.name)
