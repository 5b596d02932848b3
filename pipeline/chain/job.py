"""Models to be measured on one device in one session, wherever that device is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.chain import measure
from pipeline.chain.run import Run
from pipeline.chain.targets import Wish, find_connected, start_emulated
from pipeline.chain.tools import install
from pipeline.core.errors import ExitCode, PipelineError, one_line
from pipeline.core.events import Listener
from pipeline.stages.benchmark import Inputs, Measurement, Workload


@dataclass(frozen=True)
class Trouble:
    """An error as plain values, to be told somewhere else than where it was met."""

    kind: str
    message: str
    hint: str
    exit_code: ExitCode

    @classmethod
    def of(cls, error: PipelineError) -> Trouble:
        """What is known of ``error``."""
        message, hint = one_line(error.message), one_line(error.hint)
        return cls(type(error).__name__, message, hint, error.exit_code)


#: What became of one workload.
Outcome = Measurement | Trouble


@dataclass(frozen=True)
class Job:
    """All that whoever has the device must know. ``group`` is what the models have in common."""

    device: str
    group: str
    wish: Wish
    toolchain: Path | None
    workloads: tuple[Workload, ...]
    inputs: Inputs


def perform(job: Job, run: Run, listener: Listener) -> tuple[Outcome, ...]:
    """Measure every model of a job, in order; one that fails does not take the others with it.

    All are measured in one session, so that they are compared under the same conditions; only if
    that fails is each tried by itself.
    """
    try:
        return tuple(_session(job, job.workloads, run, listener))
    except PipelineError as error:
        if len(job.workloads) == 1:
            return (Trouble.of(error),)
    return tuple(_alone(job, workload, run, listener) for workload in job.workloads)


def _alone(job: Job, workload: Workload, run: Run, listener: Listener) -> Outcome:
    try:
        return _session(job, (workload,), run, listener)[0]
    except PipelineError as error:
        return Trouble.of(error)


def _session(
    job: Job, workloads: Sequence[Workload], run: Run, listener: Listener
) -> list[Measurement]:
    connection = find_connected(job.wish, listener)
    tools = install(job.toolchain, listener=listener)
    if connection is None:
        connection = start_emulated(job.wish, run.workspace, tools.runtime, listener)
    able = measure.has_fp16(connection.facts)
    return measure.run_all(
        connection,
        [replace(workload, fp16=workload.fp16 and able) for workload in workloads],
        job.inputs,
        tools,
        job.wish.profile.profile,
        run,
        listener,
    )
