"""Instructions instead of time, on a device whose processor is emulated.

They are the same on any machine, but for what memory allocation and the order of threads change:
so one thread, on one core, and the median. Nothing is said of time, which is the emulator's.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from device.device import Telemetry
from pipeline.config.profile import Binding
from pipeline.core import files
from pipeline.core.instructions import InstructionSummary, summarize
from pipeline.core.runner import RunnerOptions, RunnerResult
from pipeline.stages.benchmark.errors import RecordUnreadable
from pipeline.stages.benchmark.launch import Run
from pipeline.stages.benchmark.launcher import Launcher
from pipeline.stages.benchmark.measurement import SCHEMA, Identity, Measurement
from pipeline.stages.benchmark.pilot import compare_outputs
from pipeline.stages.benchmark.plan import Settings
from pipeline.stages.benchmark.validity import Judgement
from pipeline.stages.benchmark.workload import Workload

if TYPE_CHECKING:
    from pipeline.stages.benchmark.bench import Bench

_NAME = "benchmark"
_SETTINGS = Settings(threads=1, bind_mode=Binding.NONE.number)


def measure(ready: Bench, workloads: Sequence[Workload]) -> list[Measurement]:
    """Each model by itself: turns are for what changes with time, and nothing does.

    Raises RunFailed, RecordUnreadable and the errors of ``device.errors``.
    """
    deadline_s = ready.profile.emulated.arm64.deadline_s
    # One emulated inference of a large model may take minutes, in which nothing is said.
    launcher = replace(ready.launcher, deadline_s=deadline_s, silence_s=deadline_s)
    before = ready.device.telemetry()
    return [_measure(ready, launcher, workload, before) for workload in workloads]


def _measure(
    ready: Bench, launcher: Launcher, workload: Workload, before: Telemetry
) -> Measurement:
    """Every sample once, for its outputs and its instructions; then some of them by operator."""
    ready.listener.started(_NAME, workload.name)
    pushed = launcher.way.put(workload.model)
    samples, profiled = _options(ready, workload, pushed.path)
    records = launcher.launch(workload.name, (samples, profiled))
    run, by_operator = (launcher.parse(workload.name, record) for record in records)
    counts = _summary(ready, run, by_operator)
    path = ready.raw / f"{workload.name}.json"
    kept = dict(zip(("counted", "by_operator"), map(json.loads, records), strict=True))
    files.write_json(path, {"schema": SCHEMA, "model": workload.name, "runs": [], **kept})
    parity = compare_outputs(launcher, workload, run, samples, ready.count)
    wrong = parity.nan_count or run.non_finite_values
    ready.listener.finished(
        _NAME,
        workload.name,
        reused=False,
        note=f"{counts.executed.total:,} instructions an inference, median of {counts.n}",
        seconds=sum((*run.samples_ns, *by_operator.samples_ns)) / 1e9,
    )
    return Measurement(
        workload=workload,
        facts=ready.facts,
        plan=ready.plan,
        settings=_SETTINGS,
        parity=parity,
        steady=True,
        runs=(Run(0, 1, 0.0, run),),
        latency=None,
        over_runs={},
        judgement=Judgement(("the outputs hold NaN or infinite values",) if wrong else ()),
        identity=Identity(
            launcher.way.runner_sha256,
            ready.runtime_sha256,
            f"{path.parent.name}/{path.name}",
            files.sha256_file(path),
        ),
        sent_bytes=pushed.sent_bytes,
        before=before,
        after=ready.device.telemetry(),
        instructions=counts,
    )


def _options(ready: Bench, workload: Workload, model: str) -> tuple[RunnerOptions, RunnerOptions]:
    plan, scratch = ready.profile.emulated.arm64, ready.scratch
    samples = RunnerOptions(
        model=model,
        result=f"{scratch}/instructions.json",
        samples=ready.inputs,
        outputs=f"{scratch}/outputs.bin",
        warm_up=plan.warm_up,
        threads=_SETTINGS.threads,
        bind_mode=_SETTINGS.bind_mode,
        fp16=workload.fp16,
    )
    profiled = replace(
        samples,
        result=f"{scratch}/operators.json",
        samples=(),
        outputs=None,
        inputs=ready.first_inputs,
        loops=plan.profiled,
        profile=True,
    )
    return samples, profiled


def _summary(ready: Bench, run: RunnerResult, by_operator: RunnerResult) -> InstructionSummary:
    cpu = ready.profile.emulated.arm64.cpu
    try:
        if len(run.instructions) != ready.count:
            raise ValueError(f"{len(run.instructions)} samples counted, not {ready.count}")
        return summarize(
            cpu, run.instructions, by_operator.instructions, by_operator.operator_counts
        )
    except ValueError as error:
        raise RecordUnreadable(ready.device.key, str(error)) from None
