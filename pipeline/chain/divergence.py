"""A model beside whatever is right: another model, an ONNX file, or what a deployment names."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.chain import given as giving
from pipeline.chain.probe import Probe, from_model, from_network, from_onnx
from pipeline.chain.tools import install
from pipeline.config import places
from pipeline.config.deployment import Deployment, Format, Input, ModelFile
from pipeline.core.errors import FileMissing, UsageError
from pipeline.core.events import Listener, Silent
from pipeline.core.store import Store
from pipeline.core.tensors import TensorFacts
from pipeline.data.dataset import Dataset
from pipeline.inspect.look import look
from pipeline.inspect.record import Kind, Tensor
from pipeline.stages.checkpoint.request import InputSpec
from pipeline.stages.convert import Runtime
from pipeline.stages.data import DataStage
from pipeline.stages.divergence import Divergence
from pipeline.stages.source import interface
from pipeline.stages.source.samples import fitted_files
from pipeline.stages.source.stage import runtime_of
from pipeline.stages.stage import run_stage
from pipeline.toolchain import host


@dataclass(eq=False)
class NothingWithin(UsageError):
    """A network of this format shows its outputs at most, not what its layers give."""

    path: Path
    format: str

    @property
    def message(self) -> str:
        return f"{self.path} is {self.format}, which does not show what its layers give"

    @property
    def hint(self) -> str:
        return "compare with its fp32 model instead: pipeline diff fp32.ms MODEL.ms"


def divergence(
    model: Path,
    reference: Path,
    inputs: Sequence[Path] = (),
    *,
    threshold: float | None = None,
    toolchain: Path | None = None,
    listener: Listener | None = None,
) -> Divergence:
    """The first layer where the ``.ms`` file ``model`` departs from ``reference``.

    That is a ``.ms`` or ``.onnx`` file, both run over the same sample: the first of ``inputs`` (a
    file an input, ``.npy`` or raw, in the reference's layout), or seeded numbers. Or it is a
    deployment (``.yaml``), whose network runs over the first sample of its test set; ``inputs``
    is then what the model gets in life, in its own layout. Raises ``FileMissing``,
    ``InputsUnfit``, ``NothingWithin``, ``ModelUnusable``, ``HostRunFailed`` and what running the
    network raises.
    """
    for path in (model, reference, *inputs):
        if not path.is_file():
            raise FileMissing(path)
    listener = listener or Silent()
    with tempfile.TemporaryDirectory(prefix="pipeline-diff-") as name:
        folder = Path(name)
        tools = install(toolchain, listener=listener)
        probe = Probe(model, tools, folder / "network.log", threshold)
        if reference.suffix in (".yaml", ".yml"):
            deployment = places.deployment(reference).deployment
            samples = _test_set(deployment, folder, listener)
            return from_source(probe, deployment, samples.inputs, inputs)
        kind = look(reference).kind
        if kind is Kind.MS:
            return from_model(probe, reference, inputs)
        if kind is not Kind.ONNX:
            raise NothingWithin(reference, kind.value)
        specs = _specs(reference, host.describe(tools, model).inputs)
        facts = [TensorFacts(spec.name, spec.dtype, spec.shape, "NCHW") for spec in specs]
        arrays = giving.arrays(reference.name, facts, inputs)
        return from_onnx(probe, reference, specs, giving.samples(arrays, folder))


def sees_into(deployment: Deployment) -> bool:
    """Whether the values within the network that ``deployment`` names can be had."""
    model = deployment.model
    return model is None or runtime_of(model) is Runtime.ONNXRUNTIME


def from_source(
    probe: Probe,
    deployment: Deployment,
    samples: tuple[Path, ...],
    given: Sequence[Path] = (),
) -> Divergence:
    """The model beside the network that ``deployment`` names, run over the first of ``samples``.

    Raises ``NothingWithin`` where that cannot be seen into.
    """
    network, model = deployment.network, deployment.model
    if network is not None:
        path = deployment.python_path
        return from_network(
            probe, network, deployment.inputs, samples, python_path=path, given=given
        )
    assert model is not None  # a deployment has one of both
    if not sees_into(deployment):
        raise NothingWithin(model.file, model.format.value)
    specs = _agreed(model, deployment.inputs)
    with tempfile.TemporaryDirectory(prefix="pipeline-diff-") as folder:
        cast = fitted_files(samples, specs, "the test set", Path(folder))
        return from_onnx(probe, model.file, specs, cast, given)


def _agreed(model: ModelFile, inputs: tuple[Input, ...]) -> tuple[InputSpec, ...]:
    return interface.agree(model.file, interface.read(model).inputs or (), inputs).inputs


def _test_set(deployment: Deployment, folder: Path, listener: Listener) -> Dataset:
    """The test set with its inputs in the network's order, as far as that is known."""
    stage = DataStage(deployment.data.test, deployment.python_path, "test", folder / "logs")
    found = run_stage(Store(folder / "store"), stage, listener).artefact
    if deployment.model is not None and sees_into(deployment):
        specs = _agreed(deployment.model, deployment.inputs)
        return found.ordered([spec.name for spec in specs])
    return found.ordered([item.name for item in deployment.inputs])


def _specs(reference: Path, tensors: Sequence[TensorFacts]) -> tuple[InputSpec, ...]:
    """The inputs of an ONNX file; what it leaves open is as the model has it."""
    found = interface.read(ModelFile(file=reference, format=Format.ONNX)).inputs or ()
    if len(found) != len(tensors):
        raise giving.InputsUnfit(reference.name, f"{len(found)} inputs, the model {len(tensors)}")
    return tuple(_spec(reference, *pair) for pair in zip(found, tensors, strict=True))


def _spec(reference: Path, tensor: Tensor, ours: TensorFacts) -> InputSpec:
    """One input, of the model's shape or that with its channels before the places."""
    shapes = [ours.shape]
    if ours.format == "NHWC" and len(ours.shape) == 4:
        shapes.insert(0, (ours.shape[0], ours.shape[3], *ours.shape[1:3]))
    for shape in shapes:
        sizes = shape if tensor.shape is None else tensor.shape
        if len(sizes) == len(shape) and all(
            size in (here, 0, -1) for size, here in zip(sizes, shape, strict=True)
        ):
            return InputSpec(tensor.name, shape, tensor.dtype)
    reason = f"{tensor.name} is {list(tensor.shape or ())}, the model's {list(ours.shape)}"
    raise giving.InputsUnfit(reference.name, reason)
