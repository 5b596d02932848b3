"""The main job for several devices at once: models built once, measured on all side by side."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from device.quote import safe_name
from pipeline.chain import gates, measure
from pipeline.chain.account import tell
from pipeline.chain.build import Build, build
from pipeline.chain.culprit import Search
from pipeline.chain.deploy import origin
from pipeline.chain.fleet_report import Fleet, Section
from pipeline.chain.history import record
from pipeline.chain.job import Trouble
from pipeline.chain.members import Call, Member, muster
from pipeline.chain.parallel import gather, workers
from pipeline.chain.report import Report, Row
from pipeline.chain.rows import row
from pipeline.chain.run import WORKSPACE, Run, start
from pipeline.chain.targets import Emulate, start_emulated
from pipeline.config import places
from pipeline.core.errors import DeviceError, PipelineError
from pipeline.core.events import Labelled, Listener, Silent
from pipeline.stages.benchmark import Inputs


def deploy_fleet(
    config: Path | None = None,
    *,
    devices: Sequence[str] = (),
    targets: Sequence[str] = (),
    all_targets: bool = False,
    recipes: Sequence[str] = (),
    emulate: Emulate = None,
    hdc: Path | None = None,
    app: Path | None = None,
    toolchain: Path | None = None,
    workspace: Path = WORKSPACE,
    history: Path | None = None,
    listener: Listener | None = None,
) -> Fleet:
    """Deploy ``config`` to several devices at once.

    Args:
        config: the deployment's YAML file; the default one when None.
        devices: names of profiles: one device of each; with targets, what those may be (all
            profiles when empty).
        targets: connect keys.
        all_targets: every connected device that fits a profile.

    The others are those of ``pipeline.deploy``. A device that fails does not take the others with
    it: its section tells why, and the report's ``exit_code`` is 3. Raises ``PipelineError`` for
    what concerns all: the configuration, the build, no device at all.
    """
    listener = listener or Silent()
    loaded = places.deployment(config, recipes)
    names = tuple(dict.fromkeys(devices)) or places.names("devices")
    profiles = tuple(places.profile(name, loaded.path.parent, app) for name in names)
    call = Call(profiles, tuple(targets), all_targets, emulate, hdc or loaded.deployment.hdc)
    with start(workspace, "deploy", loaded.deployment.name) as run:
        # What may be missing is asked for before any long work.
        members = _equipped(muster(call, listener), listener)
        troubles = [(one.label, one.trouble.message) for one in members if one.trouble]
        if len(troubles) == len(members):
            raise NobodyLeft(tuple(troubles))
        made = build(loaded, run, toolchain, listener)
        inputs, chosen = measure.real_inputs(made.samples, made.source.reference.chosen, run)
        search = Search(loaded.deployment, made, run.logs)
        rows = tuple(row(loaded, made, built, search) for built in made.models)
        base = Report(
            name=loaded.deployment.name,
            run_folder=run.folder,
            rows=rows,
            checkpoint_percent=made.source.percent,
            reference=made.source.reference.runtime,
        )
        work = _Work(made, base, inputs, chosen, run, listener)
        with workers(len(members)) as pool:
            visits = [pool.submit(work.visit, member) for member in members]
            gather(*visits)
        fleet = Fleet(base.name, run.folder, tuple(visit.result() for visit in visits))
        run.finish({**fleet.as_json(), **origin(loaded, made, None)})
        record(run, history, listener)
        tell(run.folder, history, listener)
    return fleet


@dataclass(eq=False)
class NobodyLeft(DeviceError):
    """None of the devices that are wanted can be used; ``reasons`` is (device, why) of each."""

    reasons: tuple[tuple[str, str], ...]

    @property
    def message(self) -> str:
        return "no device can be used: " + "; ".join(f"{key}: {why}" for key, why in self.reasons)

    @property
    def hint(self) -> str:
        return "see what hdc lists: pipeline devices"


def _equipped(members: Sequence[Member], listener: Listener) -> tuple[Member, ...]:
    """With what each of them needs; what is in the way of that is its trouble alone."""

    def equip(member: Member) -> Member:
        if member.connection is None or member.profile is None:
            return member
        labelled = Labelled(listener, member.label)
        try:
            measure.prepare(member.connection, member.profile.profile, labelled)
        except PipelineError as error:
            return replace(member, trouble=Trouble.of(error))
        return member

    with workers(len(members)) as pool:
        equipped = [pool.submit(equip, member) for member in members]
        gather(*equipped)
    return tuple(one.result() for one in equipped)


@dataclass(frozen=True)
class _Work:
    """What every device gets: the models, what they are known to be, and the inputs."""

    made: Build
    base: Report
    inputs: Inputs
    chosen: tuple[int, ...]
    run: Run
    listener: Listener

    def visit(self, member: Member) -> Section:
        """Measure on one device; never raises what is only its trouble."""
        started = time.monotonic()
        report, trouble = None, member.trouble
        if trouble is None:
            try:
                report = self._measured(member)
            except PipelineError as error:
                trouble = Trouble.of(error)
        name = member.profile.name if member.profile else None
        return Section(member.label, name, report, trouble, time.monotonic() - started)

    def _measured(self, member: Member) -> Report:
        assert member.wish is not None  # only one in trouble has none
        profile = member.wish.profile
        labelled = Labelled(self.listener, member.label)
        connection = member.connection or start_emulated(
            member.wish, self.run.workspace, self.made.toolchain.runtime, labelled
        )
        part = self.run.part("devices", safe_name(connection.device.key))
        measurements = measure.run_all(
            connection,
            [
                measure.built_workload(one, self.made, self.chosen, connection.facts)
                for one in self.made.models
            ],
            self.inputs,
            self.made.toolchain,
            profile.profile,
            part,
            labelled,
        )
        limits = profile.profile.limits
        rows = (
            _on_device(known, tuple(gates.device_failures(limits, found)), measurement=found)
            for known, found in zip(self.base.rows, measurements, strict=True)
        )
        return replace(
            self.base,
            run_folder=part.folder,
            rows=tuple(rows),
            device=connection.facts,
            profile=profile.name,
        )


def _on_device(known: Row, failures: tuple[str, ...], **found: Any) -> Row:
    return replace(known, failures=(*known.failures, *failures), **found)
