"""All launches of a measurement: round by round, in batches, the device looked after between."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from pipeline.core.events import Listener
from pipeline.core.runner import RunnerOptions
from pipeline.stages.benchmark import reference, rounds
from pipeline.stages.benchmark.cooling import Cooling
from pipeline.stages.benchmark.launch import Launch, Run
from pipeline.stages.benchmark.launcher import Launcher
from pipeline.stages.benchmark.pilot import check_count
from pipeline.stages.benchmark.plan import Plan
from pipeline.stages.benchmark.prepared import Prepared

_REFERENCE_S = 0.05
_ALL = "all models"


@dataclass
class Turns:
    """What the launches gave, by the index of the model; None is the reference workload.

    ``records`` are the runner's own, with the round and place of each. ``ended_s``: when the last
    launch of a model was over, on the clock that ``began_s`` is of.
    """

    began_s: float
    runs: dict[int | None, list[Run]] = field(default_factory=dict)
    records: dict[int | None, list[dict[str, object]]] = field(default_factory=dict)
    ended_s: dict[int | None, float] = field(default_factory=dict)

    def add(self, launch: Launch, at_s: float, run: Run, record: bytes) -> None:
        """One more launch."""
        self.runs.setdefault(launch.model, []).append(run)
        self.records.setdefault(launch.model, []).append(
            {
                "round": launch.round,
                "place": launch.place,
                "at_s": round(at_s, 3),
                "record": json.loads(record),
            }
        )


def take_turns(
    launcher: Launcher,
    plan: Plan,
    models: Sequence[Prepared],
    beside: RunnerOptions | None,
    cooling: Cooling,
    listener: Listener,
    began_s: float,
) -> Turns:
    """Launch every model ``plan.runs`` times; ``beside`` is the reference workload's launch.

    ``began_s`` is of ``time.monotonic``. Raises RunFailed, RecordUnreadable and the errors of
    ``device.errors``.
    """
    launches = list(_launches(launcher, plan, models, beside))
    turns = Turns(began_s)
    done = 0
    for number, batch in enumerate(rounds.batches(launches)):
        if number:
            cooling.wait()
        at_s = time.monotonic() - began_s
        records = launcher.launch(
            _subject(batch, models),
            [launch.options for launch in batch],
            expected_s=sum(launch.expected_s for launch in batch),
        )
        for launch, record in zip(batch, records, strict=True):
            subject = _name(launch, models)
            result = launcher.parse(subject, record)
            check_count(launcher, result, launch.options.loops)
            turns.add(launch, at_s, Run(launch.round, launch.place, at_s, result), record)
            turns.ended_s[launch.model] = time.monotonic() - began_s
        done += len(batch)
        listener.progress("benchmark", _subject(batch, models), done, len(launches))
    return turns


def _launches(
    launcher: Launcher, plan: Plan, models: Sequence[Prepared], beside: RunnerOptions | None
) -> Iterator[Launch]:
    for number in range(plan.runs):
        if beside is not None:
            yield Launch(None, number, 0, _numbered(beside, number), _REFERENCE_S)
        for place, model in enumerate(rounds.order(len(models), number), 1):
            yield models[model].launch(plan, model, number, place, launcher.way.scratch)


def _numbered(options: RunnerOptions, number: int) -> RunnerOptions:
    return replace(options, result=options.result.replace("{round}", str(number)))


def _subject(batch: Sequence[Launch], models: Sequence[Prepared]) -> str:
    names = {_name(launch, models) for launch in batch}
    return names.pop() if len(names) == 1 else _ALL


def _name(launch: Launch, models: Sequence[Prepared]) -> str:
    return reference.NAME if launch.model is None else models[launch.model].workload.name
