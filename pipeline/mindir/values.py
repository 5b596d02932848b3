"""Values in a MindIR file: attributes and constants as Python values, and back.

An ``AttributeProto`` is one of: None, bool, int, float, str, a tuple of such, an ``ndarray`` (a
tensor) or a ``DataType``. What has no such form (monads, closures) is ``Opaque``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.mindir.schema import schema

#: numpy's name of each ``TensorProto.DataType`` that numpy has.
DTYPES = {
    1: "float32", 2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64",
    9: "bool", 10: "float16", 11: "float64", 12: "uint32", 13: "uint64", 17: "float64",
}  # fmt: skip
_NUMBERS = {name: number for number, name in sorted(DTYPES.items(), reverse=True)}


@dataclass(frozen=True)
class DataType:
    """An element type used as a value, by numpy's name (``Cast``'s target)."""

    name: str


@dataclass(frozen=True)
class Opaque:
    """A value that has no Python form, by the name of its protobuf type."""

    kind: str


def dtype_name(number: int) -> str:
    """numpy's name of a ``TensorProto.DataType``, or ``type <number>`` when it has none."""
    return DTYPES.get(number, f"type {number}")


def to_python(attribute: Any) -> Any:
    """The Python value of an ``AttributeProto``."""
    kinds = schema().AttributeProto
    kind = attribute.type
    if kind in (kinds.TUPLE, kinds.LIST):
        return tuple(to_python(item) for item in attribute.values)
    if kind == kinds.NONE:
        return None
    if kind in (kinds.TENSORS, kinds.TENSOR):
        return _tensor(attribute.tensors[0] if attribute.tensors else attribute.t)
    if kind == kinds.STRING:
        return _one(attribute.s, attribute.strings, attribute.HasField("s")).decode(
            "utf-8", "replace"
        )
    if kind == kinds.BOOL:
        return bool(_one(attribute.i, attribute.ints, attribute.HasField("i")))
    if kind == kinds.FLOAT:
        return float(_one(attribute.f, attribute.floats, attribute.HasField("f")))
    if kind == kinds.DOUBLE:
        return float(_one(attribute.d, attribute.doubles, attribute.HasField("d")))
    if kind in _integers():
        return int(_one(attribute.i, attribute.ints, attribute.HasField("i")))
    return Opaque(kinds.AttributeType.Name(kind))


def to_attribute(name: str, value: Any) -> Any:
    """An ``AttributeProto`` called ``name`` of a Python value, as MindSpore itself writes it."""
    attribute = schema().AttributeProto(name=name)
    _fill(attribute, value, "i", "f", "s")
    return attribute


def _fill(attribute: Any, value: Any, *fields: str) -> None:
    kinds = schema().AttributeProto
    integer, real, text = fields
    if value is None:
        attribute.type = kinds.NONE
    elif isinstance(value, bool):
        attribute.type = kinds.BOOL
        _set(attribute, integer, int(value))
    elif isinstance(value, int):
        attribute.type = kinds.INT64
        _set(attribute, integer, value)
    elif isinstance(value, float):
        attribute.type = kinds.FLOAT
        _set(attribute, real, value)
    elif isinstance(value, str):
        attribute.type = kinds.STRING
        _set(attribute, text, value.encode())
    elif isinstance(value, tuple):
        attribute.type = kinds.TUPLE
        for item in value:
            _fill(attribute.values.add(), item, "ints", "floats", "strings")
    elif isinstance(value, DataType):
        attribute.type = kinds.TENSORS
        attribute.tensors.add(data_type=_NUMBERS[value.name])
    elif isinstance(value, np.ndarray):
        attribute.type = kinds.TENSORS
        attribute.tensors.append(to_tensor("value0", value))
    else:
        raise TypeError(f"no attribute for {type(value).__name__}")


def to_tensor(name: str, value: np.ndarray[Any, Any]) -> Any:
    """A ``TensorProto`` of an array."""
    return schema().TensorProto(
        name=name,
        dims=value.shape,
        data_type=_NUMBERS[value.dtype.name],
        raw_data=np.ascontiguousarray(value).tobytes(),
    )


def _set(attribute: Any, field: str, value: Any) -> None:
    if field.endswith("s") and field != "s":
        getattr(attribute, field).append(value)
    else:
        setattr(attribute, field, value)


def _one(single: Any, several: Any, is_set: bool) -> Any:
    return single if is_set or not several else several[0]


def _integers() -> tuple[int, ...]:
    kinds = schema().AttributeProto
    return (
        kinds.INT64, kinds.INT32, kinds.INT16, kinds.INT8,
        kinds.UINT64, kinds.UINT32, kinds.UINT16, kinds.UINT8,
    )  # fmt: skip


def _tensor(tensor: Any) -> Any:
    name = DTYPES.get(tensor.data_type)
    if name is None:
        return Opaque(dtype_name(tensor.data_type))
    if not tensor.raw_data and not tensor.dims:
        return DataType(name)
    try:
        return np.frombuffer(tensor.raw_data, name).reshape(tuple(tensor.dims))
    except ValueError:
        return Opaque(f"damaged tensor {tensor.name}")
