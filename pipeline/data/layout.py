"""From the network's layout to the converted model's: the converter turns NCHW into NHWC."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from pipeline.core import files
from pipeline.core.tensors import TensorFacts
from pipeline.data.errors import InputShapeMismatch


def to_model(
    array: Any,
    network_shape: tuple[int, ...],
    tensor: TensorFacts,
    source: str,
    channels_last: bool = False,
) -> Any:
    """Samples [N, ...] as the model wants them: [N, *tensor.shape], contiguous, of its type.

    ``network_shape`` is the input in the network's own layout, batch 1 included; a network whose
    images have their ``channels_last`` is converted without moving them. Raises
    InputShapeMismatch when neither it nor its NHWC form is the model's, and when the samples have
    its dimensions in another order.
    """
    sample = array.shape[1:]
    elements = int(np.prod(network_shape, dtype=np.int64))
    if int(np.prod(sample, dtype=np.int64)) != elements or _is_moved(sample, network_shape):
        raise InputShapeMismatch(tensor.name, network_shape, tuple(sample), source)
    shaped = array.reshape((len(array), *network_shape))
    if len(network_shape) == 4 and tensor.format == "NHWC" and not channels_last:
        moved = (network_shape[0], *network_shape[2:], network_shape[1])
        if tensor.shape == moved:
            shaped = shaped.transpose(0, 1, 3, 4, 2)
    if shaped.shape[1:] != tensor.shape:
        raise InputShapeMismatch(tensor.name, tensor.shape, tuple(sample), source)
    return np.ascontiguousarray(shaped, dtype=tensor.dtype)


def _is_moved(sample: tuple[int, ...], network_shape: tuple[int, ...]) -> bool:
    """Whether both have the same dimensions, those of one aside, in another order."""
    left, right = ([size for size in shape if size != 1] for shape in (sample, network_shape))
    return left != right and sorted(left) == sorted(right)


def write_samples(array: Any, path: Path) -> None:
    """Write samples one after another, raw and in row-major order.

    Not by numpy's ``tofile`` and ``save``: they hide from their error that the disk is full.
    """
    with files.disk_errors(path), path.open("wb") as stream:
        stream.write(np.ascontiguousarray(array).data.cast("B"))


def write_npy(array: Any, path: Path) -> None:
    """Write an array that is not empty as an ``.npy`` file."""
    flat = np.ascontiguousarray(array)
    with files.disk_errors(path), path.open("wb") as stream:
        npy: Any = np.lib.format  # without types in NumPy 1
        npy.write_array_header_1_0(stream, npy.header_data_from_array_1_0(flat))
        stream.write(flat.data.cast("B"))


def read_outputs(path: Path, tensors: tuple[TensorFacts, ...], count: int) -> tuple[Any, ...]:
    """The runner's outputs of ``count`` samples: for each output an array [N, *shape].

    Raises ``ValueError`` when the file is not exactly that long.
    """
    sizes = [tensor.size_bytes for tensor in tensors]
    data = np.fromfile(path, dtype=np.uint8)
    if data.size != sum(sizes) * count:
        raise ValueError(f"{data.size} bytes of outputs, expected {sum(sizes) * count}")
    rows = data.reshape(count, sum(sizes))
    outputs = []
    start = 0
    for tensor, size in zip(tensors, sizes, strict=True):
        block = np.ascontiguousarray(rows[:, start : start + size])
        outputs.append(block.view(tensor.dtype).reshape((count, *tensor.shape)))
        start += size
    return tuple(outputs)
