"""Where a model departs: from another model, or from the network that it was made of."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipeline.chain.tools import install
from pipeline.config.deployment import Input, Network
from pipeline.core.errors import FileMissing, UsageError, one_line
from pipeline.core.events import Listener
from pipeline.core.tensors import TensorFacts
from pipeline.inspect.look import look
from pipeline.stages.checkpoint.cells import record_cells
from pipeline.stages.checkpoint.request import ExportRequest, InputSpec
from pipeline.stages.divergence import (
    FLOAT_THRESHOLD,
    QUANTIZED_THRESHOLD,
    Divergence,
    Layer,
)
from pipeline.stages.layers import against_model, against_network, inputs_row
from pipeline.stages.trace import trace
from pipeline.toolchain import host
from pipeline.toolchain.toolchain import Toolchain

_DEADLINE_S = 3600.0
_SEED = 0


@dataclass(eq=False)
class InputsUnfit(UsageError):
    """What is to be given to a model does not fit its inputs."""

    model: str
    reason: str

    @property
    def message(self) -> str:
        return f"the inputs do not fit {self.model}: {self.reason}"

    @property
    def hint(self) -> str:
        return "one .npy or raw file an input, in the model's layout: pipeline inspect shows it"


def divergence(
    model: Path,
    reference: Path,
    inputs: Sequence[Path] = (),
    *,
    threshold: float | None = None,
    toolchain: Path | None = None,
    listener: Listener | None = None,
) -> Divergence:
    """The first layer where the ``.ms`` file ``model`` departs from ``reference``, another one.

    Both run once over the same sample: the first of ``inputs`` (a file an input, ``.npy`` or
    raw, in the model's layout; seeded numbers from 0 to 1 when there are none). ``threshold`` is
    the least cosine; by default it depends on whether ``model`` is quantized.
    Raises ``FileMissing``, ``InputsUnfit``, ``ModelUnusable`` and ``HostRunFailed``.
    """
    for path in (model, reference, *inputs):
        _must_exist(path)
    tools = install(toolchain, listener=listener)
    threshold = _default(model) if threshold is None else threshold
    with tempfile.TemporaryDirectory(prefix="pipeline-diff-") as name:
        folder = Path(name)
        facts = [host.describe(tools, path).inputs for path in (reference, model)]
        arrays = _arrays(reference.name, facts[0], inputs)
        traces = []
        for number, (path, tensors) in enumerate(zip((reference, model), facts, strict=True)):
            fitted = _fitted(path.name, arrays, facts[0], tensors)
            samples = _written(fitted, folder / f"inputs{number}")
            traces.append(trace(tools, path, samples, folder / f"nodes{number}"))
        found = against_model(traces[1], traces[0], threshold)
        return replace(found, reference=_title(reference, model), model=_title(model, reference))


def divergence_from_network(
    model: Path,
    network: Network,
    inputs: tuple[Input, ...],
    samples: tuple[Path, ...],
    tools: Toolchain,
    log: Path,
    *,
    python_path: tuple[Path, ...] = (),
    given: Sequence[Path] = (),
    threshold: float | None = None,
) -> Divergence:
    """The first layer where ``model`` departs from the network that it was made of.

    The network runs over the first of ``samples`` (an ``.npy`` an input, [N, ...], as for
    exporting); the model over the same in its own layout, or over ``given`` (a file an input, as
    for ``divergence``) when that is what it gets in life.
    """
    import numpy as np

    from pipeline.data import layout

    threshold = _default(model) if threshold is None else threshold
    with tempfile.TemporaryDirectory(prefix="pipeline-diff-") as name:
        folder = Path(name)
        request = ExportRequest(
            factory=network.factory,
            arguments=network.arguments,
            checkpoint=network.checkpoint,
            python_path=python_path,
            inputs=tuple(InputSpec(item.name, item.shape, item.dtype) for item in inputs),
            samples=samples,
        )
        cells = record_cells(request, folder / "cells", deadline_s=_DEADLINE_S, log=log)
        tensors = host.describe(tools, model).inputs
        if len(tensors) != len(samples):
            raise InputsUnfit(model.name, f"{len(samples)} for its {len(tensors)} inputs")
        wanted = [
            layout.to_model(
                np.load(path, mmap_mode="r", allow_pickle=False)[:1], item.shape, tensor, str(path)
            )[0]
            for path, item, tensor in zip(samples, inputs, tensors, strict=True)
        ]
        arrays = _arrays(model.name, tensors, given) if given else wanted
        steps = trace(tools, model, _written(arrays, folder / "inputs"), folder / "nodes")
        found = against_network(steps, cells, network.factory, threshold)
        rows: list[Layer] = [
            inputs_row(tensor.name, ours, theirs, FLOAT_THRESHOLD)
            for tensor, ours, theirs in zip(tensors, arrays, wanted, strict=True)
        ]
        return replace(found, layers=(*rows, *found.layers))


def _default(model: Path) -> float:
    found = look(model)
    quantized = any(tensor.quantization for tensor in (*found.tensors, *found.computed))
    return QUANTIZED_THRESHOLD if quantized else FLOAT_THRESHOLD


def _must_exist(path: Path) -> None:
    if not path.is_file():
        raise FileMissing(path)


def _arrays(model: str, tensors: Sequence[TensorFacts], paths: Sequence[Path]) -> list[Any]:
    """One array of exactly its shape for each input: read, or made up."""
    import numpy as np

    if not paths:
        random = np.random.default_rng(_SEED)
        return [random.random(tensor.shape).astype(tensor.dtype) for tensor in tensors]
    if len(paths) != len(tensors):
        raise InputsUnfit(model, f"{len(paths)} files for its {len(tensors)} inputs")
    return [_read(model, tensor, path) for tensor, path in zip(tensors, paths, strict=True)]


def _read(model: str, tensor: TensorFacts, path: Path) -> Any:
    """The first sample of a file; more may follow it."""
    import numpy as np

    try:
        if path.suffix == ".npy":
            array = np.load(path, mmap_mode="r", allow_pickle=False)
            if array.dtype != np.dtype(tensor.dtype):
                raise InputsUnfit(model, f"{path} is {array.dtype}, {tensor.name} {tensor.dtype}")
            flat = array.reshape(-1)
        else:
            flat = np.fromfile(path, dtype=tensor.dtype)
    except (OSError, ValueError, EOFError) as error:
        raise InputsUnfit(model, one_line(f"{path} cannot be read: {error}")) from None
    if not flat.size or flat.size % tensor.elements:
        reason = f"{path} has {flat.size} values, {tensor.name} {list(tensor.shape)} takes others"
        raise InputsUnfit(model, reason)
    return np.ascontiguousarray(flat[: tensor.elements]).reshape(tensor.shape)


def _fitted(
    model: str, arrays: Sequence[Any], of: Sequence[TensorFacts], tensors: Sequence[TensorFacts]
) -> list[Any]:
    """The reference's inputs in the layout of another model's."""
    import numpy as np

    if len(of) != len(tensors):
        raise InputsUnfit(model, f"it has {len(tensors)} inputs, the reference {len(of)}")
    moves = {("NHWC", "NCHW"): (0, 3, 1, 2), ("NCHW", "NHWC"): (0, 2, 3, 1)}
    fitted = []
    for array, one, other in zip(arrays, of, tensors, strict=True):
        moved = array
        if array.shape != other.shape and array.ndim == 4 and (one.format, other.format) in moves:
            moved = array.transpose(moves[one.format, other.format])
        if moved.shape != other.shape or one.dtype != other.dtype:
            reason = (
                f"{other.name} is {other.dtype} {list(other.shape)}, "
                f"the reference's {one.name} {one.dtype} {list(one.shape)}"
            )
            raise InputsUnfit(model, reason)
        fitted.append(np.ascontiguousarray(moved))
    return fitted


def _written(arrays: Sequence[Any], folder: Path) -> tuple[Path, ...]:
    from pipeline.data import layout

    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number, array in enumerate(arrays):
        paths.append(folder / f"input_{number}.bin")
        layout.write_samples(array, paths[-1])
    return tuple(paths)


def _title(path: Path, other: Path) -> str:
    return str(path) if path.name == other.name else path.name
