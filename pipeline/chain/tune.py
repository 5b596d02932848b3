"""The best recipe within a limit on accuracy: candidates tried until the budget is used up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.chain import measure
from pipeline.chain.arm64 import NoLatency
from pipeline.chain.ground import Builder
from pipeline.chain.pages import write_tune_page
from pipeline.chain.run import WORKSPACE, start
from pipeline.chain.schedule import judging
from pipeline.chain.targets import Connection, Emulate, Wish, find_connected, start_emulated
from pipeline.chain.tuning import latency, size
from pipeline.chain.tuning.outcome import Status, Tuned
from pipeline.chain.tuning.session import Session, budget
from pipeline.config import places
from pipeline.core.errors import UsageError
from pipeline.core.events import Listener, Silent
from pipeline.search.candidate import Candidate, Limit, Objective, front


@dataclass(eq=False)
class BadBudget(UsageError):
    """A budget that is no time."""

    text: str

    @property
    def message(self) -> str:
        return f"{self.text!r} is no time to spend"

    @property
    def hint(self) -> str:
        return "write it like 90s, 10m or 2h"


def seconds(text: str) -> float:
    """``90``, ``90s``, ``10m`` or ``2h`` in seconds. Raises BadBudget."""
    units = {"s": 1, "m": 60, "h": 3600}
    number, unit = (text[:-1], units[text[-1]]) if text[-1:] in units else (text, 1)
    try:
        value = float(number) * unit
    except ValueError:
        raise BadBudget(text) from None
    if not 0 < value < float("inf"):
        raise BadBudget(text)
    return value


def tune(
    config: Path | None = None,
    *,
    max_accuracy_drop: float = 1.0,
    objective: Objective = Objective.SIZE,
    budget_s: float = 600.0,
    trials: int | None = None,
    jobs: int | None = None,
    recipes: Sequence[str] = (),
    device: str = "phone",
    target: str | None = None,
    emulate: Emulate = None,
    scheduler: str | None = None,
    hdc: Path | None = None,
    toolchain: Path | None = None,
    workspace: Path = WORKSPACE,
    listener: Listener | None = None,
) -> Tuned:
    """Find the smallest or fastest model that loses at most ``max_accuracy_drop`` points.

    For size, whole recipes come first, then each layer alone, then a form for each layer. For
    latency, recipes and sets of layers in float are measured on the device. Every trial is kept
    at once: the same call, interrupted anywhere, goes on where it was; only latencies are measured
    again.

    Args:
        config: the deployment's YAML file; the default one when None.
        max_accuracy_drop: percentage points below the network's own accuracy.
        objective: what is to be as small as it gets.
        budget_s: wall-clock seconds; the whole of it is used unless nothing is left to try.
        trials: at most so many candidates.
        jobs: trials at a time; as many as there are cores when None.
        recipes: names of the whole recipes to try, instead of those of the objective.
        device: name of a profile, for latency; as are ``target``, ``emulate`` and ``hdc``.
        target: connect key of the device, where several fit.
        emulate: "host" for the emulated device, False for never; None when no device fits.
        scheduler: address of a Dask scheduler whose workers try the layers' forms; this machine
            when None.
        hdc: the hdc program; searched for when None.
        toolchain: an unpacked MindSpore Lite package; searched for when None.
        workspace: folder of the run folders and of the store.
        listener: told what happens, and of each trial.

    Returns:
        The outcome; on Ctrl-C too, with the best that was found until then.

    Raises:
        PipelineError: with a message, a hint and an exit code.
    """
    listener = listener or Silent()
    loaded = places.deployment(config, recipes or _usable(config, objective))
    named_toolchain = toolchain or loaded.deployment.toolchain
    with start(workspace, "tune", loaded.deployment.name) as run:
        connection: Connection | None = None
        profile = places.profile(device, near=loaded.path.parent)
        wish = Wish(profile, target, emulate, hdc or loaded.deployment.hdc)
        if objective is Objective.LATENCY:
            if emulate == "arm64":
                raise NoLatency()
            connection = find_connected(wish, listener)
            if connection is not None:
                measure.prepare(connection, profile.profile, listener)
        builder = Builder(loaded, run, listener)
        ground = builder.lay(named_toolchain, loaded.recipes)
        outputs = builder.evaluate(ground, ground.baseline)
        limit = Limit(ground.source.percent - max_accuracy_drop)
        session = Session(builder, ground, limit, objective, budget(budget_s, trials, jobs))
        interrupted = False
        try:
            if objective is Objective.SIZE:
                with judging(scheduler, ground.toolchain) as session.judge:
                    size.search(session, outputs)
            else:
                connection = connection or start_emulated(
                    wish, run.workspace, ground.toolchain.runtime, listener
                )
                # Kept from one candidate to the next, so that no other pipeline comes between.
                with connection.device.lease():
                    latency.search(session, connection, profile)
        except KeyboardInterrupt:
            interrupted = True
        found = session.best
        met = found is not None and limit.met(found)
        recipe, model = session.keep(found)
        baseline = Candidate(
            "float", {}, ground.baseline.size_bytes, outputs.correct, outputs.n, 1.0
        )
        tuned = Tuned(
            name=loaded.deployment.name,
            run_folder=run.folder,
            objective=objective,
            status=_status(interrupted, met),
            limit_percent=limit.percent,
            baseline=baseline,
            best=found,
            recipe=recipe,
            model=model,
            candidates=tuple(session.candidates),
            front=front((baseline, *session.candidates)),
            seconds=session.elapsed_s,
            budget_s=budget_s,
            exhausted=session.exhausted,
            where=connection.facts.where.value if connection else None,
        )
        write_tune_page(tuned, ground)
        run.finish(tuned.as_json())
    return tuned


def _status(interrupted: bool, met: bool) -> Status:
    if interrupted:
        return Status.INTERRUPTED
    return Status.MET if met else Status.NOT_MET


def _usable(config: Path | None, objective: Objective) -> tuple[str, ...]:
    """The objective's recipes that need no more data than there is."""
    calibrates = places.deployment(config, ()).deployment.data.calibration is not None
    names = size.RECIPES if objective is Objective.SIZE else latency.RECIPES
    return tuple(name for name in names if calibrates or not name.startswith("full"))
