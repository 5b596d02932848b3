"""A MindIR model as the passes work on it: graphs of nodes, by name.

Names of values are unique in the whole model. A value is a graph's input, a parameter, a constant
or the output of a node; a node has one output (several are a tuple).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pipeline.core.tensors import TensorFacts
from pipeline.mindir.errors import NotAMindIR
from pipeline.mindir.schema import schema
from pipeline.mindir.values import Opaque, dtype_name, to_python

_REFERENCE = "REF::"
#: Constants and inputs that only carry the order of side effects.
MONADS = ("UMONAD", "IOMONAD")


@dataclass(eq=False)
class Node:
    """An operator at its place, or the call of a graph when ``callee`` is set.

    ``function`` tells that its arguments still follow its inputs. ``result`` is the protobuf of
    the output's type and shape; ``scope`` its place, such as ``Default/conv1-Conv2d``, and
    ``full_name`` what the converter will call it, such as ``Default/conv1-Conv2d/Conv2D-op0``.
    """

    operator: str
    inputs: list[str]
    output: str
    scope: str
    result: Any
    attributes: dict[str, Any] = field(default_factory=dict)
    function: bool = False
    callee: str = ""
    full_name: str = ""

    @property
    def place(self) -> str:
        """For messages: where in the network it is."""
        return self.scope or "the network"


@dataclass(eq=False)
class Graph:
    """A function: its inputs and outputs (protobufs), its nodes by output, in order."""

    name: str
    inputs: list[Any]
    outputs: list[Any]
    nodes: dict[str, Node]


@dataclass(eq=False)
class Program:
    """A whole model. The first graph is the one that runs."""

    version: int
    producer: str
    ir_version: str
    little_endian: bool
    graphs: list[Graph]
    constants: dict[str, Any]
    parameters: list[Any]

    def nodes(self) -> Iterator[Node]:
        """Every node of every graph."""
        for graph in self.graphs:
            yield from graph.nodes.values()

    def value(self, name: str) -> Any:
        """The Python value of a constant; ``Opaque`` when ``name`` is none."""
        if (attribute := self.constants.get(name)) is None:
            return Opaque("computed")
        return to_python(attribute)

    def is_monad(self, name: str) -> bool:
        """Whether ``name`` is a constant that only stands for the order of side effects."""
        attribute = self.constants.get(name)
        value = None if attribute is None else to_python(attribute)
        return isinstance(value, Opaque) and value.kind in MONADS

    def tensor(self, name: str) -> TensorFacts | None:
        """Type and shape of a value that is one tensor; None when that is not known."""
        for graph in self.graphs:
            if (node := graph.nodes.get(name)) is not None:
                tensors = list(node.result.tensors) if node.result is not None else []
                return facts(name, tensors[0]) if len(tensors) == 1 else None
            for item in graph.inputs:
                if item.name == name:
                    return facts(name, item.tensor[0]) if len(item.tensor) == 1 else None
        for parameter in self.parameters:
            if parameter.name == name:
                return facts(name, parameter)
        constant = self.constants.get(name)
        if constant is not None and len(constant.tensors) == 1:
            return facts(name, constant.tensors[0])
        return None


def facts(name: str, tensor: Any) -> TensorFacts:
    """What a ``TensorProto`` says of type and shape."""
    return TensorFacts(name, dtype_name(tensor.data_type), tuple(tensor.dims), "NCHW")


def read(model: Any) -> Program:
    """A program of a parsed ``ModelProto``."""
    primitives = {primitive.name: primitive for primitive in model.primitives}
    program = Program(
        int(model.mind_ir_version) if model.HasField("mind_ir_version") else 0,
        f"{model.producer_name} {model.model_version}".strip(),
        model.ir_version,
        model.little_endian,
        [],
        {},
        [],
    )
    for graph in (model.graph, *model.functions):
        program.parameters.extend(graph.parameter)
        nodes: dict[str, Node] = {}
        for item in graph.node:
            output = item.output[0] if item.output else item.name
            if item.op_type == "Constant":
                if item.attribute:
                    program.constants[output] = item.attribute[0]
                continue
            nodes[output] = _node(item, output, primitives)
        program.graphs.append(Graph(graph.name, list(graph.input), list(graph.output), nodes))
    return program


def in_order(graph: Graph) -> list[Node]:
    """The nodes that the outputs need, each after its inputs; what nothing needs is left out."""
    order: dict[str, Node] = {}
    entered: set[str] = set()
    stack = [(item.name, False) for item in reversed(graph.outputs)]
    while stack:
        name, inputs_done = stack.pop()
        if name in order or (node := graph.nodes.get(name)) is None:
            continue
        if inputs_done:
            order[name] = node
            continue
        if name in entered:
            raise NotAMindIR(None, f"its graph runs in a circle through {node.operator}")
        entered.add(name)
        stack.append((name, True))
        needs = [*([node.callee] if node.callee else []), *node.inputs]
        stack.extend((need, False) for need in reversed(needs) if need not in order)
    return list(order.values())


def _node(item: Any, output: str, primitives: dict[str, Any]) -> Node:
    results = {attribute.name: attribute for attribute in item.attribute}
    node = Node(item.op_type, list(item.input), output, _scope(item.domain), results.get("shape"))
    node.full_name = item.domain
    if not item.op_type.startswith(_REFERENCE):
        return node
    target = item.op_type[len(_REFERENCE) :]
    if (primitive := primitives.get(target)) is None:
        node.operator, node.callee = "call", target
        return node
    node.operator = primitive.op_type
    node.attributes = {attribute.name: attribute for attribute in primitive.attribute}
    node.function = primitive.prim_type == schema().PrimitiveProto.PRIMITIVE_FUNCTION
    return node


def _scope(domain: str) -> str:
    """``Default/conv1-Conv2d`` of ``Default/conv1-Conv2d/Conv2D-op0``."""
    return domain.rpartition("/")[0] or domain
