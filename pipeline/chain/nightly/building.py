"""The models of a night: a recipe that fails does not take the others with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.chain import measure
from pipeline.chain.build import Build, Built, build
from pipeline.chain.culprit import Search
from pipeline.chain.job import Trouble
from pipeline.chain.report import Row
from pipeline.chain.rows import row
from pipeline.chain.run import Run
from pipeline.config.places import LoadedDeployment
from pipeline.config.profile import NamedProfile
from pipeline.core.errors import PipelineError
from pipeline.core.events import Labelled, Listener
from pipeline.stages.benchmark import Inputs, Measurement, Workload


@dataclass(frozen=True)
class Ready:
    """A model that is built, with all that a device needs to be told of it."""

    loaded: LoadedDeployment
    build: Build
    built: Built
    workload: Workload
    inputs: Inputs
    run: Run

    def row(self, profile: NamedProfile, measurement: Measurement) -> Row:
        """Its row of a device, held against the limits."""
        search = Search(self.loaded.deployment, self.build, self.run.logs)
        return row(self.loaded, self.build, self.built, search, profile, measurement)


def ready(
    loaded: LoadedDeployment,
    recipes: Sequence[str],
    toolchain: Path | None,
    run: Run,
    listener: Listener,
) -> dict[str, Ready | Trouble]:
    """The models of ``recipes`` by their name, or why there is none."""
    chosen = tuple(named for named in loaded.recipes if named.name in recipes)
    wanted = replace(loaded, recipes=chosen)
    try:
        made = build(wanted, run, toolchain, Labelled(listener, loaded.deployment.name))
    except PipelineError as error:
        if len(chosen) == 1:
            return {chosen[0].name: Trouble.of(error)}
        found: dict[str, Ready | Trouble] = {}
        for named in chosen:
            found |= ready(loaded, [named.name], toolchain, run, listener)
        return found
    inputs, rows = measure.real_inputs(made.samples, made.source.reference.chosen, run)
    return {
        built.recipe.name: Ready(
            wanted, made, built, measure.built_workload(built, made, rows), inputs, run
        )
        for built in made.models
    }
