"""What the process that trains is asked and what it answers, as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipeline.config.recipe import Recipe
from pipeline.config.recover import Recover
from pipeline.stages.checkpoint.request import ExportRequest
from pipeline.stages.recover.state import Epoch, Step

#: What a line of standard output that tells of an epoch begins with.
EPOCH = "recover-epoch "
#: The same inside of an epoch: how many epochs are done, and of how many.
PROGRESS = "recover-progress "
#: The same of a step without training.
STEP = "recover-step "


@dataclass(frozen=True)
class Labelled:
    """Arrays [N, ...] of a data set, one for each input, and its labels [N]."""

    source: str
    inputs: tuple[Path, ...]
    labels: Path


@dataclass(frozen=True)
class Request:
    """A network to train; ``network.samples`` are the test set's.

    ``model`` is the float ``.ms`` that the network was converted to, ``state`` the folder in which
    a training that was killed goes on; ``drop_points`` below the float network are good enough.
    ``quantized`` is what the converter made of it where it quantizes activations too.
    """

    network: ExportRequest
    model: Path
    recipe_name: str
    recipe: Recipe
    settings: Recover
    training: Labelled
    validation: Labelled
    test: Labelled
    state: Path
    drop_points: float = 0.0
    quantized: Path | None = None

    def to_json(self, output: Path) -> dict[str, Any]:
        """For the worker, which writes into ``output``."""
        return {
            "network": self.network.to_json(output),
            "model": str(self.model),
            "recipe_name": self.recipe_name,
            "recipe": self.recipe.model_dump(mode="json", exclude_unset=True),
            "settings": self.settings.model_dump(mode="json"),
            **{
                name: {
                    "source": one.source,
                    "inputs": [str(path) for path in one.inputs],
                    "labels": str(one.labels),
                }
                for name, one in self._sets().items()
            },
            "state": str(self.state),
            "drop_points": self.drop_points,
            "quantized": str(self.quantized) if self.quantized else None,
            "output": str(output),
        }

    def _sets(self) -> dict[str, Labelled]:
        return {"training": self.training, "validation": self.validation, "test": self.test}

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> Request:
        """What ``to_json`` wrote."""
        sets = {
            name: Labelled(
                value[name]["source"],
                tuple(map(Path, value[name]["inputs"])),
                Path(value[name]["labels"]),
            )
            for name in ("training", "validation", "test")
        }
        return Request(
            network=ExportRequest.from_json(value["network"]),
            model=Path(value["model"]),
            recipe_name=value["recipe_name"],
            recipe=Recipe.model_validate(value["recipe"]),
            settings=Recover.model_validate(value["settings"]),
            state=Path(value["state"]),
            drop_points=value["drop_points"],
            quantized=Path(value["quantized"]) if value["quantized"] else None,
            **sets,
        )


@dataclass(frozen=True)
class Answer:
    """A trained network. ``steps`` are those without training, ``epochs`` begin with number 0,
    before any training; ``test_correct`` is of the test set with the snapped weights of epoch
    ``best``, ``enough_percent`` the accuracy on the validation set that asks for no training."""

    steps: tuple[Step, ...]
    enough_percent: float
    epochs: tuple[Epoch, ...]
    best: int
    test_correct: int
    test_n: int
    weights: tuple[str, ...]
    dependencies: Mapping[str, str]

    def to_json(self) -> dict[str, Any]:
        """For the stage."""
        return asdict(self)

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> Answer:
        """What ``to_json`` gave."""
        return Answer(
            steps=tuple(Step(**item) for item in value["steps"]),
            enough_percent=value["enough_percent"],
            epochs=tuple(Epoch(**item) for item in value["epochs"]),
            best=value["best"],
            test_correct=value["test_correct"],
            test_n=value["test_n"],
            weights=tuple(value["weights"]),
            dependencies=value["dependencies"],
        )
