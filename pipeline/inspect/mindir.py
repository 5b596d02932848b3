"""``.mindir`` files: networks as MindSpore exports them.

A ``ModelProto`` has the ``graph`` that runs and ``functions`` beside it, and ``primitives`` that
nodes refer to as ``REF::<name>``. The type and shape of what a node computes is its attribute
``shape``. Constants are nodes of the type ``Constant``, parameters are the graph's.
"""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.inspect import dtypes
from pipeline.inspect.graph import Values
from pipeline.inspect.record import Inspection, Kind, Operator, Quantization, Tensor
from pipeline.inspect.smells import of_tensors
from pipeline.inspect.source import MOST_DIMENSIONS, Source
from pipeline.inspect.wire import Message

# Fields of ModelProto.
_PRODUCER, _PRODUCER_VERSION, _MODEL_VERSION, _GRAPH, _FUNCTIONS, _PRIMITIVES, _VERSION = (
    2, 3, 5, 7, 8, 12, 13
)  # fmt: skip
_MODEL = (
    1,
    _PRODUCER,
    _PRODUCER_VERSION,
    _MODEL_VERSION,
    _GRAPH,
    _FUNCTIONS,
    _PRIMITIVES,
    _VERSION,
)
# GraphProto.
_NODES, _GRAPH_NAME, _PARAMETERS, _INPUTS, _OUTPUTS = 1, 2, 3, 5, 6
_GRAPH_FIELDS = (_NODES, _GRAPH_NAME, _PARAMETERS, _INPUTS, _OUTPUTS)
# NodeProto.
_INPUT, _OUTPUT, _NAME, _TYPE, _ATTRIBUTES, _DOMAIN = 1, 2, 3, 4, 5, 7
_NODE_FIELDS = (_INPUT, _OUTPUT, _NAME, _TYPE, _ATTRIBUTES, _DOMAIN)
# AttributeProto.
_ATTRIBUTE_NAME, _TENSOR, _TENSORS = 1, 6, 12
_ATTRIBUTE_FIELDS = (_ATTRIBUTE_NAME, _TENSOR, _TENSORS)
# ValueInfoProto, PrimitiveProto.
_VALUE_NAME, _VALUE_TENSOR = 1, 2
_PRIMITIVE_NAME, _PRIMITIVE_TYPE = 1, 2
# TensorProto.
_DIMENSIONS, _DATA_TYPE, _TENSOR_NAME, _RAW, _EXTERNAL, _COMPRESSION, _QUANTIZED = (
    1, 2, 7, 9, 12, 16, 17
)  # fmt: skip
_NUMBERS = (3, 4, 5, 6, 10, 11)
_TENSOR_FIELDS = (
    _DIMENSIONS, _DATA_TYPE, _TENSOR_NAME, _RAW, _EXTERNAL, _COMPRESSION, _QUANTIZED, *_NUMBERS
)  # fmt: skip
_LOCATION, _LENGTH = 1, 3

_COMPRESSIONS = ("NONE", "INDEXING", "SPARSE", "FSE", "BITPACKING", "FSE_INT", "FSE_INFER")
_REFERENCE = "REF::"
#: Nodes that order or group values and compute nothing; some give what their first input is.
_PASSING = ("Load", "Depend", "TupleGetItem")
_PLUMBING = ("Load", "Depend", "UpdateState", "MakeTuple", "TupleGetItem", "make_list", "Return")


def read(source: Source) -> Inspection:
    """The network in ``source``; ``Damaged`` or ``Unsupported`` when it does not hold together."""
    model = Message(source, 0, source.size, _MODEL)
    graph = model.message(_GRAPH, _GRAPH_FIELDS)
    if graph is None:
        raise source.damaged("it has no graph", 0)
    reader = _Reader(source, _primitives(source, model))
    operators = list(reader.operators(graph, ""))
    functions = 0
    for function in model.messages(_FUNCTIONS, _GRAPH_FIELDS):
        source.part()
        functions += 1
        operators += reader.operators(function, function.text(_GRAPH_NAME) or "function")
    version = model.integer(_VERSION)
    maker = f"{model.text(_PRODUCER)} {model.text(_PRODUCER_VERSION) or model.text(_MODEL_VERSION)}"
    return reader.inspection(graph, operators, f"MindIR {version}", maker.strip(), functions)


def _primitives(source: Source, model: Message) -> dict[str, str]:
    found: dict[str, str] = {}
    for primitive in model.messages(_PRIMITIVES, (_PRIMITIVE_NAME, _PRIMITIVE_TYPE)):
        source.part()
        found[primitive.text(_PRIMITIVE_NAME)] = primitive.text(_PRIMITIVE_TYPE)
    return found


class _Reader:
    """Knows the values of the graphs that were read."""

    def __init__(self, source: Source, primitives: dict[str, str]) -> None:
        self._source = source
        self._primitives = primitives
        self._values = Values(weights_apart=False)
        self._places: dict[str, str] = {}
        self._same: dict[str, str] = {}  # what passes a value on, and that value

    def operators(self, graph: Message, place: str) -> Iterator[Operator]:
        """The operators of one graph."""
        values = self._values
        for item in graph.messages(_PARAMETERS, _TENSOR_FIELDS):
            values.constants[item.text(_TENSOR_NAME)] = self._tensor(item, "")
        for name, tensor in self._infos(graph, _INPUTS):
            values.others[name] = tensor
        for begin, end in graph.spans(_NODES):
            self._source.part()
            node = Message(self._source, begin, end, _NODE_FIELDS)
            kind = node.text(_TYPE)
            outputs = node.texts(_OUTPUT) or (node.text(_NAME),)
            result = self._result(node, outputs[0], constant=kind == "Constant")
            if kind == "Constant":
                if result is not None and result.stored:
                    values.constants[outputs[0]] = result
                continue
            if result is not None:
                values.others[outputs[0]] = result
            if kind.startswith(_REFERENCE):
                kind = self._primitives.get(kind[len(_REFERENCE) :], "call")
            name = node.text(_DOMAIN) or node.text(_NAME)
            inputs = tuple(self._same.get(item, item) for item in node.texts(_INPUT))
            if kind in _PASSING and inputs:
                name = self._places.get(inputs[0], name)
                if kind != "TupleGetItem":
                    self._same[outputs[0]] = self._same.get(inputs[0], inputs[0])
            self._places[outputs[0]] = name
            if kind in _PLUMBING:
                continue
            yield Operator(
                name,
                kind,
                tuple(_short(item) for item in inputs),
                tuple(_short(item) for item in outputs),
                values.macs(kind, inputs, outputs),
                values.fresh_bytes(inputs),
                graph=place,
            )

    def inspection(
        self, graph: Message, operators: list[Operator], version: str, producer: str, functions: int
    ) -> Inspection:
        """Everything, once all graphs are read."""
        inputs = tuple(tensor for _, tensor in self._infos(graph, _INPUTS))
        outputs = tuple(
            self._named_output(name, tensor) for name, tensor in self._infos(graph, _OUTPUTS)
        )
        constants = tuple(self._values.constants.values())
        return Inspection(
            self._source.path,
            Kind.MINDIR,
            self._source.size,
            version,
            producer,
            inputs,
            outputs,
            tuple(operators),
            constants,
            smells=tuple(of_tensors(inputs, constants)),
            details={"functions": functions},
        )

    def _named_output(self, name: str, tensor: Tensor) -> Tensor:
        """An output is called as the operator that makes it, and has what that says of it."""
        made = self._values.others.get(name)
        shown = self._places.get(name) or tensor.name
        if tensor.shape is None and made is not None:
            return Tensor(shown, made.dtype, made.shape, made.format)
        return Tensor(shown, tensor.dtype, tensor.shape, tensor.format)

    def _infos(self, graph: Message, field: int) -> Iterator[tuple[str, Tensor]]:
        for info in graph.messages(field, (_VALUE_NAME, _VALUE_TENSOR)):
            self._source.part()
            name = info.text(_VALUE_NAME)
            tensor = info.message(_VALUE_TENSOR, _TENSOR_FIELDS)
            if tensor is None:
                yield name, Tensor(_short(name), "unknown", None)
            else:
                yield name, self._tensor(tensor, name)

    def _result(self, node: Message, name: str, constant: bool) -> Tensor | None:
        """What a node gives, where it is one tensor."""
        for attribute in node.messages(_ATTRIBUTES, _ATTRIBUTE_FIELDS):
            if not constant and attribute.text(_ATTRIBUTE_NAME) != "shape":
                continue
            tensors = attribute.spans(_TENSORS) or attribute.spans(_TENSOR)
            if len(tensors) == 1:
                begin, end = tensors[0]
                return self._tensor(Message(self._source, begin, end, _TENSOR_FIELDS), name)
        return None

    def _tensor(self, item: Message, name: str) -> Tensor:
        self._source.part()
        shape = self._source.shape(item.integers(_DIMENSIONS, MOST_DIMENSIONS), item.start)
        stored = [(begin, end - begin) for begin, end in item.spans(_RAW)[-1:]]
        dtype = dtypes.of_mindir(item.integer(_DATA_TYPE))
        location, external_bytes = self._external(item)
        return Tensor(
            _short(name or item.text(_TENSOR_NAME)),
            dtype,
            shape,
            "NCHW" if len(shape) == 4 else "",
            tuple(place for place in stored if place[1]),
            location,
            external_bytes,
            _quantization(item, dtype),
        )

    def _external(self, item: Message) -> tuple[str, int]:
        data = item.message(_EXTERNAL, (_LOCATION, _LENGTH))
        if data is None:
            return "", 0
        return data.text(_LOCATION) or "another file", max(data.integer(_LENGTH), 0)


def _quantization(item: Message, dtype: str) -> Quantization | None:
    """That a tensor is quantized; its parameters have no fixed form in MindIR and are not read."""
    compression = item.integer(_COMPRESSION)
    if not compression and not item.has(_QUANTIZED):
        return None
    known = 0 <= compression < len(_COMPRESSIONS)
    name = _COMPRESSIONS[compression] if known else f"compression {compression}"
    return Quantization(dtypes.BITS.get(dtype, 0), compression=name)


def _short(name: str) -> str:
    """``conv1.weight`` of ``70_1_network_LeNet5_construct_15:conv1.weight``."""
    return name.partition(":")[2] or name
