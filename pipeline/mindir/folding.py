"""What depends on no input and no parameter, computed here instead of on the device.

MindSpore leaves such parts in a MindIR (position encodings of sines, masks), and the converter's
own folding fails on some of them. Only operators that move values or compute them element by
element are computed, and a result counts only when it has the shape that MindSpore noted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from pipeline.mindir.program import Node
from pipeline.mindir.scene import Scene
from pipeline.mindir.values import to_python

#: A result of more elements would make the file larger than the work is worth.
_MOST_ELEMENTS = 1 << 20

Values = Sequence[Any]
Arguments = Mapping[str, Any]


def fold(scene: Scene, node: Node) -> str | None:
    """A new constant with what ``node`` computes; None when that is not for here to say."""
    evaluate = _OPERATORS.get(node.operator)
    if evaluate is None or scene.is_output(node.output):
        return None
    found = _arguments(scene, node)
    if found is None:
        return None
    values, arguments = found
    result = scene.result(node)
    if 0 in result.shape or result.elements > _MOST_ELEMENTS:
        return None
    try:
        with np.errstate(all="ignore"):
            output = np.asarray(evaluate(values, arguments))
    except (ValueError, TypeError, IndexError, KeyError):  # not how MindSpore uses it
        return None
    if output.shape != result.shape or not _same_kind(node.operator, output, result.dtype):
        return None
    return scene.constant(np.ascontiguousarray(output, dtype=result.dtype))


def _arguments(scene: Scene, node: Node) -> tuple[list[Any], dict[str, Any]] | None:
    """The values of the inputs and the arguments by name, when all are constants."""
    names = list(node.inputs)
    arguments = {name: to_python(value) for name, value in node.attributes.items()}
    if not names or not all(map(scene.is_constant_or_tuple, names)):
        return None
    values = [scene.value_or_tuple(name) for name in names]
    if node.function:
        definition = scene.definitions.find(node.operator)
        if definition is None or len(definition.arguments) >= len(values):
            return None
        own = [argument.name for argument in definition.arguments]
        start = len(values) - len(own)
        arguments.update(zip(own, values[start:], strict=True))
        del values[start:]
    return values, arguments


def _same_kind(operator: str, output: np.ndarray[Any, Any], dtype: str) -> bool:
    """Whether the result may get MindSpore's type: only ``Cast`` turns numbers into others."""
    return operator == "Cast" or output.dtype.kind == np.dtype(dtype).kind


def _elementwise(function: Callable[..., Any]) -> Callable[[Values, Arguments], Any]:
    return lambda values, _: function(*_of_one_type(values))


def _of_one_type(values: Values) -> list[Any]:
    """A number beside an array gets the array's type, as MindSpore does it."""
    arrays = [value for value in values if hasattr(value, "dtype") and value.ndim]
    if not arrays:
        return [np.asarray(value, getattr(value, "dtype", np.float32)) for value in values]
    dtype = arrays[0].dtype
    if dtype.kind != "f" and any(isinstance(value, float) for value in values):
        raise TypeError("MindSpore turns it into another type")
    return [value if hasattr(value, "dtype") else dtype.type(value) for value in values]


def _cast(values: Values, _: Arguments) -> Any:
    if values[0].dtype.kind == "f" and not np.isfinite(values[0]).all():
        raise ValueError("what comes of it depends on the machine")
    return values[0]


def _sum_so_far(values: Values, arguments: Arguments) -> Any:
    axis = values[1] if len(values) > 1 else arguments["axis"]
    if arguments.get("exclusive") or arguments.get("reverse"):
        raise ValueError
    return np.cumsum(values[0], axis=int(axis), dtype=values[0].dtype)


def _strided_slice(values: Values, arguments: Arguments) -> Any:
    source, begin, end, strides = values
    if arguments.get("ellipsis_mask") or arguments.get("new_axis_mask"):
        raise ValueError
    index: list[int | slice] = []
    for axis, (first, last, step) in enumerate(zip(begin, end, strides, strict=True)):
        bit = 1 << axis
        if arguments.get("shrink_axis_mask", 0) & bit:
            index.append(int(first))
            continue
        start = None if arguments.get("begin_mask", 0) & bit else int(first)
        stop = None if arguments.get("end_mask", 0) & bit else int(last)
        index.append(slice(start, stop, int(step)))
    return source[tuple(index)]


def _shape(value: Any) -> tuple[int, ...]:
    return tuple(int(side) for side in value)


_ELEMENTWISE: Mapping[str, Callable[..., Any]] = {
    "Add": np.add,
    "Sub": np.subtract,
    "Mul": np.multiply,
    "Muls": np.multiply,
    "Div": np.true_divide,
    "Divs": np.true_divide,
    "RealDiv": np.true_divide,
    "FloorDiv": np.floor_divide,
    "Pow": np.power,
    "Maximum": np.maximum,
    "Minimum": np.minimum,
    "Neg": np.negative,
    "Sin": np.sin,
    "Cos": np.cos,
    "Exp": np.exp,
    "Sqrt": np.sqrt,
    "LogicalNot": np.logical_not,
}

_OPERATORS: Mapping[str, Callable[[Values, Arguments], Any]] = {
    **{name: _elementwise(function) for name, function in _ELEMENTWISE.items()},
    "Cast": _cast,
    "CumSum": _sum_so_far,
    "StridedSlice": _strided_slice,
    "Reshape": lambda values, _: values[0].reshape(_shape(values[1])),
    "Transpose": lambda values, _: values[0].transpose(_shape(values[1])),
    "ExpandDims": lambda values, _: np.expand_dims(values[0], int(values[1])),
    "Stack": lambda values, own: np.stack(values[0], axis=int(own["axis"])),
    "Concat": lambda values, own: np.concatenate(values[0], axis=int(own["axis"])),
}
