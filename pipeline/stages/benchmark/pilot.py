"""The first launches of a model: are its answers right, how long does it take to warm up?"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.core.runner import RunnerOptions, RunnerResult
from pipeline.stages.benchmark.errors import RecordUnreadable
from pipeline.stages.benchmark.launcher import Launcher
from pipeline.stages.benchmark.plan import Plan
from pipeline.stages.benchmark.workload import Workload
from pipeline.stages.parity import Parity, compare
from pipeline.statistics.steady import steady_from

_LEAST_LOOPS = 40


@dataclass(frozen=True)
class Pilot:
    """What the first launches told: the answers, the warm-up to use, one inference's mean time.

    ``steady`` is False where the model went on changing for as long as the plan lets it.
    """

    parity: Parity
    warm_up: int
    steady: bool
    inference_ns: float
    load_ns: int


def pilot(
    launcher: Launcher,
    workload: Workload,
    plan: Plan,
    samples: RunnerOptions,
    timed: RunnerOptions,
    count: int,
) -> Pilot:
    """Run all ``count`` samples once for their outputs, then time until it is steady.

    Raises RunFailed, RecordUnreadable and the errors of ``device.errors``.
    """
    loops = max(_LEAST_LOOPS, 2 * plan.warm_up)
    first = replace(timed, warm_up=0, loops=loops)
    answers, record = launcher.launch(workload.name, (samples, first))
    answered = launcher.parse(workload.name, answers)
    parity = compare_outputs(launcher, workload, answered, samples, count)
    run = _of(launcher, workload, record, loops)
    cut = _cut(run.samples_ns, plan)
    while cut is None and loops < 2 * plan.max_warm_up and not plan.sustained:
        loops = min(4 * loops, 2 * plan.max_warm_up)
        (record,) = launcher.launch(workload.name, (replace(first, loops=loops),))
        run = _of(launcher, workload, record, loops)
        cut = _cut(run.samples_ns, plan)
    # The mean, for it is what a hundred inferences will take, whatever they are one by one.
    usual = sum(run.samples_ns) / len(run.samples_ns)
    warm_up = plan.max_warm_up if cut is None else max(plan.warm_up, cut)
    return Pilot(parity, warm_up, cut is not None, usual, run.load_ns)


def _cut(samples_ns: Sequence[int], plan: Plan) -> int | None:
    """Where warm-up ends; nothing is asked of a plan without any."""
    return 0 if plan.max_warm_up == 0 else steady_from(samples_ns)


def _of(launcher: Launcher, workload: Workload, record: bytes, loops: int) -> RunnerResult:
    run = launcher.parse(workload.name, record)
    check_count(launcher, run, loops)
    return run


def check_count(launcher: Launcher, run: RunnerResult, loops: int) -> None:
    """Raise RecordUnreadable for a run that did not time what was asked for."""
    n = len(run.samples_ns)
    if n != loops and not (run.starts_ns and n >= loops):
        reason = f"{n} samples, {loops} were asked for"
        raise RecordUnreadable(launcher.device.key, reason)


def compare_outputs(
    launcher: Launcher, workload: Workload, run: RunnerResult, samples: RunnerOptions, count: int
) -> Parity:
    """The outputs on the device against this machine's."""
    from pipeline.data import layout

    assert samples.outputs is not None
    with tempfile.TemporaryDirectory(prefix="pipeline-device.") as folder:
        output = Path(folder) / "outputs.bin"
        launcher.way.fetch(samples.outputs, output)
        try:
            return compare(layout.read_outputs(output, run.outputs, count), workload.expected)
        except ValueError as error:
            raise RecordUnreadable(launcher.device.key, str(error)) from None
