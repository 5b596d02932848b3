"""MindIR files: read, told of, written.

What is written is the same, byte for byte, for the same network and parameters: names carry no
counters, ids, times or paths of the process that exported it, nodes stand in the order in which
the outputs ask for them, attributes in that of their names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.core import files
from pipeline.core.tensors import TensorFacts
from pipeline.mindir import program as programs
from pipeline.mindir.errors import NotAMindIR
from pipeline.mindir.program import Graph, Node, Program
from pipeline.mindir.schema import schema

_PLUMBING = ("Load", "Depend", "UpdateState", "MakeTuple", "TupleGetItem", "make_list")


@dataclass(frozen=True)
class Facts:
    """What a MindIR file holds: its version and maker, operators with counts, tensors.

    Inputs and outputs have the names that they get in a converted model.
    """

    version: int
    producer: str
    operators: Mapping[str, int]
    inputs: tuple[TensorFacts, ...]
    outputs: tuple[TensorFacts, ...]
    parameters: tuple[TensorFacts, ...]


def load(path: Path) -> Program:
    """The program in the file ``path``; ``NotAMindIR`` when it holds none."""
    with files.disk_errors(path):
        data = path.read_bytes()
    return parse(data, path)


def parse(data: bytes, path: Path | None = None) -> Program:
    """The program in ``data``; ``path`` is for the message of ``NotAMindIR``."""
    model = schema().ModelProto()
    try:
        model.ParseFromString(data)
    except Exception:  # protobuf's DecodeError, whose package has no types
        raise NotAMindIR(path, "not a protobuf of its schema, cut short or encrypted") from None
    if not model.HasField("graph") or not model.graph.output:
        raise NotAMindIR(path, "it has no graph")
    if not all(isinstance(text, str) for text in _texts(model)):
        raise NotAMindIR(path, "it is damaged: a name in it is no text")
    external = [item.name for item in model.graph.parameter if item.HasField("external_data")]
    if external:
        raise NotAMindIR(path, f"the data of {external[0]} is in another file, not in this one")
    return programs.read(model)


def _texts(model: Any) -> Iterator[Any]:
    """Every name in the model; protobuf gives bytes where they are not UTF-8."""
    yield from (model.ir_version, model.producer_name, model.model_version)
    for primitive in model.primitives:
        yield from (primitive.name, primitive.op_type)
        yield from (attribute.name for attribute in primitive.attribute)
    for graph in (model.graph, *model.functions):
        yield graph.name
        for item in (*graph.input, *graph.output, *graph.parameter):
            yield item.name
        for node in graph.node:
            yield from (node.name, node.op_type, node.domain, *node.input, *node.output)
            yield from (attribute.name for attribute in node.attribute)


def describe(program: Program) -> Facts:
    """What a program holds; the plumbing between operators is not counted."""
    graph = program.graphs[0]
    counts = Counter(node.operator for node in program.nodes() if node.operator not in _PLUMBING)
    return Facts(
        program.version,
        program.producer,
        dict(sorted(counts.items())),
        tuple(_inputs(graph)),
        tuple(_outputs(graph)),
        tuple(programs.facts(_short(item.name), item) for item in program.parameters),
    )


def _inputs(graph: Graph) -> list[TensorFacts]:
    return [
        programs.facts(_short(item.name), tensor)
        for item in graph.inputs
        for tensor in item.tensor[:1]
    ]


def _outputs(graph: Graph) -> list[TensorFacts]:
    found: list[TensorFacts] = []
    for item in graph.outputs:
        node = graph.nodes.get(item.name)
        name = node.full_name if node is not None and node.full_name else _short(item.name)
        tensors = list(item.tensor) or _leaves(item.attr_info)
        found.extend(programs.facts(name, tensor) for tensor in tensors)
    return found


def _leaves(attribute: Any) -> list[Any]:
    nested = [leaf for value in attribute.values for leaf in _leaves(value)]
    return [*attribute.tensors, *nested]


def serialize(program: Program) -> bytes:
    """The file of ``program``: version 1 form, canonical names and order."""
    return _Writer(program).model().SerializeToString(deterministic=True)  # type: ignore[no-any-return]


class _Writer:
    """Gives everything its canonical name while it is written down."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._names: dict[str, str] = {}
        self._counts: Counter[str] = Counter()
        self._primitives: dict[bytes, Any] = {}
        self._used: set[str] = set()
        self._model = schema().ModelProto(
            ir_version=program.ir_version,
            producer_name="MindSpore",
            model_version=program.producer.rpartition(" ")[2],
            little_endian=program.little_endian,
            mind_ir_version=program.version,
        )

    def model(self) -> Any:
        orders = [programs.in_order(graph) for graph in self._program.graphs]
        self._used = {name for order in orders for node in order for name in node.inputs}
        self._used |= {item.name for graph in self._program.graphs for item in graph.outputs}
        for number, graph in enumerate(self._program.graphs):
            self._names[graph.name] = f"graph_{number}" if number else "graph"
            for item in graph.inputs:
                self._names[item.name] = self._unique(self._names[graph.name], item.name)
        for parameter in self._program.parameters:
            self._names[parameter.name] = self._unique("graph", parameter.name)
        for graph, order in zip(self._program.graphs, orders, strict=True):
            for node in order:
                self._names[node.output] = f"{self._names[graph.name]}:{self._numbered(node)}"
        for number, (graph, order) in enumerate(zip(self._program.graphs, orders, strict=True)):
            target = self._model.functions.add() if number else self._model.graph
            self._graph(target, graph, order)
        return self._model

    def _unique(self, graph: str, name: str) -> str:
        """``graph:name``, and a number behind it when an input and a parameter share a name."""
        wanted = f"{graph}:{_short(name)}"
        number = self._counts[wanted]
        self._counts[wanted] += 1
        return f"{wanted}_{number}" if number else wanted

    def _numbered(self, node: Node) -> str:
        number = self._counts[node.operator]
        self._counts[node.operator] += 1
        return f"{node.operator}-op{number}"

    def _graph(self, target: Any, graph: Graph, order: list[Node]) -> None:
        target.name = self._names[graph.name]
        for node in order:
            self._node(target, node)
        if graph is self._program.graphs[0]:
            for parameter in self._program.parameters:
                if parameter.name in self._used:
                    self._parameter(target.parameter.add(), parameter)
        for item in graph.inputs:
            self._value(target.input.add(), item)
        for item in graph.outputs:
            self._value(target.output.add(), item)

    def _parameter(self, target: Any, parameter: Any) -> None:
        target.CopyFrom(parameter)
        target.ClearField("compression_type")
        target.name = self._names[parameter.name]

    def _value(self, target: Any, item: Any) -> None:
        target.name = self._names.get(item.name, item.name)
        for tensor in item.tensor:
            _shape(target.tensor.add(), tensor)
        if item.HasField("attr_info"):
            self._type(target.attr_info, item.attr_info)

    def _node(self, target: Any, node: Node) -> None:
        inputs = [self._input(target, name) for name in node.inputs]
        name = self._names[node.output]
        item = target.node.add(
            input=inputs, output=[name], name=name, op_type=f"REF::{self._reference(node)}"
        )
        item.domain = "/".join(filter(None, (node.scope, name.partition(":")[2])))
        if node.result is not None:
            self._type(item.attribute.add(name="shape"), node.result)

    def _input(self, target: Any, name: str) -> str:
        if (attribute := self._program.constants.get(name)) is None or name in self._names:
            return self._names.get(name, name)
        number = self._counts["Constant"]
        self._counts["Constant"] += 1
        constant = f"Constant-op{number}"
        item = target.node.add(output=[constant], name=constant, op_type="Constant")
        item.attribute.add().CopyFrom(attribute)
        if len(attribute.tensors) == 1 and attribute.tensors[0].dims:
            self._names[name] = constant  # a weight is written once, a number at each use
        return constant

    def _reference(self, node: Node) -> str:
        if node.callee:
            return self._names.get(node.callee, node.callee)
        primitive = schema().PrimitiveProto(op_type=node.operator)
        for name in sorted(node.attributes):
            primitive.attribute.add().CopyFrom(node.attributes[name])
        key = primitive.SerializeToString(deterministic=True)
        if (known := self._primitives.get(key)) is None:
            known = self._model.primitives.add()
            known.CopyFrom(primitive)
            known.name = f"{node.operator}:{len(self._primitives)}"
            self._primitives[key] = known
        return str(known.name)

    def _type(self, target: Any, source: Any) -> None:
        """Types and shapes only: beside them MindSpore notes addresses in its memory."""
        target.type = source.type
        for tensor in source.tensors:
            _shape(target.tensors.add(), tensor)
        for value in source.values:
            self._type(target.values.add(), value)
        if source.HasField("s"):
            name = source.s.decode("utf-8", "replace")
            target.s = self._names.get(name, name).encode()


def _shape(target: Any, source: Any) -> None:
    target.data_type = source.data_type
    target.dims.extend(source.dims)


def _short(name: str) -> str:
    """``conv1.weight`` of ``70_1_network_LeNet5_construct_15:conv1.weight``."""
    return name.partition(":")[2] or name
