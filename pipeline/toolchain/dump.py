"""What every operator of a model puts out, in one inference on this machine."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.core import files
from pipeline.core.runner import RunnerOptions
from pipeline.core.tensors import ITEM_BYTES
from pipeline.toolchain import host
from pipeline.toolchain.errors import HostRunFailed
from pipeline.toolchain.toolchain import Toolchain

_SCHEMA = 1
#: Channels that the runtime stores together in its packed layout.
_PACK = 4


@dataclass(frozen=True)
class NodeOutput:
    """An output as the runtime held it; ``path`` is None where it had no data."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    format: str
    path: Path | None


@dataclass(frozen=True)
class Node:
    """An operator that ran."""

    name: str
    kind: str
    outputs: tuple[NodeOutput, ...]


def dump(
    toolchain: Toolchain,
    model: Path,
    samples: tuple[Path, ...],
    folder: Path,
    deadline_s: float = 600.0,
) -> tuple[Node, ...]:
    """Run the first sample and keep every operator's outputs in ``folder``, in order.

    ``samples`` has a raw file for each input, in the model's layout. Raises ModelUnusable or
    HostRunFailed.
    """
    options = RunnerOptions(
        str(model),
        "",
        samples=tuple(map(str, samples)),
        threads=1,
        bind_mode=0,
        dump=str(folder),
    )
    host.run(toolchain, options, deadline_s)
    try:
        with files.disk_errors(folder):
            return parse(json.loads((folder / "index.json").read_bytes()), folder)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise HostRunFailed(model.name, f"its dump cannot be read: {error}") from None


def parse(index: Any, folder: Path) -> tuple[Node, ...]:
    """The runner's index of a dump; ``ValueError``, ``KeyError`` or ``TypeError`` if it is none."""
    if index["schema"] != _SCHEMA:
        raise ValueError(f"unknown schema {index['schema']!r}")
    return tuple(
        Node(node["name"], node["type"], tuple(_output(item, folder) for item in node["outputs"]))
        for node in index["nodes"]
    )


def read(output: NodeOutput) -> Any:
    """The values as an array of the output's shape, of its own type; None without data.

    ``ValueError`` when file, shape and type do not agree.
    """
    import numpy as np

    if output.path is None or output.dtype not in ITEM_BYTES:
        return None
    with files.disk_errors(output.path):
        flat = np.fromfile(output.path, dtype=output.dtype)
    if flat.size == math.prod(output.shape):
        return flat.reshape(output.shape)
    if output.format == "NC4HW4" and len(output.shape) == 4:
        return _unpacked(flat, output.shape)
    raise ValueError(f"{output.name} has {flat.size} elements, its shape is {output.shape}")


def _unpacked(flat: Any, shape: tuple[int, ...]) -> Any:
    """Channels stored by fours, the rest filled up; the shape itself is NHWC."""
    batch, height, width, channels = shape
    packs = -(-channels // _PACK)
    packed = flat.reshape(batch, packs, height * width, _PACK).transpose(0, 2, 1, 3)
    return packed.reshape(batch, height, width, packs * _PACK)[..., :channels]


def _output(item: Any, folder: Path) -> NodeOutput:
    name = item["file"]
    if name is not None and Path(name).name != name:
        raise ValueError(f"{name!r} is no name of a file")
    return NodeOutput(
        item["name"],
        item["dtype"],
        tuple(int(size) for size in item["shape"]),
        item["format"],
        None if name is None else folder / name,
    )
