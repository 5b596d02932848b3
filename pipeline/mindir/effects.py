"""The bookkeeping of side effects, removed: what an inference network computes stays.

MindSpore threads a token through everything that reads or writes memory (``Load``, ``Depend``,
``UpdateState``). In a network that writes nothing they are identities. Updates in place become
plain operators by the rules; here it is made sure that nothing can tell the difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pipeline.mindir.errors import Unmapped
from pipeline.mindir.program import Graph, Node, Program

_PASS_FIRST_INPUT = ("Load", "Depend")
_TOKEN = "UpdateState"


def remove_effects(program: Program, harmless: Iterable[str]) -> list[Unmapped]:
    """Take the tokens out of ``program``; returns the operators whose effect would be lost.

    ``harmless`` are the operators that have an effect and a rule that does without.
    """
    allowed = frozenset(harmless)
    lost: list[Unmapped] = []
    for graph in program.graphs:
        aliases = _aliases(graph)
        effectful = _strip(program, graph, aliases)
        for node in effectful:
            if node.operator not in allowed:
                lost.append(_state(node))
            elif node.operator.startswith("Inplace"):
                lost.extend(_seen_elsewhere(graph, node))
    return lost


def resolve(aliases: Mapping[str, str], name: str) -> str:
    """What ``name`` stands for in the end."""
    while (target := aliases.get(name)) is not None:
        name = target
    return name


def rename(graph: Graph, aliases: Mapping[str, str]) -> None:
    """Replace every use of an alias in ``graph`` by what it stands for."""
    for node in graph.nodes.values():
        node.inputs = [resolve(aliases, name) for name in node.inputs]
        node.callee = resolve(aliases, node.callee)
    for output in graph.outputs:
        output.name = resolve(aliases, output.name)


def _aliases(graph: Graph) -> dict[str, str]:
    return {
        node.output: node.inputs[0]
        for node in graph.nodes.values()
        if node.operator in _PASS_FIRST_INPUT and node.inputs
    }


def _strip(program: Program, graph: Graph, aliases: Mapping[str, str]) -> list[Node]:
    """Drop the token nodes and inputs; returns the nodes that had a token."""
    tokens = {node.output for node in graph.nodes.values() if node.operator == _TOKEN}
    graph.nodes = {
        name: node
        for name, node in graph.nodes.items()
        if name not in aliases and name not in tokens
    }
    rename(graph, aliases)
    effectful = []
    for node in graph.nodes.values():
        kept = [name for name in node.inputs if name not in tokens and not program.is_monad(name)]
        if len(kept) != len(node.inputs) and node.operator != "MakeTuple":
            effectful.append(node)
        node.inputs = kept
    return effectful


def _state(node: Node) -> Unmapped:
    return Unmapped(
        node.operator,
        node.place,
        "it changes state while the network runs",
        "export the network as it infers: set_train(False), nothing assigned in construct",
    )


def _seen_elsewhere(graph: Graph, node: Node) -> list[Unmapped]:
    """An update in place is a plain operator when nothing reads the old name after it."""
    target = node.inputs[0]
    producer = graph.nodes.get(target)
    is_view = producer is not None and producer.operator.endswith("View")
    viewed = any(
        target in other.inputs and other.operator.endswith("View") for other in graph.nodes.values()
    )
    before = _ancestors(graph, node)
    after = any(
        target in other.inputs and other is not node and other.output not in before
        for other in graph.nodes.values()
    )
    outputs = {item.name for item in graph.outputs}
    if not (after or is_view or viewed or target in outputs):
        return []
    return [
        Unmapped(
            node.operator,
            node.place,
            "what it updates in place is used under another name as well",
            "write y = x + 1 instead of x += 1",
        )
    ]


def _ancestors(graph: Graph, node: Node) -> set[str]:
    seen: set[str] = set()
    stack = list(node.inputs)
    while stack:
        name = stack.pop()
        if name in seen:
            continue
        seen.add(name)
        if (producer := graph.nodes.get(name)) is not None:
            stack.extend(producer.inputs)
    return seen
