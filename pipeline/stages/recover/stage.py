"""Recovery stage: a network trained for a while with the weights that a recipe leaves it."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.config.deployment import Input, Network
from pipeline.config.recipe import NamedRecipe
from pipeline.config.recover import Recover
from pipeline.core import files, process
from pipeline.core.errors import LocalDiskFull
from pipeline.core.events import Listener
from pipeline.data.dataset import Dataset
from pipeline.data.errors import DataInvalid
from pipeline.quantize.quantizer import QUANTIZER_VERSION
from pipeline.stages import child
from pipeline.stages.checkpoint import identity
from pipeline.stages.checkpoint.errors import WorkerTimeout
from pipeline.stages.convert import Model
from pipeline.stages.recover.errors import Died, decode
from pipeline.stages.recover.request import Answer, Labelled, Request
from pipeline.stages.recover.teller import Teller
from pipeline.stages.recover.worker import CHECKPOINT, OUTPUTS

#: Part of the stage's key: raise it when the same settings give other checkpoints.
RECOVER_VERSION = 2

_WORKER = "pipeline.stages.recover.worker"
_DEADLINE_S = 30 * 86400.0


@dataclass(frozen=True)
class Trained:
    """The checkpoint of the best epoch, its weights snapped to their levels, and the ``outputs``
    (float32 [N, ...], an .npy) on the test set with quantized values."""

    checkpoint: Path
    outputs: Path
    sha256: str
    answer: Answer


@dataclass(frozen=True)
class RecoverStage:
    """Train ``network`` for ``recipe``; ``baseline`` is its float model, ``quantized`` the
    converter's where that quantizes activations too.

    ``drop_points`` below the float network's accuracy are good enough. ``progress`` is the folder,
    the same for the same settings, in which each epoch is kept.
    """

    network: Network
    inputs: tuple[Input, ...]
    python_path: tuple[Path, ...]
    baseline: Model
    quantized: Model | None
    recipe: NamedRecipe
    training: Dataset
    validation: Dataset
    test: Dataset
    how: Recover
    drop_points: float
    workspace: Path
    logs: Path
    name: str = "recover"

    @property
    def subject(self) -> str:
        return self.recipe.name

    @property
    def progress(self) -> Path:
        """Where the epochs are kept until the training is done: named by the settings."""
        return self.workspace / ".recovering" / files.sha256_json(self.settings())[:32]

    def settings(self) -> Mapping[str, Any]:
        return {
            **identity.settings(self.network, self.inputs, self.python_path),
            "baseline": self.baseline.sha256,
            "quantized": self.quantized.sha256 if self.quantized else None,
            "recipe": self.recipe.recipe.settings(),
            "quantizer": QUANTIZER_VERSION,
            "version": RECOVER_VERSION,
            "data": [self.training.digest, self.validation.digest, self.test.digest],
            "training": self.how.model_dump(mode="json", exclude={"data", "validation", "recipes"}),
            "drop_points": self.drop_points,
        }

    def execute(self, folder: Path, listener: Listener) -> Mapping[str, Any]:
        log = self.logs / "recover.log"
        answer = self._ask(folder, listener, log)
        files.copy_file(log, folder / "recover.log")
        return {**answer.to_json(), "sha256": files.sha256_file(folder / CHECKPOINT)}

    def load(self, folder: Path, facts: Mapping[str, Any]) -> Trained:
        return Trained(
            folder / CHECKPOINT, folder / OUTPUTS, facts["sha256"], Answer.from_json(facts)
        )

    def note(self, facts: Mapping[str, Any]) -> str:
        answer = Answer.from_json(facts)
        percent = answer.epochs[answer.best].percent
        return f"{percent:.2f} % after {answer.best} of {len(answer.epochs) - 1} epochs"

    def _ask(self, folder: Path, listener: Listener, log: Path) -> Answer:
        factory = self.network.factory
        teller = Teller(self.subject, self.how.epochs, listener)
        with files.disk_errors(folder), tempfile.TemporaryDirectory(dir=folder) as scratch:
            self.progress.mkdir(parents=True, exist_ok=True)
            answer, done = child.ask(
                _WORKER,
                self.request().to_json(folder),
                Path(scratch),
                _DEADLINE_S,
                child.environment(Path(scratch)),
                teller.hear,
            )
            files.write_bytes(log, done.stdout + done.stderr)
        if done.ending is not process.Ending.EXIT:
            raise WorkerTimeout(factory, _DEADLINE_S, log)
        if answer is None and done.lacked_space:
            raise LocalDiskFull(folder)
        if answer is None:
            raise Died(factory, child.how(done.returncode), log)
        if "error" in answer:
            raise decode(answer["error"])
        return Answer.from_json(answer["result"])

    def request(self) -> Request:
        """What the process that trains is asked."""
        return Request(
            network=identity.request(self.network, self.inputs, self.python_path, ()),
            model=self.baseline.path,
            recipe_name=self.recipe.name,
            recipe=self.recipe.recipe,
            settings=self.how,
            training=_labelled(self.training),
            validation=_labelled(self.validation),
            test=_labelled(self.test),
            state=self.progress,
            drop_points=self.drop_points,
            quantized=self.quantized.path if self.quantized else None,
        )


def _labelled(dataset: Dataset) -> Labelled:
    if dataset.labels is None:
        raise DataInvalid(dataset.source, "training needs labels")
    return Labelled(dataset.source, dataset.inputs, dataset.labels)
