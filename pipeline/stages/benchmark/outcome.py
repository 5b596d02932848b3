"""From launches to result records: figures, their intervals, and whether they may be used."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from device.device import DeviceFacts, Telemetry
from device.watch import Series
from pipeline.config.profile import Profile
from pipeline.core import files
from pipeline.core.runner import RunnerResult
from pipeline.stages.benchmark import reference, validity
from pipeline.stages.benchmark.launch import Run
from pipeline.stages.benchmark.measurement import SCHEMA, Identity, Measurement
from pipeline.stages.benchmark.plan import Plan
from pipeline.stages.benchmark.prepared import Prepared
from pipeline.stages.benchmark.reference import ReferenceFigures
from pipeline.stages.benchmark.timeline import STRETCHES, timeline
from pipeline.stages.benchmark.turns import Turns
from pipeline.statistics.ratios import Estimate, batches, center
from pipeline.statistics.summary import summarize

_OVER_RUNS = (50, 90)
#: Fewer samples are no stretch.
_LEAST_STRETCH = 10


@dataclass(frozen=True)
class Observed:
    """What is true of all models of a session."""

    facts: DeviceFacts
    profile: Profile
    plan: Plan
    before: Telemetry
    after: Telemetry
    series: Series
    runner_sha256: str | None
    runtime_sha256: str | None
    usual_reference_ns: float | None

    @property
    def seen(self) -> tuple[Telemetry, ...]:
        """Every look at the device."""
        return (self.before, *self.series.seen, self.after)


def measurements(
    observed: Observed,
    models: Sequence[Prepared],
    turns: Turns,
    profiled: Sequence[RunnerResult | None],
    raw: Path,
) -> list[Measurement]:
    """A record for each model; its runs' own records go to ``raw`` as ``<model>.json``."""
    beside = None
    if None in turns.runs:
        _keep(turns, None, reference.NAME, raw / "reference.json")
        beside = reference.figures(files.sha256_file(reference.MODEL), turns.runs[None])
    found = []
    for index, model in enumerate(models):
        path = raw / f"{model.workload.name}.json"
        _keep(turns, index, model.workload.name, path)
        found.append(_measurement(observed, model, turns, index, beside, profiled[index], path))
    return found


def _measurement(
    observed: Observed,
    model: Prepared,
    turns: Turns,
    index: int,
    beside: ReferenceFigures | None,
    profiled: RunnerResult | None,
    path: Path,
) -> Measurement:
    runs = tuple(turns.runs[index])
    latency = summarize([sample for run in runs for sample in run.result.samples_ns])
    over_runs = {percent: _over_runs(runs, percent) for percent in _OVER_RUNS}
    rules = observed.profile.validity
    results = [run.result for run in runs]
    judgement = validity.judge(
        rules,
        observed.facts.where,
        tuple(validity.of_outputs(model.pilot.parity, results, latency)),
        observed.seen,
        tuple(validity.of_reference(rules, beside, observed.usual_reference_ns)),
        tuple(validity.of_spread(over_runs[50], model.pilot.steady)),
    )
    long_run = runs[0].result if len(runs) == 1 else None
    return Measurement(
        workload=model.workload,
        facts=observed.facts,
        plan=observed.plan,
        settings=model.settings,
        parity=model.pilot.parity,
        steady=model.pilot.steady,
        runs=runs,
        latency=latency,
        over_runs=over_runs,
        judgement=judgement,
        identity=Identity(
            observed.runner_sha256,
            observed.runtime_sha256,
            f"{path.parent.name}/{path.name}",
            files.sha256_file(path),
        ),
        sent_bytes=model.sent_bytes,
        before=observed.before,
        after=observed.after,
        reference=beside,
        profiled=profiled,
        timeline=timeline(long_run, turns.ended_s[index], observed.series) if long_run else (),
    )


def _over_runs(runs: Sequence[Run], percent: int) -> Estimate:
    """The percentile of a run; of the stretches of a run where there is one only."""
    if len(runs) > 1:
        return center([max(run.percentile_ns(percent), 1.0) for run in runs])
    samples = runs[0].result.samples_ns
    if len(samples) < STRETCHES * _LEAST_STRETCH:
        return Estimate(max(runs[0].percentile_ns(percent), 1.0))
    return center([max(value, 1.0) for value in batches(samples, STRETCHES, percent)])


def _keep(turns: Turns, index: int | None, name: str, path: Path) -> None:
    content = {"schema": SCHEMA, "model": name, "runs": turns.records[index]}
    # In one line: thousands of samples are not to be read by eye.
    files.write_text(path, json.dumps(content, separators=(",", ":"), allow_nan=False) + "\n")
