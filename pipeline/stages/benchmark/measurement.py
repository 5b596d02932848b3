"""The result record of one benchmark: schema 2, the seam to history, comparison and reports.

In JSON (``as_json``; times in nanoseconds, sizes in bytes, ``None`` where nothing is known):

* ``schema`` 2; ``verdict`` ``valid`` or ``invalid`` with ``reason``; ``doubts``: why a valid figure
  should be used with care, in words; ``repeatable``: whether p50 is known to +-2.5 %;
* what ran: ``model``, ``model_sha256``, ``size_bytes``, ``where``, ``device`` (facts), ``runner``,
  ``runner_sha256``, ``runtime``, ``runtime_sha256``, ``fp16``, ``threads``, ``bind_mode``,
  ``pinned_cores``, ``mode`` (back-to-back, paced, sustained), ``beside`` (names of models that
  were loaded too), ``plan``, ``warm_up`` (inferences thrown away in each run), ``steady``;
* ``latency_ns``: of the samples of all runs together, with binomial intervals; ``over_runs``: p50
  and p90 of a run, as ``value``, ``low``, ``high`` at 99 %, the run being the unit;
* ``runs``: one object a launch with its round, its place in the round and its own figures;
* apart from the steady state: ``load_ns``, ``first_inference_ns``, ``peak_memory_bytes``, each the
  median of the runs;
* ``instructions``: per inference, where the processor is emulated (``emulated-arm64``); the times
  and the memory are null then, for they would be the emulator's;
* ``operators``: of one more run, which was profiled and counts nowhere else: name, type, calls,
  total_ns; ``timeline``: of a sustained run, and with the temperature;
* ``reference``: how the reference workload ran beside it; ``telemetry``: before and after;
* ``samples``: the file of the run folder with the runner's own records of all runs, every sample
  included, and its ``samples_sha256``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from statistics import median
from typing import Any

from device.device import DeviceFacts, Telemetry
from pipeline.core.instructions import InstructionSummary
from pipeline.core.runner import RunnerResult
from pipeline.stages.benchmark.launch import Run
from pipeline.stages.benchmark.plan import Plan, Settings
from pipeline.stages.benchmark.reference import ReferenceFigures
from pipeline.stages.benchmark.timeline import Stretch
from pipeline.stages.benchmark.validity import REPEATABLE, Judgement
from pipeline.stages.benchmark.workload import Workload
from pipeline.stages.parity import Parity
from pipeline.statistics.ratios import Estimate
from pipeline.statistics.summary import Summary

SCHEMA = 2
_NO_TIMES: dict[str, Any] = {
    "latency_ns": None,
    "over_runs": {},
    "runs": [],
    "load_ns": None,
    "first_inference_ns": None,
    "peak_memory_bytes": None,
    "operators": [],
    "timeline": [],
}


@dataclass(frozen=True)
class Identity:
    """What code ran, and where its raw samples are (relative to the run folder)."""

    runner_sha256: str | None
    runtime_sha256: str | None
    samples: str
    samples_sha256: str


@dataclass(frozen=True)
class Measurement:
    """What one benchmark gave. ``parity``: the device's outputs against this machine's.

    ``latency`` is of all samples of ``runs``; ``over_runs`` has p50 and p90 with intervals for
    which the run is the unit (a stretch of it where there is one run only). On an emulated
    processor there is no latency; ``instructions`` are counted instead.
    """

    workload: Workload
    facts: DeviceFacts
    plan: Plan
    settings: Settings
    parity: Parity
    steady: bool
    runs: tuple[Run, ...]
    latency: Summary | None
    over_runs: dict[int, Estimate]
    judgement: Judgement
    identity: Identity
    sent_bytes: int
    before: Telemetry
    after: Telemetry
    reference: ReferenceFigures | None = None
    profiled: RunnerResult | None = None
    timeline: tuple[Stretch, ...] = ()
    instructions: InstructionSummary | None = None

    @property
    def invalid(self) -> str | None:
        """Why the latency must not be used; None for a valid measurement."""
        return "; ".join(self.judgement.invalid) or None

    @property
    def run(self) -> RunnerResult:
        """The first run, for what is the same in all."""
        return self.runs[0].result

    @property
    def repeatable(self) -> bool:
        """Whether p50 is known well enough for the next measurement to agree within 5 %."""
        if self.instructions is not None:
            return self.instructions.spread_percent <= 100 * REPEATABLE
        spread = self.over_runs[50].spread
        return spread is not None and spread <= REPEATABLE and not self.judgement.doubts

    @cached_property
    def load_ns(self) -> int:
        """Building the model: the median of the runs."""
        return round(median(run.result.load_ns for run in self.runs))

    @cached_property
    def first_inference_ns(self) -> int | None:
        """The first inference after the load: the median of the runs."""
        return _median([run.result.first_inference_ns for run in self.runs])

    @cached_property
    def peak_memory_bytes(self) -> int | None:
        """The process at its largest: the median of the runs."""
        return _median([run.result.peak_memory_bytes for run in self.runs])

    def as_json(self) -> dict[str, Any]:
        """The result record, without the samples themselves."""
        return {
            "schema": SCHEMA,
            "verdict": "invalid" if self.invalid else "valid",
            "reason": self.invalid,
            "doubts": list(self.judgement.doubts),
            "repeatable": self.repeatable,
            **self._what(),
            **self._figures(),
            "device_parity": self.parity.as_json(),
            "sent_bytes": self.sent_bytes,
            "reference": self.reference.as_json() if self.reference else None,
            "telemetry": {"before": self.before.as_json(), "after": self.after.as_json()},
            "samples": self.identity.samples,
            "samples_sha256": self.identity.samples_sha256,
        }

    def _what(self) -> dict[str, Any]:
        return {
            "model": self.workload.name,
            "model_sha256": self.workload.sha256,
            "size_bytes": self.workload.size_bytes,
            "where": self.facts.where.value,
            "device": self.facts.as_json(),
            "runner": self.run.runner,
            "runner_sha256": self.identity.runner_sha256,
            "runtime": self.run.runtime,
            "runtime_sha256": self.identity.runtime_sha256,
            "threads": self.run.threads,
            "bind_mode": self.run.bind_mode,
            "pinned_cores": list(self.settings.pin_cores),
            "fp16": self.run.fp16,
            "beside": [path.stem for path in self.workload.beside],
            "mode": self.plan.mode.value,
            "plan": None if self.latency is None else self.plan.as_json(),
            "warm_up": self.run.warm_up,
            "steady": self.steady,
        }

    def _figures(self) -> dict[str, Any]:
        counted = self.instructions.as_json() if self.instructions else None
        times = _NO_TIMES if self.latency is None else self._times(self.latency)
        return {"instructions": counted, **times}

    def _times(self, latency: Summary) -> dict[str, Any]:
        profiled = self.profiled.operators if self.profiled else ()
        return {
            "latency_ns": latency.as_json(),
            "over_runs": {f"p{p}_ns": one.as_json() for p, one in self.over_runs.items()},
            "runs": [run.as_json() for run in self.runs],
            "load_ns": self.load_ns,
            "first_inference_ns": self.first_inference_ns,
            "peak_memory_bytes": self.peak_memory_bytes,
            "operators": [
                {"name": one.name, "type": one.kind, "calls": one.calls, "total_ns": one.total_ns}
                for one in profiled
            ],
            "timeline": [stretch.as_json() for stretch in self.timeline],
        }


def _median(values: list[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return round(median(known)) if known else None
