"""From a configuration to proved models: data, source, calibration, conversion, evaluation."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipeline.chain.ground import Builder, Ground
from pipeline.chain.parallel import gather, workers
from pipeline.chain.recovery import Recovery, recovery, wanted
from pipeline.chain.run import Run
from pipeline.config.deployment import Limits
from pipeline.config.places import LoadedDeployment
from pipeline.config.recipe import NamedRecipe
from pipeline.core.errors import ToolchainError
from pipeline.core.events import Listener
from pipeline.stages.convert import Model
from pipeline.stages.evaluate import Accuracy
from pipeline.stages.samples import Samples
from pipeline.stages.source.artefact import Source
from pipeline.toolchain.toolchain import Toolchain


@dataclass(frozen=True)
class Built:
    """A proved model and its accuracy; ``draws`` are the accuracies in percent that calibration
    sets drawn otherwise give, ``recovered`` tells how its accuracy was won back, if it was."""

    recipe: NamedRecipe
    model: Model
    accuracy: Accuracy
    kept: Path
    draws: tuple[float, ...] = ()
    recovered: Recovery | None = None


@dataclass(frozen=True)
class Build:
    """All models of a deployment; ``baseline`` is the one without quantization."""

    source: Source
    baseline: Model
    samples: Samples
    models: tuple[Built, ...]
    toolchain: Toolchain


def build(loaded: LoadedDeployment, run: Run, toolchain: Path | None, listener: Listener) -> Build:
    """Run every stage up to evaluation; what is unchanged is taken from the store."""
    builder = Builder(loaded, run, listener)
    named_toolchain = toolchain or loaded.deployment.toolchain
    ground = builder.lay(named_toolchain, loaded.recipes)
    with workers() as pool:
        # Full quantization takes longest, so it starts first.
        jobs = {
            named.name: pool.submit(_tried, builder, ground, named)
            for named in sorted(loaded.recipes, key=lambda one: not one.recipe.needs_calibration)
        }
        gather(*jobs.values())
        tried = [jobs[named.name].result() for named in loaded.recipes]
    models = [
        _recovered(builder, ground, named, one, named_toolchain)
        for named, one in zip(loaded.recipes, tried, strict=True)
    ]
    return Build(ground.source, ground.baseline, ground.samples, tuple(models), ground.toolchain)


def _tried(builder: Builder, ground: Ground, named: NamedRecipe) -> Built | None:
    """The model; None where it is of no use and its accuracy is to be won back."""
    try:
        return _one(builder, ground, named)
    except ToolchainError as error:
        if wanted(builder.loaded, named, missed=True) is None:
            raise
        builder.listener.warning(f"{named.name}: {error.message}")
        return None


def _recovered(
    builder: Builder,
    ground: Ground,
    named: NamedRecipe,
    one: Built | None,
    named_toolchain: Path | None,
) -> Built:
    """The model, with its accuracy won back where the configuration asks for it."""
    missed = one is None or _misses(builder.loaded.deployment.limits, ground, one)
    how = wanted(builder.loaded, named, missed=missed)
    if how is None:
        assert one is not None  # _tried
        return one
    found = recovery(builder, ground, named, how, named_toolchain)
    name = f"{builder.loaded.deployment.name}.{named.name}"
    builder.run.keep_model(found.trained.checkpoint, f"{name}.ckpt")
    kept = builder.run.keep_model(found.model.path, f"{name}.ms")
    return Built(named, found.model, found.accuracy, kept, recovered=found)


def _misses(limits: Limits, ground: Ground, one: Built) -> bool:
    drop, allowed = ground.source.percent - one.accuracy.percent, limits.accuracy_drop_points
    below = allowed is not None and drop > allowed + 1e-9
    return below or not one.model.parity.cosine_min >= limits.min_cosine


def _one(builder: Builder, ground: Ground, named: NamedRecipe) -> Built:
    model = builder.convert(ground, named)
    accuracy = builder.evaluate(ground, model)
    name = f"{builder.loaded.deployment.name}.{named.name}.ms"
    draws: tuple[float, ...] = ()
    if named.recipe.needs_calibration:
        others = range(1, len(ground.calibrations))
        models = (builder.convert(ground, named, draw) for draw in others)
        draws = tuple(builder.evaluate(ground, other).percent for other in models)
    return Built(named, model, accuracy, builder.run.keep_model(model.path, name), draws)
