"""The inputs of a model file, read from the file itself, and agreed with the configuration's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from pipeline.config.deployment import Format, Input, ModelFile
from pipeline.core.errors import FileMissing
from pipeline.core.tensors import ITEM_BYTES
from pipeline.data.errors import InputNameUnusable
from pipeline.inspect.errors import Damaged, NotAModel, Unsupported
from pipeline.inspect.flatbuffer import Flatbuffer
from pipeline.inspect.look import look
from pipeline.inspect.record import Inspection, Kind, Tensor
from pipeline.inspect.source import MOST_DIMENSIONS, Source, opened
from pipeline.inspect.wire import Message
from pipeline.stages.checkpoint.request import InputSpec
from pipeline.stages.source.errors import InputsDiffer, InputShapeOpen, ModelFileUnusable

_GLANCE_BYTES = 4096
_KINDS = {Format.MINDIR: Kind.MINDIR, Format.ONNX: Kind.ONNX}

# TensorFlow Lite: fields of Model, SubGraph and Tensor, and the names of its types.
_SUBGRAPHS, _TENSORS, _INPUTS = 2, 0, 1
_SHAPE, _TYPE, _NAME, _SHAPE_SIGNATURE = 0, 1, 3, 7
_TFLITE_TYPES = {
    0: "float32", 1: "float16", 2: "int32", 3: "uint8", 4: "int64", 6: "bool", 7: "int16",
    9: "int8", 10: "float64",
}  # fmt: skip

# TensorFlow: fields of GraphDef, NodeDef, its map of attributes, AttrValue and TensorShapeProto.
_NODES, _NODE_NAME, _OPERATOR, _ATTRIBUTES = 1, 1, 2, 5
_KEY, _VALUE, _VALUE_TYPE, _VALUE_SHAPE = 1, 2, 6, 7
_DIMENSIONS, _SIZE, _UNKNOWN_RANK = 2, 1, 3
_TF_TYPES = {
    1: "float32", 2: "float64", 3: "int32", 4: "uint8", 5: "int16", 6: "int8", 9: "int64",
    10: "bool", 19: "float16",
}  # fmt: skip


@dataclass(frozen=True)
class Interface:
    """What a model file says of itself: its inputs, None where the format is not read.

    ``beside`` are files with its weights, by the names that it has for them. ``version`` is
    MindIR's.
    """

    inputs: tuple[Tensor, ...] | None
    beside: Mapping[str, Path] = field(default_factory=dict)
    version: int = 0


@dataclass(frozen=True)
class Agreed:
    """Inputs with shapes that are settled; ``fixed`` are those that the file left open."""

    inputs: tuple[InputSpec, ...]
    fixed: Mapping[str, tuple[int, ...]]


def read(model: ModelFile) -> Interface:
    """Look into the file. Raises ``FileMissing`` and ``ModelFileUnusable``."""
    if model.weights is not None and not model.weights.is_file():
        raise FileMissing(model.weights, "weights")
    try:
        if model.format in _KINDS:
            return _inspected(model, look(model.file))
        with opened(model.file) as source:
            return _other(model, source)
    except (NotAModel, Unsupported, Damaged) as error:
        reason = error.reason if isinstance(error, NotAModel) else error.what
        raise ModelFileUnusable(model.file, model.format.value, reason) from None


def agree(path: Path, found: Sequence[Tensor], configured: Sequence[Input]) -> Agreed:
    """The file's inputs with the configuration's shapes where it leaves some open.

    Raises ``InputsDiffer``, ``InputShapeOpen`` and ``InputNameUnusable``.
    """
    if not configured:
        left_open = [tensor for tensor in found if _is_open(tensor)]
        if left_open:
            raise InputShapeOpen(path, _described(left_open))
        return Agreed(tuple(InputSpec(t.name, t.shape or (), t.dtype) for t in found), {})
    if len(found) != len(configured) or not all(map(_fits, found, configured)):
        named = tuple(f"`{item.name}` {_type_of(item)}{list(item.shape)}" for item in configured)
        raise InputsDiffer(path, named, _described(found))
    specs = tuple(
        InputSpec(tensor.name, item.shape, tensor.dtype)
        for tensor, item in zip(found, configured, strict=True)
    )
    fixed = {
        spec.name: spec.shape for tensor, spec in zip(found, specs, strict=True) if _is_open(tensor)
    }
    for name in fixed:
        if ";" in name or name.strip() != name:
            raise InputNameUnusable(name)
    return Agreed(specs, fixed)


def _inspected(model: ModelFile, found: Inspection) -> Interface:
    wanted = _KINDS[model.format]
    if found.kind is not wanted:
        reason = f"its content is that of a .{found.kind.value} file"
        raise ModelFileUnusable(model.file, model.format.value, reason)
    if not found.inputs:
        raise ModelFileUnusable(model.file, model.format.value, "it has no inputs")
    version = found.version.rpartition(" ")[2] if wanted is Kind.MINDIR else ""
    return Interface(
        _usable(model, found.inputs),
        dict(_beside(model, {t.external for t in found.tensors if t.external})),
        int(version) if version.isdecimal() else 0,
    )


def _beside(model: ModelFile, names: set[str]) -> Iterator[tuple[str, Path]]:
    for name in sorted(names):
        parts = PurePosixPath(name)
        if parts.is_absolute() or ".." in parts.parts:
            reason = f"it wants weights from outside of its folder: {name}"
            raise ModelFileUnusable(model.file, model.format.value, reason)
        path = model.file.parent / parts
        if not path.is_file():
            raise FileMissing(path, f"weights of {model.file.name}")
        yield name, path


def _other(model: ModelFile, source: Source) -> Interface:
    if model.format is Format.TFLITE:
        if source.data[4:8] != b"TFL3":
            raise NotAModel(source.path, "it does not begin as one")
        return Interface(_usable(model, tuple(_tflite_inputs(source))))
    if model.format is Format.TF:
        return Interface(_usable(model, tuple(_tf_inputs(source))))
    head = source.data[:_GLANCE_BYTES].decode("utf-8", "replace")
    if not head.strip() or any(not (sign.isprintable() or sign.isspace()) for sign in head):
        raise NotAModel(source.path, "it is no text")
    return Interface(None)


def _usable(model: ModelFile, tensors: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    if not tensors:
        raise ModelFileUnusable(model.file, model.format.value, "it has no inputs")
    for tensor in tensors:
        if tensor.dtype not in ITEM_BYTES:
            reason = f"its input {tensor.name} is of type {tensor.dtype}"
            raise ModelFileUnusable(model.file, model.format.value, reason)
    return tensors


def _tflite_inputs(source: Source) -> Iterator[Tensor]:
    graph = next(Flatbuffer(source).root().tables(_SUBGRAPHS), None)
    if graph is None:
        raise source.damaged("it has no graph", 0)
    tensors = list(graph.tables(_TENSORS))
    for index in graph.ints(_INPUTS):
        if not 0 <= index < len(tensors):
            raise source.damaged(f"its input {index} is no tensor", graph.position)
        tensor = tensors[index]
        shape = tuple(tensor.ints(_SHAPE_SIGNATURE) or tensor.ints(_SHAPE))
        kind = tensor.int8(_TYPE)
        dtype = _TFLITE_TYPES.get(kind, f"type {kind}")
        yield Tensor(tensor.text(_NAME), dtype, source.shape(shape, tensor.position))


def _tf_inputs(source: Source) -> Iterator[Tensor]:
    graph = Message(source, 0, source.size, (_NODES,))
    for node in graph.messages(_NODES, (_NODE_NAME, _OPERATOR, _ATTRIBUTES)):
        source.part()
        if node.text(_OPERATOR) != "Placeholder":
            continue
        dtype, shape = "unknown", None
        for attribute in node.messages(_ATTRIBUTES, (_KEY, _VALUE)):
            value = attribute.message(_VALUE, (_VALUE_TYPE, _VALUE_SHAPE))
            if value is None:
                continue
            if attribute.text(_KEY) == "dtype":
                number = value.integer(_VALUE_TYPE)
                dtype = _TF_TYPES.get(number, f"type {number}")
            elif attribute.text(_KEY) == "shape":
                shape = _tf_shape(value, source)
        yield Tensor(node.text(_NODE_NAME), dtype, shape)


def _tf_shape(value: Message, source: Source) -> tuple[int, ...] | None:
    shape = value.message(_VALUE_SHAPE, (_DIMENSIONS, _UNKNOWN_RANK))
    if shape is None or shape.integer(_UNKNOWN_RANK):
        return None
    sizes = [item.integer(_SIZE) for item in shape.messages(_DIMENSIONS, (_SIZE,))]
    return source.shape(tuple(sizes[: MOST_DIMENSIONS + 1]), shape.start)


def _is_open(tensor: Tensor) -> bool:
    return tensor.shape is None or any(size <= 0 for size in tensor.shape)


def _fits(tensor: Tensor, item: Input) -> bool:
    if tensor.name != item.name or _type_of(item) not in ("", f"{tensor.dtype} "):
        return False
    return tensor.shape is None or (
        len(tensor.shape) == len(item.shape)
        and all(
            ours in (theirs, 0, -1) for ours, theirs in zip(tensor.shape, item.shape, strict=True)
        )
    )


def _type_of(item: Input) -> str:
    """The type that the configuration insists on, and a blank."""
    return f"{item.dtype} " if "dtype" in item.model_fields_set else ""


def _described(tensors: Sequence[Tensor]) -> tuple[str, ...]:
    return tuple(
        f"`{tensor.name}` {tensor.dtype} "
        + ("of any shape" if tensor.shape is None else str(list(tensor.shape)).replace("-1", "?"))
        for tensor in tensors
    )
