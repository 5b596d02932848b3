"""A set of models to one device: from their deployments, or as ``.ms`` files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.chain import measure
from pipeline.chain.benchmark import check, safe
from pipeline.chain.build import build
from pipeline.chain.culprit import Search
from pipeline.chain.history import record
from pipeline.chain.report import Row
from pipeline.chain.rows import row
from pipeline.chain.run import WORKSPACE, Run, start
from pipeline.chain.targets import Connection, Emulate, Wish, find_connected, start_emulated
from pipeline.chain.together import Part, Together, run_together
from pipeline.chain.tools import install
from pipeline.config import places
from pipeline.config.document import load
from pipeline.config.modelset import ModelSet
from pipeline.core.errors import UsageError
from pipeline.core.events import Labelled, Listener, Silent
from pipeline.core.places import expand
from pipeline.toolchain import host
from pipeline.toolchain.toolchain import Toolchain


@dataclass(eq=False)
class TooFew(UsageError):
    """One model has nothing beside it."""

    count: int

    @property
    def message(self) -> str:
        return f"{self.count} model cannot be measured together with others"

    @property
    def hint(self) -> str:
        return "name two or more .ms files: pipeline benchmark a.ms b.ms --together"


def deploy_set(
    config: Path,
    *,
    device: str = "phone",
    target: str | None = None,
    emulate: Emulate = None,
    hdc: Path | None = None,
    app: Path | None = None,
    toolchain: Path | None = None,
    workspace: Path = WORKSPACE,
    history: Path | None = None,
    listener: Listener | None = None,
) -> Together:
    """Build one model of each deployment that a set names, and measure them side by side.

    Arguments and errors are those of ``deploy``.
    """
    listener = listener or Silent()
    path = expand(config).absolute()
    asked = load(path, ModelSet, "set of models").located(path.parent)
    loaded = [
        places.deployment(one.deployment, (one.recipe,) if one.recipe else ())
        for one in asked.models
    ]
    profile = places.profile(device, near=path.parent, app=app)
    wish = Wish(profile, target, emulate, hdc)
    with start(workspace, "together", asked.name) as run:
        connection = _ready(wish, listener)
        tools = install(toolchain, listener=listener)
        parts = []
        labels = _distinct([one.deployment.name for one in loaded])
        for one, label in zip(loaded, labels, strict=True):
            part = run.part("models", label)
            labelled = Labelled(listener, label)
            made = build(one, part, toolchain, labelled)
            search = Search(one.deployment, made, part.logs)
            rows = [row(one, made, built, search) for built in made.models]
            index = smallest(rows)
            inputs, chosen = measure.real_inputs(made.samples, made.source.reference.chosen, part)
            workload = measure.built_workload(made.models[index], made, chosen)
            parts.append(
                Part(replace(rows[index], name=label), replace(workload, name=label), inputs, part)
            )
        return _finished(asked.name, wish, connection, parts, tools, run, history, listener)


def benchmark_together(
    models: Sequence[Path],
    *,
    device: str = "phone",
    target: str | None = None,
    emulate: Emulate = None,
    hdc: Path | None = None,
    app: Path | None = None,
    toolchain: Path | None = None,
    workspace: Path = WORKSPACE,
    history: Path | None = None,
    listener: Listener | None = None,
) -> Together:
    """Measure ``.ms`` files side by side, on seeded random inputs.

    Arguments and errors are those of ``benchmark``; TooFew for less than two.
    """
    listener = listener or Silent()
    if len(models) < 2:
        raise TooFew(len(models))
    for model in models:
        check(model)
    profile = places.profile(device, app=app)
    wish = Wish(profile, target, emulate, hdc)
    labels = _distinct([safe(model.stem) for model in models])
    name = safe("+".join(labels))
    with start(workspace, "together", name) as run:
        connection = _ready(wish, listener)
        tools = install(toolchain, listener=listener)
        parts = []
        for model, label in zip(models, labels, strict=True):
            part = run.part("models", label)
            inputs = measure.random_inputs(host.describe(tools, model), part)
            workload = measure.file_workload(model, label, inputs, tools, part, fp16=False)
            known = Row(label, workload.model, workload.sha256, workload.size_bytes)
            parts.append(Part(known, workload, inputs, part))
        return _finished(name, wish, connection, parts, tools, run, history, listener)


def smallest(rows: Sequence[Row]) -> int:
    """The index of the smallest that meets its limits; of the smallest at all where none does."""
    return min(
        range(len(rows)), key=lambda index: (bool(rows[index].failures), rows[index].size_bytes)
    )


def _ready(wish: Wish, listener: Listener) -> Connection | None:
    """The connected device with what it needs, before any long work."""
    connection = find_connected(wish, listener)
    if connection is not None:
        measure.prepare(connection, wish.profile.profile, listener)
    return connection


def _finished(
    name: str,
    wish: Wish,
    connection: Connection | None,
    parts: Sequence[Part],
    tools: Toolchain,
    run: Run,
    history: Path | None,
    listener: Listener,
) -> Together:
    if connection is None:
        connection = start_emulated(wish, run.workspace, tools.runtime, listener)
    able = measure.has_fp16(connection.facts)
    parts = [
        replace(one, workload=replace(one.workload, fp16=one.workload.fp16 and able))
        for one in parts
    ]
    found = run_together(name, connection, parts, tools, wish.profile, run, listener)
    run.finish({**found.as_json(), "toolchain": tools.as_json()})
    record(run, history, listener)
    return found


def _distinct(names: Sequence[str]) -> list[str]:
    """The names; those that stand twice are numbered."""
    return [
        name if names.count(name) == 1 else f"{name}-{names[: index + 1].count(name)}"
        for index, name in enumerate(names)
    ]
