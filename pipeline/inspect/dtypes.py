"""Element types: numpy's names, and the bits of one element."""

from __future__ import annotations

#: Bits an element has where nothing packs it.
BITS = {
    "bool": 8, "int8": 8, "uint8": 8, "int16": 16, "uint16": 16, "float16": 16, "bfloat16": 16,
    "int32": 32, "uint32": 32, "float32": 32, "int64": 64, "uint64": 64, "float64": 64,
    "complex64": 64, "complex128": 128, "float8e4m3fn": 8, "float8e4m3fnuz": 8, "float8e5m2": 8,
    "float8e5m2fnuz": 8, "float8e8m0": 8, "uint4": 4, "int4": 4, "float4e2m1": 4, "uint2": 2,
    "int2": 2,
}  # fmt: skip

#: ``TypeId`` of MindSpore, as ``.ms`` files use it.
_LITE = {
    0: "unknown", 12: "string", 13: "list", 14: "tuple", 17: "tensor", 30: "bool", 32: "int8",
    33: "int16", 34: "int32", 35: "int64", 37: "uint8", 38: "uint16", 39: "uint32", 40: "uint64",
    42: "float16", 43: "float32", 44: "float64",
}  # fmt: skip

#: ``TensorProto.DataType``, the same in MindIR and ONNX up to 16.
_PROTO = {
    0: "unknown", 1: "float32", 2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32",
    7: "int64", 8: "string", 9: "bool", 10: "float16", 11: "float64", 12: "uint32", 13: "uint64",
    14: "complex64", 15: "complex128", 16: "bfloat16",
}  # fmt: skip
_MINDIR = {**_PROTO, 17: "float64", 18: "int4"}
_ONNX = {
    **_PROTO, 17: "float8e4m3fn", 18: "float8e4m3fnuz", 19: "float8e5m2", 20: "float8e5m2fnuz",
    21: "uint4", 22: "int4", 23: "float4e2m1", 24: "float8e8m0", 25: "uint2", 26: "int2",
}  # fmt: skip


def of_lite(number: int) -> str:
    """The name of a ``TypeId``, ``type <number>`` when it is not known."""
    return _LITE.get(number, f"type {number}")


def of_mindir(number: int) -> str:
    """The name of a MindIR ``TensorProto.DataType``."""
    return _MINDIR.get(number, f"type {number}")


def of_onnx(number: int) -> str:
    """The name of an ONNX ``TensorProto.DataType``."""
    return _ONNX.get(number, f"type {number}")


def of_checkpoint(name: str) -> str:
    """The name of a checkpoint's ``tensor_type``: ``Float32``, ``BFloat16``, ``str``, ``Int4``."""
    found = name.lower().removesuffix("_")
    return "string" if found == "str" else found or "unknown"


def is_integer(name: str) -> bool:
    """Whether elements of the type are whole numbers, so that quantized values may be in them."""
    return name.startswith(("int", "uint"))
