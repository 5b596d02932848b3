"""The same small networks in every format, written by hand, and what they compute.

``dense``: scores [1, 3] of x [1, 5]. ``image``: scores of two classes of an image of 4 x 4 pixels
in 4 channels, a shape that tells nothing of its layout.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tests.inspect.writers import Scalar, Table, Vector, flatbuffer, message, varint

_random = np.random.default_rng(7)
WEIGHT = _random.normal(size=(3, 5)).astype(np.float32)
BIAS = _random.normal(size=3).astype(np.float32)
#: Output channel, height, width, input channel.
KERNEL = _random.normal(size=(2, 4, 4, 4)).astype(np.float32)
SAMPLES = _random.normal(size=(24, 5)).astype(np.float32)
#: N, height, width, channel.
IMAGES = _random.normal(size=(24, 4, 4, 4)).astype(np.float32)


def dense(x: Any) -> Any:
    """The scores of the first network."""
    return x @ WEIGHT.T + BIAS


def image(x: Any) -> Any:
    """The scores of the second, for NHWC."""
    return np.einsum("nhwc,ohwc->no", x, KERNEL)


def onnx(path: Path, batch: int | str = 1, **changes: Any) -> Path:
    """``dense``; ``batch`` may be a name, which leaves it open."""
    first = (2, batch) if isinstance(batch, str) else (1, batch)
    shape = message((1, message(first)), (1, message((1, 5))))
    graph = message(
        (1, message((1, "x"), (1, "w"), (1, "b"), (2, "y"), (3, "gemm"), (4, "Gemm"),
                    (5, message((1, "transB"), (3, 1), (20, 2))))),
        (2, "dense"),
        (5, changes.get("weight", _initializer("w", WEIGHT))),
        (5, _initializer("b", BIAS)),
        (11, _value(changes.get("name", "x"), changes.get("element", 1), shape)),
        (12, _value("y", 1, message((1, message(first)), (1, message((1, 3)))))),
    )  # fmt: skip
    path.write_bytes(_onnx_model(graph))
    return path


def onnx_beside(path: Path, name: str = "dense.bin") -> Path:
    """``dense`` with its weight in another file."""
    (path.parent / "dense.bin").write_bytes(WEIGHT.tobytes())
    places = {"location": name, "offset": "0", "length": str(WEIGHT.nbytes)}
    entries = [(13, message((1, key), (2, value))) for key, value in places.items()]
    sizes = [(1, size) for size in WEIGHT.shape]
    return onnx(path, weight=message(*sizes, (2, 1), (8, "w"), *entries, (14, 1)))


def onnx_image(path: Path) -> Path:
    """``image``, whose input is NCHW."""
    kernel = np.ascontiguousarray(KERNEL.transpose(0, 3, 1, 2))
    graph = message(
        (1, message((1, "x"), (1, "k"), (2, "c"), (3, "conv"), (4, "Conv"),
                    (5, message((1, "kernel_shape"), (8, 4), (8, 4), (20, 7))))),
        (1, message((1, "c"), (2, "y"), (3, "flatten"), (4, "Flatten"))),
        (2, "image"),
        (5, _initializer("k", kernel)),
        (11, _value("x", 1, _sizes(1, 4, 4, 4))),
        (12, _value("y", 1, _sizes(1, 2))),
    )  # fmt: skip
    path.write_bytes(_onnx_model(graph))
    return path


def onnx_operator(path: Path, kind: str, given: dict[str, Any], domain: str = "") -> Path:
    """One operator with the attributes ``given`` over images [1, 4, 8, 8], and a flatten."""
    shape = (2, 4, 3, 3) if kind == "Conv" else (4, 2, 3, 3)
    weight = np.random.default_rng(1).normal(size=shape).astype(np.float32)
    weighted = kind.startswith("Conv")
    graph = message(
        (1, message((1, "x"), *([(1, "k")] * weighted), (2, "c"), (3, "it"), (4, kind),
                    *((5, _attribute(name, value)) for name, value in given.items()),
                    *([(7, domain)] if domain else []))),
        (1, message((1, "c"), (2, "y"), (3, "flatten"), (4, "Flatten"))),
        (2, "operator"),
        *([(5, _initializer("k", weight))] * weighted),
        (11, _value("x", 1, _sizes(1, 4, 8, 8))),
        (12, message((1, "y"), (2, message((1, message((1, 1))))))),
    )  # fmt: skip
    path.write_bytes(_onnx_model(graph))
    return path


def _attribute(name: str, value: Any) -> bytes:
    if isinstance(value, int):
        return message((1, name), (3, value), (20, 2))
    if isinstance(value, str):
        return message((1, name), (4, value), (20, 3))
    return message((1, name), *((8, each) for each in value), (20, 7))


def _onnx_model(graph: bytes) -> bytes:
    return message((1, 7), (2, "tests"), (7, graph), (8, message((1, ""), (2, 11))))


def _sizes(*sizes: int) -> bytes:
    return message(*((1, message((1, size))) for size in sizes))


def _value(name: str, element: int, shape: bytes) -> bytes:
    return message((1, name), (2, message((1, message((1, element), (2, shape))))))


def _initializer(name: str, array: Any) -> bytes:
    return message(*((1, size) for size in array.shape), (2, 1), (8, name), (9, array.tobytes()))


def tf(path: Path, batch: int = 1) -> Path:
    """``dense``, frozen; a batch of -1 is an open one."""
    one = ("T", message((6, 1)))
    weight = np.ascontiguousarray(WEIGHT.T)
    nodes = (
        _node("x", "Placeholder", (), ("dtype", message((6, 1))),
              ("shape", message((7, _tf_shape(batch, 5))))),
        _node("w", "Const", (), ("dtype", message((6, 1))), ("value", message((8, _tf(weight))))),
        _node("b", "Const", (), ("dtype", message((6, 1))), ("value", message((8, _tf(BIAS))))),
        _node("product", "MatMul", ("x", "w"), one, ("transpose_a", message((5, 0))),
              ("transpose_b", message((5, 0)))),
        _node("y", "BiasAdd", ("product", "b"), one, ("data_format", message((2, "NHWC")))),
    )  # fmt: skip
    path.write_bytes(message(*((1, node) for node in nodes)))
    return path


def _tf_shape(*sizes: int) -> bytes:
    return message(*((2, message((1, size))) for size in sizes))


def _tf(array: Any) -> bytes:
    return message((1, 1), (2, _tf_shape(*array.shape)), (4, array.tobytes()))


def _node(
    name: str, operator: str, inputs: tuple[str, ...], *attributes: tuple[str, bytes]
) -> bytes:
    return message(
        (1, name),
        (2, operator),
        *((3, each) for each in inputs),
        *((5, message((1, key), (2, value))) for key, value in attributes),
    )


def caffe(path: Path) -> tuple[Path, Path]:
    """``dense``: the network and its weights."""
    path.write_text(
        'name: "dense"\n'
        'layer { name: "x" type: "Input" top: "x" '
        "input_param { shape { dim: 1 dim: 5 } } }\n"
        'layer { name: "y" type: "InnerProduct" bottom: "x" top: "y" '
        "inner_product_param { num_output: 3 } }\n"
    )
    blobs = ((7, _blob(WEIGHT)), (7, _blob(BIAS)))
    weights = path.with_suffix(".caffemodel")
    weights.write_bytes(
        message(
            (1, "dense"),
            (100, message((1, "x"), (2, "Input"), (4, "x"))),
            (100, message((1, "y"), (2, "InnerProduct"), (3, "x"), (4, "y"), *blobs)),
        )
    )
    return path, weights


def _blob(array: Any) -> bytes:
    sizes = b"".join(map(varint, array.shape))
    return message((5, array.tobytes()), (7, message((1, sizes))))


def tflite(path: Path, **changes: Any) -> Path:
    """``dense``."""
    tensors = [
        _tensor(changes.get("name", "x"), (1, 5), 0, changes.get("element", 0)),
        _tensor("w", (3, 5), 1),
        _tensor("b", (3,), 2),
        _tensor("y", (1, 3), 0),
    ]
    options = Table({0: Scalar("b", 0)})
    path.write_bytes(_tflite(tensors, (0, 1, 2), 9, 8, options, WEIGHT, BIAS))
    return path


def tflite_image(path: Path) -> Path:
    """``image``, whose input is NHWC."""
    tensors = [
        _tensor("x", (1, 4, 4, 4), 0),
        _tensor("k", KERNEL.shape, 1),
        _tensor("b", (2,), 2),
        _tensor("y", (1, 1, 1, 2), 0),
    ]
    options = Table({0: Scalar("b", 1), 1: Scalar("i", 1), 2: Scalar("i", 1)})
    bias = np.zeros(2, np.float32)
    path.write_bytes(_tflite(tensors, (0, 1, 2), 3, 1, options, KERNEL, bias))
    return path


def _tensor(name: str, shape: tuple[int, ...], buffer: int, element: int = 0) -> Table:
    return Table({0: Vector("i", shape), 1: Scalar("b", element), 2: Scalar("I", buffer), 3: name})


def _tflite(
    tensors: list[Table],
    inputs: tuple[int, ...],
    operator: int,
    kind: int,
    options: Table,
    *constants: Any,
) -> bytes:
    codes = [Table({0: Scalar("b", operator), 2: Scalar("i", 1), 3: Scalar("i", operator)})]
    call = Table(
        {0: Scalar("I", 0), 1: Vector("i", inputs), 2: Vector("i", [3]), 3: Scalar("B", kind),
         4: options}
    )  # fmt: skip
    graph = Table(
        {0: Vector("", tensors), 1: Vector("i", [0]), 2: Vector("i", [3]), 3: Vector("", [call]),
         4: "main"}
    )  # fmt: skip
    buffers = [Table({}), *(Table({0: Vector("B", list(each.tobytes()))}) for each in constants)]
    model = Table(
        {0: Scalar("I", 3), 1: Vector("", codes), 2: Vector("", [graph]), 3: "tests",
         4: Vector("", buffers)}
    )  # fmt: skip
    return flatbuffer(model, b"TFL3")
