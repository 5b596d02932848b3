"""A ``.ms`` file taken apart so that its constants can be stored anew, and put together again.

The converter serializes a graph's nodes before its tensors, and a flatbuffer grows towards its
front: all that the nodes are made of lies behind the data of the tensors and can stay byte for
byte. So the operators' own attributes need not be understood. Fields: ``schema/model.fbs`` of
MindSpore Lite, which has only been added to since 1.5.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pipeline.inspect.errors import NotAModel, Unsupported
from pipeline.inspect.flatbuffer import Flatbuffer, Table
from pipeline.inspect.ms_names import operator
from pipeline.inspect.source import Source, opened
from pipeline.quantize.stored import FLOAT32, Channel, Compression, Constant
from pipeline.quantize.writer import Field, Form, Writer

_MARK = b"MSL2"
_QUANT_WEIGHT = 4

# Fields of MetaGraph.
_NAME, _VERSION, _FRAMEWORK, _INPUTS, _OUTPUTS, _POOL, _NODES, _TENSORS, _GRAPHS = range(9)
# Fields of SubGraph.
_GRAPH_NAME, _GRAPH_INPUTS, _GRAPH_OUTPUTS, _GRAPH_NODES, _GRAPH_TENSORS = range(5)
# Fields of CNode and Primitive.
_NODE_NAME, _NODE_TYPE, _PRIMITIVE, _NODE_INPUTS, _NODE_OUTPUTS, _QUANTIZATION, _DEVICE = range(7)
_OPERATOR, _ATTRIBUTES = range(2)
# Fields of Tensor and QuantParam.
_KIND, _TYPE, _DIMENSIONS, _FORMAT, _REFERENCES, _OFFSET, _DATA, _PARAMS, _CLUSTERS = range(9)
_TENSOR_NAME, _HUFFMAN, _COMPRESSION, _EXTERNAL = range(9, 13)
_SCALE, _ZERO_POINT, _MIN, _MAX, _NARROW, _BITS, _INITED, _VARIANCE, _MEAN = range(9)
_TARGET_TYPE, _ROUNDING, _MULTIPLIER = range(9, 12)
# Attributes of operators that tell which axis of a weight is that of its channels.
_TRANSPOSE_A, _TRANSPOSE_B = 0, 1
_GROUP, _IN_CHANNELS, _OUT_CHANNELS = 7, 8, 9


@dataclass(frozen=True)
class Weight:
    """A constant of floats that an operator computes with; ``axis`` is that of its channels."""

    tensor: int
    name: str
    node: str
    operator: str
    shape: tuple[int, ...]
    axis: int

    @property
    def elements(self) -> int:
        """Number of values."""
        count = 1
        for size in self.shape:
            count *= size
        return count


@dataclass(frozen=True)
class _Node:
    table: Table
    name: str
    operator: str
    inputs: tuple[int, ...]


class ModelFile:
    """A ``.ms`` file in memory.

    Raises ``NotAModel``, ``Damaged`` or ``Unsupported`` (weights in a file of their own, parts in
    another order than the converter's, fields of a newer format).
    """

    def __init__(self, path: Path) -> None:
        with opened(path) as source:
            self._data = bytes(source.data)
        self.path = path
        if self._data[4:8] != _MARK:
            raise NotAModel(path, "it lacks the mark MSL2 of a .ms file")
        self._root = Flatbuffer(Source(self._data, path)).root()
        self._tensors = list(self._root.tables(_TENSORS))
        self._nodes = [self._node(table) for table in self._root.tables(_NODES)]
        self._tail = self._root.target(_NODES)
        self._check_order()

    @property
    def nodes(self) -> tuple[tuple[str, str], ...]:
        """Name and operator of every node."""
        return tuple((node.name, node.operator) for node in self._nodes)

    @cached_property
    def weights(self) -> tuple[Weight, ...]:
        """Constants of floats with two dimensions or more, in the order of the nodes, each once."""
        found: dict[int, Weight] = {}
        for node in self._nodes:
            for position, index in enumerate(node.inputs):
                tensor = self._tensors[index]
                shape = tuple(tensor.ints(_DIMENSIONS))
                if index in found or len(shape) < 2 or tensor.int32(_TYPE) != FLOAT32:
                    continue
                if tensor.count(_PARAMS) or tensor.int32(_COMPRESSION) or not tensor.span(_DATA):
                    continue
                axis = self._axis(node, position, shape)
                found[index] = Weight(
                    index, tensor.text(_TENSOR_NAME), node.name, node.operator, shape, axis
                )
        return tuple(found.values())

    def values(self, weight: Weight) -> Any:
        """The floats of a weight, float32 of its shape."""
        import numpy as np

        start, length = self._tensors[weight.tensor].span(_DATA) or (0, 0)
        if length != 4 * weight.elements:
            raise Unsupported(self.path, f"{weight.name} has {length} bytes", "convert it again")
        flat = np.frombuffer(self._data, "<f4", weight.elements, start)
        return flat.reshape(weight.shape).astype(np.float32)

    def with_constants(self, constants: Mapping[int, Constant]) -> bytes:
        """The file with constants stored anew, by the numbers of their tensors.

        The nodes that use one with parameters of quantization are marked as quantized in their
        weights, which makes the runtime decode it when it loads the model.
        """
        writer = Writer(self._data[self._tail :])
        graphs = [self._graph(writer, table) for table in self._root.tables(_GRAPHS)]
        graphs_place = writer.offsets(graphs)
        tensors = [
            self._tensor(writer, table, constants.get(index))
            for index, table in enumerate(self._tensors)
        ]
        tensors_place = writer.offsets(tensors)
        fields = self._kept(
            self._root, {_FRAMEWORK: Form.INT32, _POOL: Form.INT32}, (_NAME, _VERSION)
        )
        for number in (_INPUTS, _OUTPUTS):
            place = writer.numbers(Form.INT32, self._root.uints(number))
            fields[number] = Field(Form.OFFSET, place)
        fields[_NODES] = Field(Form.OFFSET, self._nodes_place(writer, constants))
        fields[_TENSORS] = Field(Form.OFFSET, tensors_place)
        fields[_GRAPHS] = Field(Form.OFFSET, graphs_place)
        return writer.finish(writer.table(fields), _MARK)

    def _node(self, table: Table) -> _Node:
        primitive = table.table(_PRIMITIVE)
        kind = operator(primitive.uint8(_OPERATOR) if primitive else 0)
        return _Node(table, table.text(_NODE_NAME), kind, tuple(table.uints(_NODE_INPUTS)))

    def _axis(self, node: _Node, position: int, shape: tuple[int, ...]) -> int:
        """Axis of the channels, as the runtime takes it (``WeightDecoder::GetPreferredDim``)."""
        primitive = node.table.table(_PRIMITIVE)
        attributes = primitive.table(_ATTRIBUTES) if primitive else None
        if attributes is None:
            return 0
        last = len(shape) - 1
        if node.operator == "MatMulFusion" and position < 2:
            moved = attributes.boolean(_TRANSPOSE_B if position else _TRANSPOSE_A)
            return last - 1 if moved == bool(position) else last
        if node.operator == "Conv2dTransposeFusion":
            group = attributes.int64(_GROUP)
            deep = group == attributes.int64(_IN_CHANNELS) == attributes.int64(_OUT_CHANNELS)
            return 0 if deep else last
        if node.operator == "Gather" and len(node.inputs) == 3:
            return self._whole_number(node.inputs[2]) % len(shape)
        return 0

    def _whole_number(self, index: int) -> int:
        start, length = self._tensors[index].span(_DATA) or (0, 0)
        return int.from_bytes(self._data[start : start + length], "little", signed=True)

    def _check_order(self) -> None:
        ends = [start + length for start, length in self._spans()]
        if max(ends, default=0) > self._tail or any(t.count(_EXTERNAL) for t in self._tensors):
            raise Unsupported(
                self.path,
                "its parts are not in the order in which the converter writes them",
                "convert the network again, to a model below 2 GB",
            )

    def _spans(self) -> Iterable[tuple[int, int]]:
        return (span for table in self._tensors if (span := table.span(_DATA)))

    def _place(self, table: Table, number: int) -> Field | None:
        """What a field points to where that lies in the part that is kept."""
        at = table.target(number)
        return Field(Form.OFFSET, len(self._data) - at) if at >= self._tail else None

    def _kept(
        self, table: Table, numbers: Mapping[int, Form], pointers: Iterable[int]
    ) -> dict[int, Field]:
        """Fields as they are: numbers, and what lies in the part that is kept."""
        read = {Form.INT32: table.int32, Form.UINT8: table.uint8, Form.BOOL: table.boolean}
        fields = {
            number: Field(form, read[form](number))
            for number, form in numbers.items()
            if table.has(number)
        }
        for number in pointers:
            if place := self._place(table, number):
                fields[number] = place
        return fields

    def _graph(self, writer: Writer, table: Table) -> int:
        fields = {
            number: Field(Form.OFFSET, writer.numbers(Form.INT32, table.uints(number)))
            for number in (_GRAPH_INPUTS, _GRAPH_OUTPUTS, _GRAPH_NODES, _GRAPH_TENSORS)
            if table.target(number)
        }
        if name := table.text(_GRAPH_NAME):
            fields[_GRAPH_NAME] = Field(Form.OFFSET, writer.text(name))
        return writer.table(fields)

    def _nodes_place(self, writer: Writer, constants: Mapping[int, Constant]) -> int:
        """The vector of nodes, with new ones in front of the old where their mark changes."""
        changed = {index for index, constant in constants.items() if constant.channels}
        if not changed:
            return len(self._data) - self._tail
        places = []
        for node in self._nodes:
            if not changed.intersection(node.inputs):
                places.append(len(self._data) - node.table.position)
                continue
            numbers = {_NODE_TYPE: Form.INT32, _DEVICE: Form.INT32}
            pointers = (_NODE_NAME, _PRIMITIVE, _NODE_INPUTS, _NODE_OUTPUTS)
            fields = self._kept(node.table, numbers, pointers)
            fields[_QUANTIZATION] = Field(Form.INT32, _QUANT_WEIGHT)
            places.append(writer.table(fields))
        return writer.offsets(places)

    def _tensor(self, writer: Writer, table: Table, new: Constant | None) -> int:
        numbers = dict.fromkeys((_KIND, _TYPE, _FORMAT, _REFERENCES, _OFFSET), Form.INT32)
        fields = self._kept(table, {**numbers, _HUFFMAN: Form.BOOL, _COMPRESSION: Form.INT32}, ())
        if table.target(_DIMENSIONS):
            dimensions = writer.numbers(Form.INT32, table.ints(_DIMENSIONS))
            fields[_DIMENSIONS] = Field(Form.OFFSET, dimensions)
        if name := table.text(_TENSOR_NAME):
            fields[_TENSOR_NAME] = Field(Form.OFFSET, writer.text(name))
        if new is None:
            if span := table.span(_DATA):
                data = self._data[span[0] : span[0] + span[1]]
                fields[_DATA] = Field(Form.OFFSET, writer.bytes_vector(data))
            if table.count(_CLUSTERS):
                clusters = writer.numbers(Form.FLOAT32, table.floats(_CLUSTERS))
                fields[_CLUSTERS] = Field(Form.OFFSET, clusters)
            if table.count(_PARAMS):
                params = [self._old_param(writer, item) for item in table.tables(_PARAMS)]
                fields[_PARAMS] = Field(Form.OFFSET, writer.offsets(params))
            return writer.table(fields)
        fields[_DATA] = Field(Form.OFFSET, writer.bytes_vector(new.data))
        fields[_TYPE] = Field(Form.INT32, new.dtype)
        if new.compression is not Compression.NONE:
            fields[_COMPRESSION] = Field(Form.INT32, new.compression)
        if new.channels:
            params = [_param(writer, channel, new.bits) for channel in new.channels]
            fields[_PARAMS] = Field(Form.OFFSET, writer.offsets(params))
        return writer.table(fields)

    def _old_param(self, writer: Writer, table: Table) -> int:
        numbers = dict.fromkeys(
            (_ZERO_POINT, _BITS, _TARGET_TYPE, _ROUNDING, _MULTIPLIER), Form.INT32
        )
        fields = self._kept(table, {**numbers, _NARROW: Form.BOOL, _INITED: Form.BOOL}, ())
        for number in (_SCALE, _MIN, _MAX):
            if table.has(number):
                fields[number] = Field(Form.FLOAT64, table.float64(number))
        for number in (_VARIANCE, _MEAN):
            if table.has(number):
                fields[number] = Field(Form.FLOAT32, table.float32(number))
        return writer.table(fields)


def _param(writer: Writer, channel: Channel, bits: int) -> int:
    fields = {_SCALE: Field(Form.FLOAT64, channel.scale)}
    if channel.zero_point:
        fields[_ZERO_POINT] = Field(Form.INT32, channel.zero_point)
    if channel.mean:
        fields[_MEAN] = Field(Form.FLOAT32, channel.mean)
    if bits != 8:
        fields[_BITS] = Field(Form.INT32, bits)
    return writer.table(fields)
