"""Win back the accuracy that quantized weights took: train, convert, quantize, prove."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.chain import gates
from pipeline.chain.ground import Builder, Ground
from pipeline.chain.pages import write_recover_page
from pipeline.chain.recovery import Recovery, checked, recovery
from pipeline.chain.run import WORKSPACE, start
from pipeline.config import places
from pipeline.config.recover import Recover
from pipeline.config.recover_words import Train
from pipeline.core.events import Listener, Silent
from pipeline.stages.parity import Parity
from pipeline.stages.recover.state import Epoch, Step


@dataclass(frozen=True)
class Recovered:
    """Accuracies in percent on the test set: of the network in float, of the recipe's model
    ``before`` (None where it is no usable model) and after, and of the recovered network with
    quantized values in MindSpore.

    ``steps`` are those without training and ``epochs`` begin with number 0, before training, both
    on the validation set, where ``enough_percent`` would have asked for no training.
    ``agreement`` compares the model's outputs with those of the recovered network, quantized
    values and all, on the whole test set.
    """

    name: str
    recipe: str
    run_folder: Path
    float_percent: float
    before_percent: float | None
    trained_percent: float
    after_percent: float
    n: int
    size_bytes: int
    float_bytes: int
    epochs: tuple[Epoch, ...]
    best_epoch: int
    seconds: float
    checkpoint: Path
    checkpoint_sha256: str
    model: Path
    failures: tuple[str, ...]
    steps: tuple[Step, ...] = ()
    enough_percent: float | None = None
    agreement: Parity | None = None

    @property
    def drop_points(self) -> float:
        """Percentage points below the network in float."""
        return self.float_percent - self.after_percent

    def as_json(self) -> dict[str, Any]:
        """What ``--json`` prints and the manifest holds."""
        return {
            "status": "done",
            "verdict": "not met" if self.failures else "met",
            "failures": list(self.failures),
            "name": self.name,
            "recipe": self.recipe,
            "run_folder": str(self.run_folder),
            "float_accuracy_percent": round(self.float_percent, 4),
            "before_accuracy_percent": _rounded(self.before_percent),
            "trained_accuracy_percent": round(self.trained_percent, 4),
            "accuracy_percent": round(self.after_percent, 4),
            "accuracy_drop_points": round(self.drop_points, 4),
            "n": self.n,
            "size_bytes": self.size_bytes,
            "float_bytes": self.float_bytes,
            "steps": [step.as_json() for step in self.steps],
            "enough_percent": _rounded(self.enough_percent),
            "epochs": [epoch.as_json() for epoch in self.epochs],
            "best_epoch": self.best_epoch,
            "agreement": self.agreement.as_json() if self.agreement else None,
            "training_seconds": round(self.seconds, 3),
            "checkpoint": str(self.checkpoint),
            "checkpoint_sha256": self.checkpoint_sha256,
            "model": str(self.model),
        }


def recover(
    config: Path | None = None,
    *,
    recipe: str = "codebook-2",
    training: Recover | None = None,
    train: Train | None = None,
    toolchain: Path | None = None,
    workspace: Path = WORKSPACE,
    listener: Listener | None = None,
) -> Recovered:
    """Win back the accuracy that ``recipe`` takes from ``config``'s network.

    First by steps that need no training, then, if that is not enough, by a few epochs with the
    values that the recipe leaves. The checkpoint that comes out is exported, converted and
    quantized by the same recipe, and the model must answer as the network did. ``training`` stands
    in place of the configuration's ``recover:``, ``train`` in place of its ``train:``. Killed
    anywhere, the same call goes on after the last epoch. Raises PipelineError.
    """
    listener = listener or Silent()
    loaded = places.deployment(config, (recipe,))
    (named,) = loaded.recipes
    how = checked(loaded, named, training or loaded.deployment.recover)
    if train is not None:
        how = how.model_copy(update={"train": train})
    with start(workspace, "recover", loaded.deployment.name) as run:
        builder = Builder(loaded, run, listener)
        named_toolchain = toolchain or loaded.deployment.toolchain
        ground = builder.lay(named_toolchain, loaded.recipes)
        found = recovery(builder, ground, named, how, named_toolchain)
        result = recovered(builder, ground, found)
        write_recover_page(result, ground)
        run.finish(result.as_json())
    return result


def recovered(builder: Builder, ground: Ground, found: Recovery) -> Recovered:
    """The record of a recovery, its checkpoint and model kept in the run folder."""
    deployment, run = builder.loaded.deployment, builder.run
    model, answer = found.model, found.trained.answer
    name = f"{deployment.name}.{model.recipe}"
    drop = ground.source.percent - found.accuracy.percent
    return Recovered(
        name=deployment.name,
        recipe=model.recipe,
        run_folder=run.folder,
        float_percent=ground.source.percent,
        before_percent=found.before[1].percent if found.before else None,
        trained_percent=found.trained_percent,
        after_percent=found.accuracy.percent,
        n=found.accuracy.n,
        size_bytes=model.size_bytes,
        float_bytes=ground.baseline.size_bytes,
        epochs=answer.epochs,
        best_epoch=answer.best,
        seconds=sum(epoch.seconds for epoch in answer.epochs),
        checkpoint=run.keep_model(found.trained.checkpoint, f"{name}.ckpt"),
        checkpoint_sha256=found.trained.sha256,
        model=run.keep_model(model.path, f"{name}.ms"),
        failures=tuple(gates.model_failures(deployment.limits, drop, model.parity)),
        steps=answer.steps,
        enough_percent=answer.enough_percent,
        agreement=found.agreement,
    )


def _rounded(percent: float | None) -> float | None:
    return None if percent is None else round(percent, 4)
