"""Real values of a quantized tensor, by what an inspection says of it: the proof of that."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from pipeline.inspect.record import Inspection, Tensor


def values(model: Inspection, name: str) -> np.ndarray:
    """The constant ``name`` as real numbers, in its own shape."""
    tensor = next(item for item in model.tensors if item.name == name)
    data = data_of(model.path, tensor)
    shape = tensor.shape or ()
    quantization = tensor.quantization
    if quantization is None or not tensor.dtype.startswith("int"):
        return np.frombuffer(data, tensor.dtype).reshape(shape).astype(np.float64)
    numbers = _numbers(data, tensor).reshape(shape).astype(np.float64)
    along = [1] * len(shape)
    along[quantization.axis or 0] = -1

    def each(items: tuple[float, ...], default: float) -> np.ndarray:
        return np.array(items or (default,), np.float64).reshape(along)

    real = (numbers - each(quantization.zero_points, 0)) * each(quantization.scales, 1)
    corrected = real * each(quantization.scale_corrections, 1)
    return np.asarray(corrected + each(quantization.shift_corrections, 0))


def data_of(path: Path, tensor: Tensor) -> bytes:
    """The stored bytes of a constant."""
    whole = path.read_bytes()
    return b"".join(whole[at : at + length] for at, length in tensor.stored)


def _numbers(data: bytes, tensor: Tensor) -> np.ndarray:
    assert tensor.quantization is not None
    assert tensor.elements is not None
    bits, count = tensor.quantization.bits, tensor.elements
    compression = tensor.quantization.compression
    if compression == "NONE":
        return np.frombuffer(data, tensor.dtype)
    if compression == "BITPACKING":
        order = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")
        return _whole(order[: bits * count].reshape(count, bits)[:, ::-1]) - (1 << (bits - 1))
    stream = np.unpackbits(np.frombuffer(data, np.uint8))
    if compression == "INDEXING":
        book, at = _book(stream, 0, bits)
        width = math.ceil(math.log2(len(book)))
        chosen = _whole(stream[at : at + width * count].reshape(count, width))
        return np.asarray(book[chosen])
    assert compression == "SPARSE"
    width = int(_whole(stream[None, :8])[0])
    filled = int(_whole(stream[None, 8:40])[0])
    book, at = _book(stream, 40, bits)
    index_width = math.ceil(math.log2(len(book)))
    end = at + index_width * filled
    chosen = book[_whole(stream[at:end].reshape(filled, index_width))]
    steps = _whole(stream[end : end + width * filled].reshape(filled, width))
    return _spread(chosen, steps, tensor, count)


def _spread(chosen: np.ndarray, steps: np.ndarray, tensor: Tensor, count: int) -> np.ndarray:
    """Each value after as many zero points as its step says; zero points to the end."""
    assert tensor.quantization is not None
    zeros = np.array(tensor.quantization.zero_points)
    found = np.repeat(zeros, count // len(zeros)).astype(np.int64)
    found[np.cumsum(steps + 1) - 1] = chosen
    return found


def _book(stream: np.ndarray, at: int, bits: int) -> tuple[np.ndarray, int]:
    size = int(_whole(stream[None, at : at + bits])[0]) or 1 << bits
    end = at + bits + size * bits
    return _whole(stream[at + bits : end].reshape(size, bits)) - (1 << (bits - 1)), end


def _whole(rows: np.ndarray) -> np.ndarray:
    """Each row of bits, the highest first, as a number."""
    weights = 1 << np.arange(rows.shape[1])[::-1]
    return np.asarray((rows.astype(np.int64) * weights).sum(1))
