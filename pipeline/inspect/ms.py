"""``.ms`` files: the flatbuffers that MindSpore Lite runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from pipeline.inspect import dtypes, macs
from pipeline.inspect.errors import NotAModel, Unsupported
from pipeline.inspect.flatbuffer import Flatbuffer, Table
from pipeline.inspect.ms_names import (
    ACTIVATION_FIELD,
    ACTIVATIONS,
    FORMATS,
    FRAMEWORKS,
    LAST_OF_2_1,
    OPERATORS,
    QUANTIZATIONS,
    named,
    operator,
)
from pipeline.inspect.ms_quantization import quantization
from pipeline.inspect.record import Inspection, Kind, Operator, Smell, Tensor
from pipeline.inspect.smells import of_tensors
from pipeline.inspect.source import MOST_DIMENSIONS, MOST_PARTS, Source

_MARK = b"MSL2"
_OLD = (b"MSL0", b"MSL1")

# Fields of MetaGraph, SubGraph, CNode, Primitive, Tensor and ExternalData.
_NAME, _VERSION, _FRAMEWORK, _INPUTS, _OUTPUTS, _NODES, _TENSORS, _GRAPHS = 0, 1, 2, 3, 4, 6, 7, 8
_OBFUSCATED = 9
_GRAPH_NAME, _GRAPH_INPUTS, _GRAPH_OUTPUTS, _GRAPH_NODES = 0, 1, 2, 3
_NODE_NAME, _NODE_PRIMITIVE, _NODE_INPUTS, _NODE_OUTPUTS, _NODE_QUANTIZATION = 0, 2, 3, 4, 5
_PRIMITIVE_TYPE, _PRIMITIVE_VALUE = 0, 1
_TYPE, _DIMENSIONS, _FORMAT, _DATA, _TENSOR_NAME, _EXTERNAL = 1, 2, 3, 6, 9, 12
_LOCATION, _LENGTH = 1, 3

#: Formats with the channels behind.
_CHANNELS_LAST = ("NHWC", "NWC")


def read(source: Source) -> Inspection:
    """The model in ``source``; ``Damaged``, ``NotAModel`` or ``Unsupported`` when it has none."""
    mark = source.data[4:8]
    if mark in _OLD:
        raise Unsupported(
            source.path,
            f"its format is {mark.decode()}, of MindSpore Lite 1.1 or older",
            "convert the network again with MindSpore Lite 2.0 or newer",
        )
    if mark != _MARK:
        raise NotAModel(
            source.path, "it lacks the mark MSL2 of a .ms file (encrypted, or no model)"
        )
    return _Reader(source).inspection()


class _Reader:
    """Holds the tensors while the nodes that use them are read."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._root = Flatbuffer(source).root()
        self._occupied: set[int] = set()
        self._room = 2 * source.size
        self._tensors = [
            self._tensor(number, table) for number, table in enumerate(self._root.tables(_TENSORS))
        ]
        self._names = [tensor.name for tensor in self._tensors]
        self._counted: set[int] = set()
        self._numbers: Counter[int] = Counter()

    def inspection(self) -> Inspection:
        """Everything."""
        root = self._root
        graphs = list(self._graphs())
        inputs = self._chosen(
            root.uints(_INPUTS) or (graphs[0].uints(_GRAPH_INPUTS) if graphs else ())
        )
        outputs = self._chosen(
            root.uints(_OUTPUTS) or (graphs[0].uints(_GRAPH_OUTPUTS) if graphs else ())
        )
        operators = tuple(self._operators(graphs))
        ends = {id(tensor) for tensor in (*inputs, *outputs)}
        constants = tuple(item for item in self._tensors if item.stored or item.external)
        computed = tuple(
            item
            for item in self._tensors
            if not (item.stored or item.external) and id(item) not in ends
        )
        details: dict[str, str | int] = {
            "converted_from": named(FRAMEWORKS, root.int32(_FRAMEWORK), "framework"),
            "graphs": len(graphs),
        }
        if name := root.text(_NAME):
            details["name"] = name
        if root.boolean(_OBFUSCATED):
            details["obfuscated"] = "yes"
        return Inspection(
            self._source.path,
            Kind.MS,
            self._source.size,
            _MARK.decode(),
            root.text(_VERSION),
            inputs,
            outputs,
            operators,
            constants,
            computed,
            (*self._smells(), *of_tensors(inputs, constants)),
            details,
        )

    def _graphs(self) -> Iterator[Table]:
        for graph in self._root.tables(_GRAPHS):
            self._source.part()
            yield graph

    def _chosen(self, indices: Sequence[int]) -> tuple[Tensor, ...]:
        chosen: dict[int, Tensor] = {}
        for index in indices:
            chosen[index] = self._tensors[self._index(index)]
        return tuple(chosen.values())

    def _index(self, index: int, at: int = 0) -> int:
        if index >= len(self._tensors):
            count = len(self._tensors)
            raise self._source.damaged(f"tensor {index} is named of {count}", at)
        return index

    def _tensor(self, number: int, table: Table) -> Tensor:
        self._source.part()
        dtype = dtypes.of_lite(table.int32(_TYPE))
        span = table.span(_DATA)
        stored = (span,) if span and span[1] else ()
        if stored:
            self._occupy(*stored[0])
        location, external_bytes = self._external(table)
        if (rank := table.count(_DIMENSIONS)) > MOST_DIMENSIONS:
            raise self._source.damaged(f"a tensor of {rank:,} dimensions", table.position)
        dimensions = tuple(table.ints(_DIMENSIONS))
        shape: tuple[int, ...] | None = self._source.shape(dimensions, table.position)
        if not dimensions and not stored and not location:
            shape = None
        return Tensor(
            table.text(_TENSOR_NAME) or f"#{number}",
            dtype,
            shape,
            named(FORMATS, table.int32(_FORMAT), "format"),
            stored,
            location,
            external_bytes,
            quantization(table, dtype, shape, self._source, span),
        )

    def _occupy(self, start: int, length: int) -> None:
        """Tensors may share their data; data that overlap again and again are no model's."""
        if start not in self._occupied:
            self._occupied.add(start)
            self._room -= length
            if self._room < 0:
                raise self._source.damaged("the data of its tensors overlap", start)

    def _external(self, table: Table) -> tuple[str, int]:
        location, total = "", 0
        for item in table.tables(_EXTERNAL):
            location = location or item.text(_LOCATION) or "another file"
            total += max(item.int64(_LENGTH, -1), 0)
        return location, total

    def _operators(self, graphs: Sequence[Table]) -> Iterator[Operator]:
        places: dict[int, str] = {}
        for number, graph in enumerate(graphs):
            if number:
                name = graph.text(_GRAPH_NAME) or f"subgraph {number}"
                for node_number in graph.uints(_GRAPH_NODES):
                    if node_number < MOST_PARTS:
                        places[node_number] = name
        for number, node in enumerate(self._root.tables(_NODES)):
            self._source.part()
            yield self._operator(number, node, places.get(number, ""))

    def _operator(self, number: int, node: Table, graph: str) -> Operator:
        primitive = node.table(_NODE_PRIMITIVE)
        kind_number = primitive.uint8(_PRIMITIVE_TYPE) if primitive else 0
        self._numbers[kind_number] += 1
        kind = operator(kind_number)
        activation = 0
        if primitive and kind in ACTIVATION_FIELD:
            attributes = primitive.table(_PRIMITIVE_VALUE)
            activation = attributes.int8(ACTIVATION_FIELD[kind]) if attributes else 0
        inputs = [self._index(i, node.position) for i in node.uints(_NODE_INPUTS)]
        outputs = [self._index(i, node.position) for i in node.uints(_NODE_OUTPUTS)]
        fresh = {index for index in inputs if index not in self._counted}
        self._counted |= fresh
        return Operator(
            node.text(_NODE_NAME) or f"node {number}",
            kind,
            tuple(self._names[index] for index in inputs),
            tuple(self._names[index] for index in outputs),
            _macs(
                kind, [self._tensors[i] for i in inputs], [self._tensors[o] for o in outputs[:1]]
            ),
            sum(self._tensors[index].stored_bytes for index in fresh),
            named(QUANTIZATIONS, node.int32(_NODE_QUANTIZATION), "quantization"),
            named(ACTIVATIONS, activation, "activation"),
            graph,
        )

    def _smells(self) -> Iterator[Smell]:
        numbers = self._numbers
        casts, moves = (numbers[OPERATORS.index(kind)] for kind in ("QuantDTypeCast", "Transpose"))
        total = sum(numbers.values())
        if casts:
            yield Smell("casts", casts, f"{casts} of {total} operators only cast (QuantDTypeCast)")
        if moves:
            yield Smell(
                "transposes", moves, f"{moves} of {total} operators only move data (Transpose)"
            )
        unknown = [n for n in numbers if n >= len(OPERATORS) or n == 0]
        if unknown:
            names = ", ".join(operator(n) for n in sorted(unknown))
            count = sum(numbers[n] for n in unknown)
            yield Smell("unknown-operators", count, f"operators of a newer version: {names}")
        new = [n for n in numbers if n > LAST_OF_2_1]
        if new:
            names = ", ".join(operator(n) for n in sorted(new))
            yield Smell(
                "newer-operators",
                sum(numbers[n] for n in new),
                f"runtimes before 2.2, as on devices of API 11 to 20, lack {names}",
            )


def _macs(kind: str, inputs: list[Tensor], outputs: list[Tensor]) -> int | None:
    if kind not in _COUNTED:
        return 0
    shapes = [tensor.shape for tensor in inputs]
    if len(shapes) < 2 or not outputs:
        return None
    output = outputs[0]
    if kind == "Conv2DFusion":
        return macs.convolution(shapes[1], output.shape, _channels(output))
    if kind == "Conv2dTransposeFusion":
        return macs.transposed_convolution(shapes[1], shapes[0], _channels(inputs[0]))
    if kind == "FullConnection":
        return macs.fully_connected(shapes[1], output.shape)
    if kind == "MatMulFusion":
        return macs.matrix_product(shapes[0], output.shape)
    return macs.recurrent(*shapes[:3])


_COUNTED = (
    "Conv2DFusion", "Conv2dTransposeFusion", "FullConnection", "MatMulFusion", "LSTM", "GRU",
)  # fmt: skip


def _channels(tensor: Tensor) -> int | None:
    """Channels of an activation, from its format."""
    if not tensor.shape or len(tensor.shape) < 2:
        return None
    return tensor.shape[-1] if tensor.format in _CHANNELS_LAST else tensor.shape[1]
