"""From a configuration to proved models: data, source, calibration, conversion, evaluation."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipeline.chain.ground import Builder, Ground
from pipeline.chain.parallel import gather, workers
from pipeline.chain.run import Run
from pipeline.config.places import LoadedDeployment
from pipeline.config.recipe import NamedRecipe
from pipeline.core.events import Listener
from pipeline.stages.convert import Model
from pipeline.stages.evaluate import Accuracy
from pipeline.stages.samples import Samples
from pipeline.stages.source.artefact import Source
from pipeline.toolchain.toolchain import Toolchain


@dataclass(frozen=True)
class Built:
    """A proved model and its accuracy; ``draws`` are the accuracies in percent that calibration
    sets drawn otherwise give."""

    recipe: NamedRecipe
    model: Model
    accuracy: Accuracy
    kept: Path
    draws: tuple[float, ...] = ()


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
    ground = builder.lay(toolchain or loaded.deployment.toolchain, loaded.recipes)
    with workers() as pool:
        # Full quantization takes longest, so it starts first.
        jobs = {
            named.name: pool.submit(_one, builder, ground, named)
            for named in sorted(loaded.recipes, key=lambda one: not one.recipe.needs_calibration)
        }
        gather(*jobs.values())
        models = [jobs[named.name].result() for named in loaded.recipes]
    return Build(ground.source, ground.baseline, ground.samples, tuple(models), ground.toolchain)


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
