"""Models measured in turns, in one session on one device."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pipeline.chain import measure
from pipeline.chain.run import start
from pipeline.chain.targets import Emulate, Wish, find_connected, start_emulated
from pipeline.chain.tools import install
from pipeline.config import places
from pipeline.core.events import Silent
from pipeline.stages.benchmark import Measurement
from pipeline.stages.benchmark.plan import Wanted
from pipeline.toolchain import host

_PROFILE = "phone"
#: Launches of each model.
_RUNS = 20


def measured(
    models: Mapping[str, Path], workspace: Path, emulate: Emulate = None
) -> dict[str, Measurement]:
    """Each model on the same seeded random inputs; launches take turns, so that what drifts meets
    all alike. ``emulate``: as ``pipeline.benchmark``'s. Raises PipelineError."""
    listener, profile = Silent(), places.profile(_PROFILE)
    wish = Wish(profile, emulate=emulate)
    with start(workspace, "session", "experiment") as run:
        tools = install(None, listener=listener)
        connection = find_connected(wish, listener)
        if connection is None:
            connection = start_emulated(wish, run.workspace, tools.runtime, listener)
        inputs = measure.random_inputs(host.describe(tools, next(iter(models.values()))), run)
        workloads = [
            measure.file_workload(model, name, inputs, tools, run, fp16=False)
            for name, model in models.items()
        ]
        # Instructions are the same in every launch.
        wanted = None if emulate == "arm64" else Wanted(runs=_RUNS)
        found = measure.run_all(
            connection, workloads, inputs, tools, profile.profile, run, listener, wanted
        )
        run.finish({"name": "experiment", "models": [one.as_json() for one in found]})
    return dict(zip(models, found, strict=True))
