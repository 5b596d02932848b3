"""A model that is on the device, with the options that it is launched with."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pipeline.core.runner import RunnerOptions
from pipeline.stages.benchmark.launch import Launch
from pipeline.stages.benchmark.pilot import Pilot
from pipeline.stages.benchmark.plan import Plan, Settings
from pipeline.stages.benchmark.workload import Workload

#: What a launch costs besides what the runner measures, in seconds.
_LAUNCH_S = 0.02


@dataclass(frozen=True)
class Prepared:
    """``timed`` are the options of a launch, but for its loops, warm-up and result."""

    workload: Workload
    settings: Settings
    timed: RunnerOptions
    pilot: Pilot
    sent_bytes: int

    def loops(self, plan: Plan) -> int:
        """Inferences to time in each run."""
        return plan.loops(self.pilot.inference_ns)

    def launch(self, plan: Plan, model: int, number: int, place: int, scratch: str) -> Launch:
        """The launch of round ``number``, of the model with the index ``model``."""
        loops = self.loops(plan)
        options = replace(
            self.timed,
            result=f"{scratch}/{number}-{model}.json",
            warm_up=self.pilot.warm_up,
            loops=loops,
            interval_ms=plan.interval_ms,
            duration_s=plan.time_s if plan.sustained else 0.0,
        )
        each_s = max(self.pilot.inference_ns / 1e9, plan.interval_ms / 1e3)
        expected_s = _LAUNCH_S + self.pilot.load_ns / 1e9 + (loops + self.pilot.warm_up) * each_s
        return Launch(model, number, place, options, max(expected_s, options.duration_s))

    def profiled(self, plan: Plan, scratch: str) -> RunnerOptions:
        """A run that times every operator: a figure of its own, in no other."""
        return replace(
            self.timed,
            result=f"{scratch}/operators.json",
            warm_up=self.pilot.warm_up,
            loops=min(self.loops(plan), 100),
            profile=True,
        )
