"""Win back the accuracy that quantized weights took: train, convert, quantize, prove."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipeline.chain import gates
from pipeline.chain.ground import Builder, Ground
from pipeline.chain.run import WORKSPACE, Run, start
from pipeline.config import places
from pipeline.config.places import LoadedDeployment
from pipeline.config.recipe import NamedRecipe
from pipeline.config.recover import Recover
from pipeline.config.recover_words import Train
from pipeline.core import files
from pipeline.core.errors import ToolchainError
from pipeline.core.events import Listener, Silent
from pipeline.core.places import expand
from pipeline.data.dataset import Dataset
from pipeline.stages.convert import Model
from pipeline.stages.data import DataStage
from pipeline.stages.evaluate import Accuracy
from pipeline.stages.recover.errors import NotRecoverable, RecoveredDiffers
from pipeline.stages.recover.stage import RecoverStage, Trained
from pipeline.stages.recover.state import Epoch, Step

#: How far, in points, MindSpore and the runtime may be apart with the same weights.
AGREEMENT_POINTS = 0.1


@dataclass(frozen=True)
class Recovered:
    """Accuracies in percent on the test set: of the network in float, of the recipe's model
    ``before`` (None where it is no usable model) and after, and of the recovered network with
    quantized values in MindSpore.

    ``steps`` are those without training and ``epochs`` begin with number 0, before training, both
    on the validation set, where ``enough_percent`` would have asked for no training.
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
            "steps": [
                {
                    "name": step.name,
                    "accuracy_percent": _rounded(step.percent),
                    "kept": step.kept,
                    "note": step.note,
                    "seconds": step.seconds,
                }
                for step in self.steps
            ],
            "enough_percent": _rounded(self.enough_percent),
            "epochs": [
                {
                    "number": epoch.number,
                    "loss": epoch.loss,
                    "accuracy_percent": round(epoch.percent, 4),
                    "seconds": epoch.seconds,
                }
                for epoch in self.epochs
            ],
            "best_epoch": self.best_epoch,
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
    how = _checked(loaded, named, training)
    if train is not None:
        how = how.model_copy(update={"train": train})
    with start(workspace, "recover", loaded.deployment.name) as run:
        builder = Builder(loaded, run, listener)
        named_toolchain = toolchain or loaded.deployment.toolchain
        ground = builder.lay(named_toolchain, loaded.recipes)
        before = _before(builder, ground, named)
        stage = _stage(builder, ground, named, how)
        trained = builder.stage(stage)
        files.remove_tree(stage.progress)
        model, after = _again(builder, trained, named, named_toolchain)
        _prove(named, trained, after)
        result = _result(loaded, run, ground, trained, model, after, before)
        run.finish(result.as_json())
    return result


def _checked(loaded: LoadedDeployment, named: NamedRecipe, training: Recover | None) -> Recover:
    how = training or loaded.deployment.recover
    if how is None:
        advice = "add `recover: {data: package.module:function}` to it, the training set"
        raise NotRecoverable(f"{loaded.path} has no `recover:`", advice)
    if loaded.deployment.network is None:
        advice = "give `network:` with its checkpoint in place of `model:`"
        raise NotRecoverable("only a MindSpore network can be trained", advice)
    if not named.recipe.written_by_pipeline:
        advice = "choose weights by the pipeline's own quantizer: add `quantizer: pipeline` to it"
        raise NotRecoverable(f"the converter quantizes for {named.name}, out of sight", advice)
    folder = loaded.path.parent
    return how.located(lambda path: folder / expand(path), loaded.deployment.data.preprocess)


def _before(builder: Builder, ground: Ground, named: NamedRecipe) -> float | None:
    """Accuracy of the recipe's model without training; few bits may leave no usable one."""
    try:
        return builder.evaluate(ground, builder.convert(ground, named)).percent
    except ToolchainError as error:
        builder.listener.warning(f"before training: {error.message}")
        return None


def _stage(builder: Builder, ground: Ground, named: NamedRecipe, how: Recover) -> RecoverStage:
    deployment, run = builder.loaded.deployment, builder.run
    assert deployment.network is not None  # _checked
    order = [item.name for item in deployment.inputs]

    def fetched(source: Any, purpose: str) -> Dataset:
        stage = DataStage(source, deployment.python_path, purpose, run.logs)
        return builder.stage(stage).ordered(order)

    test = fetched(deployment.data.test, "test")
    return RecoverStage(
        network=deployment.network,
        inputs=deployment.inputs,
        python_path=deployment.python_path,
        baseline=ground.baseline,
        recipe=named,
        training=fetched(how.data, "training"),
        validation=fetched(how.validation, "validation") if how.validation else test,
        test=test,
        how=how,
        drop_points=deployment.limits.accuracy_drop_points or 0.0,
        workspace=run.workspace,
        logs=run.logs,
    )


def _again(
    builder: Builder, trained: Trained, named: NamedRecipe, toolchain: Path | None
) -> tuple[Model, Accuracy]:
    """The trained checkpoint through export, conversion, quantization and evaluation."""
    deployment = builder.loaded.deployment
    assert deployment.network is not None  # _checked
    network = deployment.network.model_copy(update={"checkpoint": trained.checkpoint})
    changed = deployment.model_copy(update={"network": network})
    other = Builder(replace(builder.loaded, deployment=changed), builder.run, builder.listener)
    ground = other.lay(toolchain, (named,))
    model = other.convert(ground, named)
    return model, other.evaluate(ground, model)


def _prove(named: NamedRecipe, trained: Trained, after: Accuracy) -> None:
    found = 100.0 * trained.answer.test_correct / trained.answer.test_n
    if abs(found - after.percent) > AGREEMENT_POINTS:
        raise RecoveredDiffers(named.name, found, after.percent)


def _result(
    loaded: LoadedDeployment,
    run: Run,
    ground: Ground,
    trained: Trained,
    model: Model,
    after: Accuracy,
    before: float | None,
) -> Recovered:
    name, answer = f"{loaded.deployment.name}.{model.recipe}", trained.answer
    drop = ground.source.percent - after.percent
    return Recovered(
        name=loaded.deployment.name,
        recipe=model.recipe,
        run_folder=run.folder,
        float_percent=ground.source.percent,
        before_percent=before,
        trained_percent=100.0 * answer.test_correct / answer.test_n,
        after_percent=after.percent,
        n=after.n,
        size_bytes=model.size_bytes,
        float_bytes=ground.baseline.size_bytes,
        epochs=answer.epochs,
        best_epoch=answer.best,
        seconds=sum(epoch.seconds for epoch in answer.epochs),
        checkpoint=run.keep_model(trained.checkpoint, f"{name}.ckpt"),
        checkpoint_sha256=trained.sha256,
        model=run.keep_model(model.path, f"{name}.ms"),
        failures=tuple(gates.model_failures(loaded.deployment.limits, drop, model.parity)),
        steps=answer.steps,
        enough_percent=answer.enough_percent,
    )


def _rounded(percent: float | None) -> float | None:
    return None if percent is None else round(percent, 4)
