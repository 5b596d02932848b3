"""The nightly run: build what is to be measured, measure it on every device, judge it all."""

from __future__ import annotations

import datetime
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from pipeline.chain import history as histories
from pipeline.chain import schedule
from pipeline.chain.history import record
from pipeline.chain.job import Job, Outcome, Trouble
from pipeline.chain.nightly.before import against_before
from pipeline.chain.nightly.building import Ready, ready
from pipeline.chain.nightly.case import Arrived, Case, Status
from pipeline.chain.nightly.gates import against_references
from pipeline.chain.nightly.ledger import open_ledger
from pipeline.chain.nightly.matrix import Matrix, lay_out
from pipeline.chain.nightly.publish import publish
from pipeline.chain.nightly.verdict import Night, judge
from pipeline.chain.run import WORKSPACE, Run, recorded
from pipeline.chain.schedule import Scheduler
from pipeline.chain.targets import Emulate, Wish
from pipeline.config import places
from pipeline.config.nightly import NightDevice
from pipeline.config.places import LoadedNight
from pipeline.core.errors import ExitCode
from pipeline.core.events import Listener, Silent

DEFAULT = Path("configs/nightly.yaml")
_Models = Mapping[str, Mapping[str, Ready | Trouble]]


def nightly(
    config: Path = DEFAULT,
    *,
    emulate: Emulate = None,
    fresh: bool = False,
    scheduler: str | Scheduler | None = None,
    hdc: Path | None = None,
    toolchain: Path | None = None,
    workspace: Path = WORKSPACE,
    history: Path | None = None,
    listener: Listener | None = None,
) -> Night:
    """Run a night, or go on with one of the same matrix that was interrupted.

    Args:
        config: the night's YAML file.
        emulate: instead of what the configuration says of each device: "host" (or True) for the
            emulated one on this processor, "arm64" for the one whose processor is emulated too,
            False for never.
        fresh: begin a new night, whatever lies unfinished.
        scheduler: address of the Dask scheduler whose workers have the devices; this machine's
            own when None.
        hdc: the hdc program; searched for when None.
        toolchain: an unpacked MindSpore Lite package; searched for when None.
        workspace: folder of the run folders and of the store.
        history: file of all results; the workspace's when None.
        listener: told what happens.

    Returns:
        The night, with a verdict for every case that was expected; its ``exit_code`` says what it
        means. A case that fails in any way is in there and does not end the night.

    Raises:
        PipelineError: for a configuration that cannot be used, or a workspace.
    """
    listener = listener or Silent()
    begun = time.monotonic()
    loaded = places.nightly(config)
    matrix = lay_out(loaded)
    ledger = open_ledger(workspace, loaded.night.name, matrix, fresh)
    run = ledger.run
    with recorded(run):
        before = ledger.arrived(matrix.cases)
        open_cases = [case for case in matrix.cases if case not in before]
        models = _build(loaded, open_cases, toolchain, run, listener)
        for arrived in _unbuilt(open_cases, models):
            ledger.note(arrived)
        wishes = {one.called: _wish(one, loaded, emulate, hdc) for one in loaded.night.devices}
        jobs = _jobs(open_cases, models, wishes, toolchain)
        with _place(scheduler) as place:
            for job, outcomes in place.run(jobs, run, listener):
                for arrived in _judged(job, outcomes, models):
                    ledger.note(arrived)
        came = against_before(
            run.folder,
            loaded.night.name,
            loaded.night.baseline_nights,
            ledger.arrived(matrix.cases),
        )
        night = _morning(loaded, matrix, came, run, len(before), begun)
        held, remark = against_references(night, loaded.path, loaded.night.references)
        night = _morning(loaded, matrix, held, run, len(before), begun, remark)
        run.finish({**night.as_json(), "config": {"path": str(loaded.path)}})
    record(run, history, listener)
    publish(night, histories.place(history, run.workspace))
    return night


def _place(scheduler: str | Scheduler | None) -> AbstractContextManager[Scheduler]:
    if scheduler is None or isinstance(scheduler, str):
        return schedule.scheduler(scheduler)
    return nullcontext(scheduler)


def _build(
    loaded: LoadedNight,
    cases: Sequence[Case],
    toolchain: Path | None,
    run: Run,
    listener: Listener,
) -> dict[str, dict[str, Ready | Trouble]]:
    models = {}
    for model in loaded.models:
        name = model.deployment.name
        recipes = tuple(dict.fromkeys(case.recipe for case in cases if case.model == name))
        if recipes:
            models[name] = ready(model, recipes, toolchain, run.part("models", name), listener)
    return models


def _unbuilt(cases: Sequence[Case], models: _Models) -> Iterator[Arrived]:
    for case in cases:
        found = models[case.model][case.recipe]
        if isinstance(found, Trouble):
            yield _troubled(case, found)


def _jobs(
    cases: Sequence[Case],
    models: _Models,
    wishes: Mapping[str, Wish],
    toolchain: Path | None,
) -> list[Job]:
    """A job for each model and device, with every recipe that was built."""
    groups: dict[tuple[str, str], list[Ready]] = {}
    for case in cases:
        found = models[case.model][case.recipe]
        if isinstance(found, Ready):
            groups.setdefault((case.model, case.device), []).append(found)
    return [
        Job(
            device=device,
            group=model,
            wish=wishes[device],
            toolchain=toolchain or found[0].loaded.deployment.toolchain,
            workloads=tuple(one.workload for one in found),
            inputs=found[0].inputs,
        )
        for (model, device), found in groups.items()
    ]


def _judged(job: Job, outcomes: Sequence[Outcome], models: _Models) -> Iterator[Arrived]:
    for workload, outcome in zip(job.workloads, outcomes, strict=True):
        case = Case(job.group, workload.name, job.device)
        found = models[job.group][workload.name]
        if isinstance(outcome, Trouble):
            yield _troubled(case, outcome)
            continue
        assert isinstance(found, Ready)  # only what was built is in a job
        row = found.row(job.wish.profile, outcome)
        status, code = Status.PASSED, ExitCode.DONE
        reasons = list(row.failures)
        if reasons:
            status, code = Status.FAILED, ExitCode.GATE_FAILED
        elif outcome.invalid:
            status, code, reasons = Status.INVALID, ExitCode.NO_DATA, [outcome.invalid]
        yield Arrived(case, status, code, tuple(reasons), row=row.as_json())


def _troubled(case: Case, trouble: Trouble) -> Arrived:
    return Arrived(case, Status.ERROR, trouble.exit_code, (trouble.message,), hint=trouble.hint)


def _wish(device: NightDevice, loaded: LoadedNight, emulate: Emulate, hdc: Path | None) -> Wish:
    wanted = device.emulate if emulate is None else emulate
    return Wish(loaded.profiles[device.called], device.target, wanted, hdc)


def _morning(
    loaded: LoadedNight,
    matrix: Matrix,
    arrived: Mapping[Case, Arrived],
    run: Run,
    resumed: int,
    begun: float,
    remark: str = "",
) -> Night:
    today = datetime.datetime.now(datetime.timezone.utc).date()
    quarantines = loaded.night.quarantine
    return Night(
        name=loaded.night.name,
        run_folder=run.folder,
        judged=judge(matrix, arrived, quarantines, today),
        skipped=matrix.skipped,
        expired=tuple(rule for rule in quarantines if rule.until < today),
        resumed=resumed,
        seconds=time.monotonic() - begun,
        remark=remark,
    )
