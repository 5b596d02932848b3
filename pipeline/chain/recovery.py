"""One recipe's accuracy won back: train, convert, quantize, prove."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipeline.chain.ground import Builder, Ground
from pipeline.config.places import LoadedDeployment
from pipeline.config.recipe import NamedRecipe, Quantization
from pipeline.config.recover import Recover
from pipeline.config.recover_words import Train
from pipeline.core import files
from pipeline.core.errors import ToolchainError
from pipeline.core.places import expand
from pipeline.data import layout
from pipeline.data.dataset import Dataset
from pipeline.stages import parity
from pipeline.stages.convert import Model
from pipeline.stages.data import DataStage
from pipeline.stages.evaluate import Accuracy
from pipeline.stages.parity import Parity
from pipeline.stages.recover.errors import NotRecoverable, RecoveredDiffers
from pipeline.stages.recover.stage import RecoverStage, Trained

#: How far, in points, MindSpore and the runtime may be apart with the same weights, and where
#: the ranges of activations were measured again after the training.
AGREEMENT_POINTS = 0.1
AGREEMENT_POINTS_FULL = 0.3


@dataclass(frozen=True)
class Recovery:
    """A network that was recovered, its model, and how the two agree on the test set.

    ``before`` is the recipe's model of the network as it was and its accuracy, None where it was
    no usable model.
    """

    trained: Trained
    model: Model
    accuracy: Accuracy
    agreement: Parity
    before: tuple[Model, Accuracy] | None

    @property
    def trained_percent(self) -> float:
        """Accuracy in MindSpore with quantized values, on the test set."""
        return 100.0 * self.trained.answer.test_correct / self.trained.answer.test_n

    def as_json(self) -> dict[str, Any]:
        """For the manifest of a deployment."""
        answer = self.trained.answer
        return {
            "recipe": self.model.recipe,
            "before_accuracy_percent": self.before[1].percent if self.before else None,
            "trained_accuracy_percent": self.trained_percent,
            "accuracy_percent": self.accuracy.percent,
            "steps": [step.as_json() for step in answer.steps],
            "enough_percent": answer.enough_percent,
            "epochs": [epoch.as_json() for epoch in answer.epochs],
            "best_epoch": answer.best,
            "agreement": self.agreement.as_json(),
            "checkpoint_sha256": self.trained.sha256,
        }


def checked(loaded: LoadedDeployment, named: NamedRecipe, how: Recover | None) -> Recover:
    """The settings, with absolute paths. Raises NotRecoverable."""
    if how is None:
        advice = "add `recover: {data: package.module:function}` to it, the training set"
        raise NotRecoverable(f"{loaded.path} has no `recover:`", advice)
    if loaded.deployment.network is None:
        advice = "give `network:` with its checkpoint in place of `model:`"
        raise NotRecoverable("only a MindSpore network can be trained", advice)
    recipe = named.recipe
    if recipe.quantization is Quantization.FULL and recipe.per_channel is False:
        advice = "choose a full recipe with a scale for each channel, such as full-8"
        reason = f"for {named.name} the converter evens out the channels, out of sight"
        raise NotRecoverable(reason, advice)
    if not recipe.written_by_pipeline and recipe.quantization is not Quantization.FULL:
        advice = "choose weights by the pipeline's own quantizer: add `quantizer: pipeline` to it"
        raise NotRecoverable(f"the converter quantizes for {named.name}, out of sight", advice)
    folder = loaded.path.parent
    return how.located(lambda path: folder / expand(path), loaded.deployment.data.preprocess)


def wanted(loaded: LoadedDeployment, named: NamedRecipe, *, missed: bool) -> Recover | None:
    """How a deployment recovers a recipe, whose model ``missed`` a limit or did not; None for one
    that is to stay as it is.

    Raises NotRecoverable for a recipe that is listed and cannot be recovered.
    """
    how = loaded.deployment.recover
    if how is None:
        return None
    if how.recipes:
        return checked(loaded, named, how) if named.name in how.recipes else None
    try:
        return checked(loaded, named, how) if missed else None
    except NotRecoverable:
        return None


def recovery(
    builder: Builder,
    ground: Ground,
    named: NamedRecipe,
    how: Recover,
    toolchain: Path | None,
) -> Recovery:
    """Recover the network of ``builder`` for a recipe; ``how`` is what ``checked`` gave."""
    before = _before(builder, ground, named)
    full = named.recipe.quantization is Quantization.FULL
    if full and before is None:
        advice = "look at what the converter says, or leave layers float by rules of the recipe"
        raise NotRecoverable(f"{named.name} gives no usable model to take ranges from", advice)
    quantized = before[0] if full and before else None
    stage = stage_for(builder, ground, quantized, named, how)
    trained = builder.stage(stage)
    files.remove_tree(stage.progress)
    other = _with_checkpoint(builder, trained.checkpoint)
    again = other.lay(toolchain, (named,))
    model = other.convert(again, named)
    after = other.evaluate(again, model)
    twin = trained
    if full:  # the same network on the ranges that the converter measured anew
        calm = how.model_copy(update={"train": Train.NEVER, "free": ()})
        stage = stage_for(other, again, model, named, calm)
        twin = builder.stage(stage)
        files.remove_tree(stage.progress)
    found = Recovery(trained, model, after, _agreement(twin, model, after), before)
    most = AGREEMENT_POINTS_FULL if full else AGREEMENT_POINTS
    if abs(found.trained_percent - after.percent) > most:
        raise RecoveredDiffers(named.name, found.trained_percent, after.percent)
    return found


def _before(builder: Builder, ground: Ground, named: NamedRecipe) -> tuple[Model, Accuracy] | None:
    """The recipe's model without training; few bits may leave no usable one."""
    try:
        model = builder.convert(ground, named)
        return model, builder.evaluate(ground, model)
    except ToolchainError as error:
        builder.listener.warning(f"{named.name} before training: {error.message}")
        return None


def stage_for(
    builder: Builder, ground: Ground, quantized: Model | None, named: NamedRecipe, how: Recover
) -> RecoverStage:
    """The stage with its data; ``quantized`` is the converter's model of a full recipe."""
    deployment, run = builder.loaded.deployment, builder.run
    assert deployment.network is not None  # checked
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
        quantized=quantized,
        recipe=named,
        training=fetched(how.data, "training"),
        validation=fetched(how.validation, "validation") if how.validation else test,
        test=test,
        how=how,
        drop_points=deployment.limits.accuracy_drop_points or 0.0,
        workspace=run.workspace,
        logs=run.logs,
    )


def _with_checkpoint(builder: Builder, checkpoint: Path) -> Builder:
    """The same deployment with another checkpoint."""
    deployment = builder.loaded.deployment
    assert deployment.network is not None  # checked
    network = deployment.network.model_copy(update={"checkpoint": checkpoint})
    changed = deployment.model_copy(update={"network": network})
    return Builder(replace(builder.loaded, deployment=changed), builder.run, builder.listener)


def _agreement(trained: Trained, model: Model, after: Accuracy) -> Parity:
    """The runtime's outputs against the recovered network's own, on the whole test set."""
    import numpy as np

    ours = np.load(trained.outputs)
    theirs = layout.read_outputs(after.outputs, model.outputs, after.n)
    return parity.compare(theirs[:1], [ours])
