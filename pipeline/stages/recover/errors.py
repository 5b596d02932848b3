"""What can be wrong with a training, and how its errors cross from the process that it runs in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from pipeline.core.errors import NoDataError, PipelineError, ToolchainError, UsageError
from pipeline.stages.checkpoint import errors as checkpoint


@dataclass(eq=False)
class WeightUnmatched(UsageError):
    """A weight of the converted model that no parameter of the network gives."""

    weight: str
    node: str
    reason: str

    @property
    def message(self) -> str:
        return f"the weight {self.weight} of {self.node} cannot be trained: {self.reason}"

    @property
    def hint(self) -> str:
        return "leave it float by a rule of the recipe: {scope: <that node>, skip: true}"


@dataclass(eq=False)
class ActivationUnmatched(UsageError):
    """An operator in int8 that no layer of the network computes alike."""

    node: str
    reason: str

    @property
    def message(self) -> str:
        return f"{self.node} cannot be trained in int8: {self.reason}"

    @property
    def hint(self) -> str:
        return "leave it float by a rule of the recipe: {scope: <that node>, skip: true}"


@dataclass(eq=False)
class NothingToRecover(UsageError):
    """A recipe that quantizes no weight of this network."""

    recipe: str

    @property
    def message(self) -> str:
        return f"the recipe {self.recipe} quantizes no weight of this network"

    @property
    def hint(self) -> str:
        return "name one that does, such as --recipe codebook-2"


@dataclass(eq=False)
class FunctionUnusable(UsageError):
    """A function of the user's for training is not there, raised, or gave what is of no use."""

    key: str
    function: str
    reason: str
    where: str = ""

    @property
    def message(self) -> str:
        place = f" at {self.where}" if self.where else ""
        return f"`recover.{self.key}: {self.function}` cannot be used{place}: {self.reason}"

    @property
    def hint(self) -> str:
        return "`pipeline schema deployment` tells what it is called with and must give"


@dataclass(eq=False)
class TrainingSetUnfit(NoDataError):
    """The training set does not go with the network or the settings."""

    source: str
    reason: str

    @property
    def message(self) -> str:
        return f"{self.source} cannot be trained with: {self.reason}"

    @property
    def hint(self) -> str:
        return "check `recover:` (data, batch, augment) against the network's inputs"


@dataclass(eq=False)
class TrainingDiverged(NoDataError):
    """The loss is no number any more."""

    epoch: int
    step: int

    @property
    def message(self) -> str:
        return f"the loss is NaN or infinite in step {self.step} of epoch {self.epoch}"

    @property
    def hint(self) -> str:
        return "lower `recover.rate`"


@dataclass(eq=False)
class TrainingFailed(ToolchainError):
    """MindSpore could not train the network; ``reason`` is the line that matters."""

    factory: str
    reason: str
    where: str = ""

    @property
    def message(self) -> str:
        place = f" at {self.where}" if self.where else ""
        return f"MindSpore cannot train {self.factory}{place}: {self.reason}"

    @property
    def hint(self) -> str:
        return "the run folder's logs/recover.log has MindSpore's whole message"


@dataclass(eq=False)
class NotRecoverable(UsageError):
    """A deployment or a recipe that cannot be trained for."""

    reason: str
    advice: str

    @property
    def message(self) -> str:
        return f"nothing can be recovered: {self.reason}"

    @property
    def hint(self) -> str:
        return self.advice


@dataclass(eq=False)
class RecoveredDiffers(ToolchainError):
    """The model does not answer as the network did that it was made of."""

    recipe: str
    trained_percent: float
    model_percent: float

    @property
    def message(self) -> str:
        return (
            f"{self.recipe}: the network has {self.trained_percent:.2f} % with its snapped "
            f"weights, the model made of it {self.model_percent:.2f} %"
        )

    @property
    def hint(self) -> str:
        return "the conversion changes the weights: `pipeline diff` finds the layer"


_OURS: Mapping[str, type[PipelineError]] = {
    kind.__name__: kind
    for kind in (
        ActivationUnmatched,
        WeightUnmatched,
        NothingToRecover,
        FunctionUnusable,
        TrainingSetUnfit,
        TrainingDiverged,
        TrainingFailed,
    )
}


def encode(error: PipelineError) -> dict[str, Any]:
    """An error as JSON; of the checkpoint stage's as of ours."""
    if type(error).__name__ in _OURS:
        return {"class": type(error).__name__, "fields": asdict(error)}  # type: ignore[call-overload]
    return checkpoint.encode(error)


def decode(value: Mapping[str, Any]) -> PipelineError:
    """The error that ``encode`` wrote."""
    kind = _OURS.get(value["class"])
    return kind(**value["fields"]) if kind else checkpoint.decode(value)


class Died(checkpoint.WorkerCrashed):
    """The process that trained the network died."""

    @property
    def message(self) -> str:
        return f"the process that trained {self.factory} died ({self.how})"


__all__ = [
    "ActivationUnmatched",
    "Died",
    "FunctionUnusable",
    "NotRecoverable",
    "NothingToRecover",
    "RecoveredDiffers",
    "TrainingDiverged",
    "TrainingFailed",
    "TrainingSetUnfit",
    "WeightUnmatched",
    "decode",
    "encode",
]
