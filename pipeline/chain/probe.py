"""Where a model departs: from another model, or from the network that it was made of."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.chain import given as giving
from pipeline.chain.given import InputsUnfit
from pipeline.config.deployment import Input, Network
from pipeline.inspect.look import look
from pipeline.stages import layers
from pipeline.stages.cells import Cells
from pipeline.stages.checkpoint.cells import record_cells
from pipeline.stages.checkpoint.request import ExportRequest, InputSpec
from pipeline.stages.divergence import FLOAT_THRESHOLD, QUANTIZED_THRESHOLD, Divergence, Layer
from pipeline.stages.given import inputs_row
from pipeline.stages.nodes import Nodes
from pipeline.stages.source.values import record_values
from pipeline.stages.trace import Trace, trace
from pipeline.toolchain import host
from pipeline.toolchain.toolchain import Toolchain

_DEADLINE_S = 3600.0


@dataclass(frozen=True)
class Probe:
    """How a model is looked at: ``threshold`` is the least cosine of a layer, by default as it
    suits a quantized model or another. No run of the model or its reference takes longer than
    ``deadline_s``; ``log`` gets what the reference's own runtime prints.
    """

    model: Path
    tools: Toolchain
    log: Path
    threshold: float | None = None
    deadline_s: float = _DEADLINE_S

    @property
    def least_cosine(self) -> float:
        """The threshold that holds."""
        return self.threshold if self.threshold is not None else default_threshold(self.model)

    def run(self, arrays: Sequence[object], folder: Path) -> Trace:
        """The model over one sample, in its own layout; the values stay in ``folder``."""
        samples = giving.written(arrays, folder / "inputs")
        return trace(self.tools, self.model, samples, folder / "nodes", self.deadline_s)


def from_model(probe: Probe, reference: Path, inputs: Sequence[Path] = ()) -> Divergence:
    """The first layer where the model departs from ``reference``, another ``.ms`` file.

    Both run once over the same sample: the first of ``inputs`` (a file an input, ``.npy`` or
    raw, in the reference's layout; seeded numbers from 0 to 1 when there are none). Raises
    ``InputsUnfit``, ``ModelUnusable`` and ``HostRunFailed``.
    """
    model = probe.model
    with tempfile.TemporaryDirectory(prefix="pipeline-diff-") as name:
        facts = [host.describe(probe.tools, path).inputs for path in (reference, model)]
        arrays = giving.arrays(reference.name, facts[0], inputs)
        fitted = giving.fitted(model.name, arrays, facts[0], facts[1])
        theirs = replace(probe, model=reference).run(arrays, Path(name, "reference"))
        ours = probe.run(fitted, Path(name, "model"))
        found = layers.against_model(ours, theirs, probe.least_cosine)
        return replace(found, reference=_title(reference, model), model=_title(model, reference))


def from_network(
    probe: Probe,
    network: Network,
    inputs: tuple[Input, ...],
    samples: tuple[Path, ...],
    *,
    python_path: tuple[Path, ...] = (),
    given: Sequence[Path] = (),
) -> Divergence:
    """The first layer where the model departs from the network of its checkpoint.

    The network runs over the first of ``samples`` (an ``.npy`` an input, [N, ...], as for
    exporting); the model over the same in its own layout, or over ``given`` (a file an input, as
    for ``from_model``) when that is what it gets in life. Raises also what exporting does.
    """
    specs = tuple(InputSpec(item.name, item.shape, item.dtype) for item in inputs)
    request = ExportRequest(
        factory=network.factory,
        arguments=network.arguments,
        checkpoint=network.checkpoint,
        python_path=python_path,
        inputs=specs,
        samples=samples,
    )

    def record(folder: Path) -> Callable[[Trace], layers.Network]:
        cells = record_cells(request, folder, deadline_s=probe.deadline_s, log=probe.log)
        return lambda ours: Cells(ours, cells)

    return _beside(probe, network.factory, record, specs, samples, given)


def from_onnx(
    probe: Probe,
    reference: Path,
    specs: tuple[InputSpec, ...],
    samples: tuple[Path, ...],
    given: Sequence[Path] = (),
) -> Divergence:
    """The first node where the model departs from the ONNX file that it was made of.

    As ``from_network``, by ONNX Runtime; raises also what ``record_values`` does.
    """

    def record(folder: Path) -> Callable[[Trace], layers.Network]:
        values = record_values(
            reference, specs, samples, folder, deadline_s=probe.deadline_s, log=probe.log
        )
        return lambda ours: Nodes(ours, values)

    return _beside(probe, reference.name, record, specs, samples, given)


def _beside(
    probe: Probe,
    name: str,
    record: Callable[[Path], Callable[[Trace], layers.Network]],
    specs: Sequence[InputSpec],
    samples: Sequence[Path],
    given: Sequence[Path],
) -> Divergence:
    """The model beside what ``record`` heard of its network in a folder."""
    import numpy as np

    from pipeline.data import layout

    model = probe.model.name
    with tempfile.TemporaryDirectory(prefix="pipeline-diff-") as folder:
        network = record(Path(folder, "network"))
        tensors = host.describe(probe.tools, probe.model).inputs
        if len(tensors) != len(samples):
            raise InputsUnfit(model, f"{len(samples)} for its {len(tensors)} inputs")
        wanted = [
            layout.to_model(
                np.load(path, mmap_mode="r", allow_pickle=False)[:1], spec.shape, tensor, str(path)
            )[0]
            for path, spec, tensor in zip(samples, specs, tensors, strict=True)
        ]
        arrays = giving.arrays(model, tensors, given) if given else wanted
        ours = probe.run(arrays, Path(folder, "model"))
        found = layers.against_network(ours, network(ours), name, probe.least_cosine)
        rows: list[Layer] = [
            inputs_row(tensor.name, one, other, FLOAT_THRESHOLD)
            for tensor, one, other in zip(tensors, arrays, wanted, strict=True)
        ]
        return replace(found, layers=(*rows, *found.layers))


def default_threshold(model: Path) -> float:
    """The least cosine of a layer that is right, in a quantized model or another."""
    found = look(model)
    quantized = any(tensor.quantization for tensor in (*found.tensors, *found.computed))
    return QUANTIZED_THRESHOLD if quantized else FLOAT_THRESHOLD


def _title(path: Path, other: Path) -> str:
    return str(path) if path.name == other.name else path.name
