"""``.onnx`` files. A ``ModelProto`` has one ``graph``; control flow has graphs in attributes."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from pipeline.inspect import dtypes, onnx_shapes
from pipeline.inspect.graph import Values
from pipeline.inspect.ms_quantization import channel_axis
from pipeline.inspect.record import Inspection, Kind, Operator, Quantization, Tensor
from pipeline.inspect.smells import of_tensors
from pipeline.inspect.source import MOST_DIMENSIONS, Source
from pipeline.inspect.wire import Message

# Fields of ModelProto and OperatorSetIdProto.
_IR, _PRODUCER, _PRODUCER_VERSION, _GRAPH, _OPSETS, _FUNCTIONS = 1, 2, 3, 7, 8, 25
_OPSET_DOMAIN, _OPSET_VERSION = 1, 2
# GraphProto.
_NODES, _NAME, _INITIALIZERS, _INPUTS, _OUTPUTS, _INFOS = 1, 2, 5, 11, 12, 13
_GRAPH_FIELDS = (_NODES, _NAME, _INITIALIZERS, _INPUTS, _OUTPUTS, _INFOS)
# NodeProto.
_INPUT, _OUTPUT, _NODE_NAME, _TYPE, _ATTRIBUTES, _DOMAIN = 1, 2, 3, 4, 5, 7
_NODE_FIELDS = (_INPUT, _OUTPUT, _NODE_NAME, _TYPE, _ATTRIBUTES, _DOMAIN)
# AttributeProto.
_KEY_NAME, _INTEGER, _STRING, _VALUE_TENSOR, _VALUE_GRAPH, _INTEGERS, _VALUE_GRAPHS = (
    1, 3, 4, 5, 6, 8, 11
)  # fmt: skip
_ATTRIBUTE_FIELDS = (
    _KEY_NAME, _INTEGER, _STRING, _VALUE_TENSOR, _VALUE_GRAPH, _INTEGERS, _VALUE_GRAPHS
)  # fmt: skip
# TensorProto, and its fields of repeated numbers.
_DIMENSIONS, _DATA_TYPE, _TENSOR_NAME, _RAW, _EXTERNAL = 1, 2, 8, 9, 13
_FLOATS, _INT32S, _STRINGS, _INT64S, _DOUBLES, _UINT64S = 4, 5, 6, 7, 10, 11
_VARINTS = (_INT32S, _INT64S, _UINT64S)
_NUMBERS = (_FLOATS, _STRINGS, _DOUBLES, *_VARINTS)
_TENSOR_FIELDS = (_DIMENSIONS, _DATA_TYPE, _TENSOR_NAME, _RAW, _EXTERNAL, *_NUMBERS)
_KEY, _VALUE = 1, 2
# ValueInfoProto, TypeProto and what they hold.
_INFO_NAME, _INFO_TYPE = 1, 2
_TENSOR_TYPE, _ELEMENT, _SHAPE, _DIMENSION, _SIZE = 1, 1, 2, 1, 1

_DEEPEST = 16
_MOST_OPERANDS = 1 << 10
#: Operators whose result is of another type than their first input.
_NEW_TYPE = (
    "Cast", "DequantizeLinear", "QuantizeLinear", "Equal", "Greater", "Less", "And", "Or"
)  # fmt: skip
_MOST_CHANNELS = 1 << 17


def read(source: Source) -> Inspection:
    """The network in ``source``; ``Damaged`` or ``Unsupported`` when it does not hold together."""
    wanted = (_IR, _PRODUCER, _PRODUCER_VERSION, _GRAPH, _OPSETS, _FUNCTIONS)
    model = Message(source, 0, source.size, wanted)
    graph = model.message(_GRAPH, _GRAPH_FIELDS)
    if graph is None:
        raise source.damaged("it has no graph", 0)
    reader = _Reader(source)
    operators = tuple(reader.operators(graph, "", 0))
    sets = []
    for item in model.messages(_OPSETS, (_OPSET_DOMAIN, _OPSET_VERSION)):
        source.part()
        domain = item.text(_OPSET_DOMAIN)
        sets.append(f"{domain or 'opset'} {item.integer(_OPSET_VERSION)}")
    inputs = tuple(t for t in reader.infos(graph, _INPUTS) if t.name not in reader.constants)
    constants = tuple(reader.constants.values())
    outputs = tuple(reader.infos(graph, _OUTPUTS))
    ends = {tensor.name for tensor in (*inputs, *outputs)}
    return Inspection(
        source.path,
        Kind.ONNX,
        source.size,
        ", ".join([f"IR {model.integer(_IR)}", *sets]),
        f"{model.text(_PRODUCER)} {model.text(_PRODUCER_VERSION)}".strip(),
        inputs,
        outputs,
        operators,
        constants,
        tuple(item for item in reader.others.values() if item.name not in ends),
        tuple(of_tensors(inputs, constants)),
        {"graph": graph.text(_NAME), "functions": len(model.spans(_FUNCTIONS))},
    )


class _Reader:
    """Knows the values of the graphs that were read."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._values = Values()
        self.constants = self._values.constants
        self.others = self._values.others
        self._numbers: dict[str, Message] = {}

    def operators(self, graph: Message, place: str, depth: int) -> Iterator[Operator]:
        """The operators of a graph, and of those within."""
        if depth > _DEEPEST:
            raise self._source.damaged(f"graphs within graphs, {depth} deep", graph.start)
        for item in graph.messages(_INITIALIZERS, _TENSOR_FIELDS):
            self._keep(item, item.text(_TENSOR_NAME))
        for field in (_INPUTS, _OUTPUTS, _INFOS):
            for tensor in self.infos(graph, field):
                if tensor.name not in self.constants:
                    self.others[tensor.name] = tensor
        for begin, end in graph.spans(_NODES):
            self._source.part()
            node = Message(self._source, begin, end, _NODE_FIELDS)
            yield from self._operator(node, place, depth)

    def infos(self, graph: Message, field: int) -> Iterator[Tensor]:
        """Inputs, outputs or other values whose type and shape the graph tells."""
        for info in graph.messages(field, (_INFO_NAME, _INFO_TYPE)):
            self._source.part()
            kind = info.message(_INFO_TYPE, (_TENSOR_TYPE,))
            tensor = kind.message(_TENSOR_TYPE, (_ELEMENT, _SHAPE)) if kind else None
            name = info.text(_INFO_NAME)
            if tensor is None:
                yield Tensor(name, "unknown", None)
                continue
            dtype = dtypes.of_onnx(tensor.integer(_ELEMENT))
            yield Tensor(name, dtype, self._open_shape(tensor))

    def _operator(self, node: Message, place: str, depth: int) -> Iterator[Operator]:
        kind = node.text(_TYPE)
        inputs, outputs = node.texts(_INPUT), node.texts(_OUTPUT)
        name = node.text(_NODE_NAME) or (outputs[0] if outputs else kind)
        within: list[tuple[int, int]] = []
        numbers: dict[str, tuple[int, ...]] = {}
        padding = ""
        for attribute in node.messages(_ATTRIBUTES, _ATTRIBUTE_FIELDS):
            if kind == "Constant" and outputs:
                for value in attribute.messages(_VALUE_TENSOR, _TENSOR_FIELDS):
                    self._keep(value, outputs[0])
            within += attribute.spans(_VALUE_GRAPH) + attribute.spans(_VALUE_GRAPHS)
            key = attribute.text(_KEY_NAME)
            if key == "auto_pad":
                padding = attribute.text(_STRING)
            elif attribute.has(_INTEGER) or attribute.has(_INTEGERS):
                field = _INTEGER if attribute.has(_INTEGER) else _INTEGERS
                numbers[key] = attribute.integers(field, 2 * MOST_DIMENSIONS)
        if kind == "Constant":
            return
        if kind in ("DequantizeLinear", "QuantizeLinear"):
            self._scaled(inputs if kind == "DequantizeLinear" else (*outputs, *inputs[1:]))
        self._follow(kind, inputs, outputs, numbers, padding)
        domain = node.text(_DOMAIN)
        yield Operator(
            name,
            kind if domain in ("", "ai.onnx") else f"{domain}.{kind}",
            inputs,
            outputs,
            self._values.macs(kind, inputs, outputs),
            self._values.fresh_bytes(inputs),
            graph=place,
        )
        for begin, end in within:
            self._source.part()
            graph = Message(self._source, begin, end, _GRAPH_FIELDS)
            yield from self.operators(graph, graph.text(_NAME) or name, depth + 1)

    def _follow(
        self,
        kind: str,
        inputs: tuple[str, ...],
        outputs: tuple[str, ...],
        numbers: dict[str, tuple[int, ...]],
        padding: str,
    ) -> None:
        """Note the shape of the first output where nothing says it and it can be told."""
        if not outputs or self._values.shape(outputs[0]) is not None:
            return
        shapes = [self._values.shape(name) for name in inputs[:_MOST_OPERANDS]]
        if (shape := onnx_shapes.result(kind, shapes, numbers, padding)) is not None:
            first = self.others.get(inputs[0]) or self.constants.get(inputs[0])
            dtype = first.dtype if first and kind not in _NEW_TYPE else "unknown"
            self.others[outputs[0]] = Tensor(outputs[0], dtype, shape)

    def _keep(self, item: Message, name: str) -> None:
        self._source.part()
        shape = self._source.shape(item.integers(_DIMENSIONS, MOST_DIMENSIONS), item.start)
        stored = [(begin, end - begin) for begin, end in item.spans(_RAW)[-1:]]
        packed = [span for number in _NUMBERS for span in item.places(number)]
        numbers = None
        if not stored and any(item.has(number) for number in _VARINTS):
            numbers = sum(item.count(number) for number in _VARINTS)
        location, external_bytes = self._external(item)
        self.constants[name] = Tensor(
            name,
            dtypes.of_onnx(item.integer(_DATA_TYPE)),
            shape,
            stored=tuple(place for place in stored or packed if place[1]),
            numbers=numbers,
            external=location,
            external_bytes=external_bytes,
        )
        if len(shape) < 2:
            self._numbers[name] = item

    def _external(self, item: Message) -> tuple[str, int]:
        entries = {
            entry.text(_KEY): entry.text(_VALUE)
            for entry in item.messages(_EXTERNAL, (_KEY, _VALUE))
        }
        if not entries:
            return "", 0
        length = entries.get("length", "")
        size = int(length) if length.isascii() and length.isdigit() and len(length) < 19 else 0
        return entries.get("location") or "another file", size

    def _open_shape(self, tensor: Message) -> tuple[int, ...] | None:
        shape = tensor.message(_SHAPE, (_DIMENSION,))
        if shape is None:
            return None
        spans = shape.spans(_DIMENSION)[: MOST_DIMENSIONS + 1]
        sizes = (Message(self._source, begin, end, (_SIZE,)) for begin, end in spans)
        return self._source.shape(tuple(size.integer(_SIZE, -1) for size in sizes), shape.start)

    def _scaled(self, names: tuple[str, ...]) -> None:
        """Note the scale and the zero point (second and third) of the first of ``names``."""
        place = self.constants if names and names[0] in self.constants else self.others
        tensor = place.get(names[0]) if names else None
        scales = self._reals(names[1]) if len(names) > 1 else ()
        if tensor is None or not scales:
            return
        zeros = self._integers(names[2]) if len(names) > 2 else ()
        bits = dtypes.BITS.get(tensor.dtype, 0)
        axis = channel_axis(tensor.shape, len(scales))
        found = Quantization(bits, scales, zeros or (0,) * len(scales), axis=axis)
        place[names[0]] = replace(tensor, quantization=found)

    def _reals(self, name: str) -> tuple[float, ...]:
        tensor, item = self.constants.get(name), self._numbers.get(name)
        if tensor is None or item is None or tensor.dtype != "float32":
            return ()
        return self._unpacked(item.places(_RAW) or item.places(_FLOATS), "f")

    def _integers(self, name: str) -> tuple[int, ...]:
        tensor, item = self.constants.get(name), self._numbers.get(name)
        code = _CODES.get(tensor.dtype) if tensor else None
        if code is None or item is None:
            return ()
        if raw := item.places(_RAW):
            return self._unpacked(raw, code)
        return item.integers(_INT32S, _MOST_CHANNELS)

    def _unpacked(self, places: list[tuple[int, int]], code: str) -> tuple[Any, ...]:
        found: list[Any] = []
        for begin, length in places[:_MOST_CHANNELS]:
            count = min(length // struct.calcsize(f"<{code}"), _MOST_CHANNELS - len(found))
            self._source.step(count)
            found.extend(struct.unpack_from(f"<{count}{code}", self._source.data, begin))
        return tuple(found)


_CODES = {"int8": "b", "uint8": "B", "int16": "h", "uint16": "H", "int32": "i"}
