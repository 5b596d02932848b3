"""What can be wrong with a network, its checkpoint, or MindSpore's export of the two."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipeline.core.errors import PipelineError, ToolchainError, UsageError
from pipeline.mindir.errors import MindSporeMissing, OperatorUnsupported, Unmapped

__all__ = [
    "CheckpointMismatch",
    "CheckpointMissing",
    "ExportFailed",
    "FactoryFailed",
    "FactoryNotFound",
    "InputMismatch",
    "MindSporeMissing",
    "NotACell",
    "NotACheckpoint",
    "OperatorUnsupported",
    "ReferenceNotFinite",
    "SamplesUnfit",
    "WorkerCrashed",
    "WorkerTimeout",
    "decode",
    "encode",
]


@dataclass(eq=False)
class CheckpointMissing(UsageError):
    """The checkpoint is not there."""

    path: Path

    @property
    def message(self) -> str:
        return f"checkpoint not found: {self.path}"

    @property
    def hint(self) -> str:
        return "train the network first, or name its .ckpt as network.checkpoint"


@dataclass(eq=False)
class NotACheckpoint(UsageError):
    """The file is there and holds no MindSpore checkpoint."""

    path: Path
    reason: str

    @property
    def message(self) -> str:
        return f"{self.path} is not a MindSpore checkpoint: {self.reason}"

    @property
    def hint(self) -> str:
        return (
            "write it with mindspore.save_checkpoint(network, file); check that it was copied whole"
        )


@dataclass(eq=False)
class CheckpointMismatch(UsageError):
    """Checkpoint and network do not belong together; every parameter that says so.

    ``missing``: the network's, not in the checkpoint. ``left_over``: the checkpoint's, not in the
    network. ``different``: in both, with another shape or type, as a sentence.
    """

    checkpoint: Path
    factory: str
    missing: tuple[str, ...] = ()
    left_over: tuple[str, ...] = ()
    different: tuple[str, ...] = ()

    @property
    def message(self) -> str:
        parts = [
            f"{title}: {', '.join(names)}"
            for title, names in (
                ("missing", self.missing),
                ("left over", self.left_over),
                ("different", self.different),
            )
            if names
        ]
        what = "; ".join(parts) or "its parameters are others"
        return f"{self.checkpoint} does not fit {self.factory}: {what}"

    @property
    def hint(self) -> str:
        prefix = self._common_prefix()
        if prefix:
            return f"every name in the checkpoint begins with {prefix!r}: save the inner network"
        return "it is the checkpoint of another network, or the factory needs other arguments"

    def _common_prefix(self) -> str:
        prefixes = {name.partition(".")[0] for name in self.left_over}
        if len(prefixes) != 1:
            return ""
        prefix = prefixes.pop() + "."
        stripped = {name[len(prefix) :] for name in self.left_over}
        return prefix if stripped and stripped == set(self.missing) else ""


@dataclass(eq=False)
class FactoryNotFound(UsageError):
    """``package.module:callable`` leads nowhere."""

    factory: str
    reason: str

    @property
    def message(self) -> str:
        return f"no network {self.factory}: {self.reason}"

    @property
    def hint(self) -> str:
        return "give package.module:callable; python_path must name the folder of the package"


@dataclass(eq=False)
class FactoryFailed(UsageError):
    """The user's code raised while it was imported or called. ``where``: its file:line."""

    factory: str
    kind: str
    text: str
    where: str

    @property
    def message(self) -> str:
        place = f" at {self.where}" if self.where else ""
        detail = f": {self.text}" if self.text else ""
        return f"{self.factory} raised {self.kind}{place}{detail}"

    @property
    def hint(self) -> str:
        return "call it in a Python shell to see the whole traceback; the stage's log has it too"


@dataclass(eq=False)
class NotACell(UsageError):
    """The factory returned something that is no network."""

    factory: str
    returned: str

    @property
    def message(self) -> str:
        return f"{self.factory} returned {self.returned}, not a mindspore.nn.Cell"

    @property
    def hint(self) -> str:
        return "name a callable that returns the network itself"


@dataclass(eq=False)
class InputMismatch(UsageError):
    """The network, or the samples, do not go with the configured inputs."""

    factory: str
    inputs: str
    reason: str

    @property
    def message(self) -> str:
        return f"{self.factory} does not run on the configured input {self.inputs}: {self.reason}"

    @property
    def hint(self) -> str:
        return "set inputs (name, shape with batch 1, dtype) as the network's construct takes them"


@dataclass(eq=False)
class SamplesUnfit(UsageError):
    """An array of samples cannot be read or does not have the shape of its input."""

    path: Path
    reason: str

    @property
    def message(self) -> str:
        return f"samples {self.path}: {self.reason}"

    @property
    def hint(self) -> str:
        return "give one .npy for each input, [N, ...], each sample of the input's shape"


@dataclass(eq=False)
class ReferenceNotFinite(UsageError):
    """The network's own outputs have NaN or infinities; ``sample`` is the first that does."""

    factory: str
    output: int
    count: int
    sample: int

    @property
    def message(self) -> str:
        return (
            f"{self.factory} itself answers with NaN or infinity: {self.count} values of output "
            f"{self.output}, first for sample {self.sample}"
        )

    @property
    def hint(self) -> str:
        return "check the checkpoint (diverged training?) and the scaling of the input data"


@dataclass(eq=False)
class ExportFailed(ToolchainError):
    """MindSpore could not run or export the network; ``reason`` is the line that matters."""

    factory: str
    reason: str
    where: str = ""

    @property
    def message(self) -> str:
        place = f" at {self.where}" if self.where else ""
        return f"MindSpore cannot export {self.factory}{place}: {self.reason}"

    @property
    def hint(self) -> str:
        return "the stage's log has MindSpore's whole message"


@dataclass(eq=False)
class WorkerCrashed(ToolchainError):
    """The process that ran the network died; ``how`` is the signal or the exit code."""

    factory: str
    how: str
    log: Path

    @property
    def message(self) -> str:
        return f"the process that ran {self.factory} died ({self.how})"

    @property
    def hint(self) -> str:
        return f"its last words are in {self.log}"


@dataclass(eq=False)
class WorkerTimeout(ToolchainError):
    """The process that ran the network was still busy at its deadline."""

    factory: str
    deadline_s: float
    log: Path

    @property
    def message(self) -> str:
        return f"{self.factory} was not exported within {self.deadline_s:g} s"

    @property
    def hint(self) -> str:
        return f"does its code wait for something? the log is {self.log}"


_BY_NAME: Mapping[str, type[PipelineError]] = {
    kind.__name__: kind
    for kind in (
        CheckpointMissing, NotACheckpoint, CheckpointMismatch, FactoryNotFound, FactoryFailed,
        NotACell, InputMismatch, SamplesUnfit, ReferenceNotFinite, ExportFailed,
        OperatorUnsupported, MindSporeMissing,
    )
}  # fmt: skip


def encode(error: PipelineError) -> dict[str, Any]:
    """An error as JSON, to cross from the worker to its caller."""
    fields = asdict(error)  # type: ignore[call-overload]
    return {"class": type(error).__name__, "fields": {k: _plain(v) for k, v in fields.items()}}


def decode(value: Mapping[str, Any]) -> PipelineError:
    """The error that ``encode`` wrote; ``KeyError`` or ``TypeError`` when it wrote none."""
    kind = _BY_NAME[value["class"]]
    fields = {name: _typed(name, item) for name, item in value["fields"].items()}
    return kind(**fields)


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Path) else value


def _typed(name: str, value: Any) -> Any:
    if name == "operators":
        return tuple(Unmapped(**item) for item in value)
    if name in ("path", "checkpoint", "log"):
        return Path(value)
    return tuple(value) if isinstance(value, list) else value
