"""The main job: a trained network to models that are proved and timed on a device."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipeline.chain import measure
from pipeline.chain.account import tell
from pipeline.chain.build import Build, build
from pipeline.chain.culprit import Search
from pipeline.chain.history import record
from pipeline.chain.report import Report
from pipeline.chain.rows import row
from pipeline.chain.run import WORKSPACE, start
from pipeline.chain.targets import Emulate, Wish, find_connected, start_emulated
from pipeline.config import places
from pipeline.config.places import LoadedDeployment
from pipeline.config.profile import NamedProfile
from pipeline.core import files
from pipeline.core.events import Listener, Silent


def deploy(
    config: Path | None = None,
    *,
    device: str = "phone",
    recipes: Sequence[str] = (),
    target: str | None = None,
    emulate: Emulate = None,
    hdc: Path | None = None,
    app: Path | None = None,
    toolchain: Path | None = None,
    workspace: Path = WORKSPACE,
    history: Path | None = None,
    listener: Listener | None = None,
) -> Report:
    """Deploy ``config`` to a device of the profile ``device`` and measure every model on it.

    Args:
        config: the deployment's YAML file; the default one when None.
        device: name of a profile (configs/devices) or a path to one.
        recipes: names of recipes instead of the configuration's.
        target: connect key of the device, where several fit.
        emulate: "host" or "arm64" for an emulated device, False for never; None when none fits.
        hdc: the hdc program; searched for when None.
        app: the bench app's package, for devices that execute signed code only.
        toolchain: an unpacked MindSpore Lite package; searched for when None.
        workspace: folder of the run folders and of the store.
        history: the file that results are put into; the workspace's when None.
        listener: told what happens.

    Returns:
        The report; its ``failures`` name limits that were not met (the command line then ends
        with exit code 1).

    Raises:
        PipelineError: with a message, a hint and an exit code.
    """
    listener = listener or Silent()
    loaded = places.deployment(config, recipes)
    profile = places.profile(device, near=loaded.path.parent, app=app)
    wish = Wish(profile, target, emulate, hdc or loaded.deployment.hdc)
    with start(workspace, "deploy", loaded.deployment.name) as run:
        # What may be missing is asked for before any long work.
        connection = find_connected(wish, listener)
        if connection is not None:
            measure.prepare(connection, profile.profile, listener)
        made = build(loaded, run, toolchain, listener)
        if connection is None:
            connection = start_emulated(wish, run.workspace, made.toolchain.runtime, listener)
        inputs, chosen = measure.real_inputs(made.samples, made.source.reference.chosen, run)
        measurements = measure.run_all(
            connection,
            [measure.built_workload(one, made, chosen, connection.facts) for one in made.models],
            inputs,
            made.toolchain,
            profile.profile,
            run,
            listener,
        )
        search = Search(loaded.deployment, made, run.logs)
        report = Report(
            name=loaded.deployment.name,
            run_folder=run.folder,
            rows=tuple(
                row(loaded, made, built, search, profile, measurement)
                for built, measurement in zip(made.models, measurements, strict=True)
            ),
            checkpoint_percent=made.source.percent,
            reference=made.source.reference.runtime,
            device=connection.facts,
            profile=profile.name,
        )
        run.finish({**report.as_json(), **origin(loaded, made, profile)})
        record(run, history, listener)
        tell(run.folder, history, listener)
    return report


def convert(
    config: Path | None = None,
    *,
    recipes: Sequence[str] = (),
    toolchain: Path | None = None,
    workspace: Path = WORKSPACE,
    listener: Listener | None = None,
) -> Report:
    """``deploy`` without a device: proved and evaluated models in a run folder."""
    listener = listener or Silent()
    loaded = places.deployment(config, recipes)
    with start(workspace, "convert", loaded.deployment.name) as run:
        made = build(loaded, run, toolchain, listener)
        search = Search(loaded.deployment, made, run.logs)
        report = Report(
            name=loaded.deployment.name,
            run_folder=run.folder,
            rows=tuple(row(loaded, made, built, search) for built in made.models),
            checkpoint_percent=made.source.percent,
            reference=made.source.reference.runtime,
        )
        run.finish({**report.as_json(), **origin(loaded, made, None)})
    return report


def origin(loaded: LoadedDeployment, made: Build, profile: NamedProfile | None) -> dict[str, Any]:
    """All that the models were made from, for the manifest."""
    return {
        "config": _hashed(loaded.path),
        "settings": loaded.deployment.model_dump(mode="json"),
        "recipes": {
            named.name: {**_hashed(named.path), "settings": named.recipe.model_dump(mode="json")}
            for named in loaded.recipes
        },
        "recovered": [one.recovered.as_json() for one in made.models if one.recovered],
        "profile_settings": profile.profile.model_dump(mode="json") if profile else None,
        **_way_in(loaded, made),
        "toolchain": made.toolchain.as_json(),
    }


def _way_in(loaded: LoadedDeployment, made: Build) -> dict[str, Any]:
    facts = dict(made.source.facts)
    network, model = loaded.deployment.network, loaded.deployment.model
    if network is not None:
        return {"checkpoint": {**_hashed(network.checkpoint), "facts": facts}}
    assert model is not None  # a deployment has one of both
    weights = _hashed(model.weights) if model.weights else None
    return {"model_file": {**_hashed(model.file), "weights": weights, "facts": facts}}


def _hashed(path: Path) -> dict[str, str]:
    return {"path": str(path), "sha256": files.sha256_file(path)}
