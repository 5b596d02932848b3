"""How much is measured, in which manner, and what that can support."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import Enum

from device.device import Where
from pipeline.config.profile import Profile
from pipeline.statistics.percentiles import PERCENTILES, samples_needed
from pipeline.statistics.ranks import runs_needed

_QUICK_RUNS, _QUICK_PERCENTILE = 5, 90
_MOST_LOOPS = 1_000_000


class Mode(str, Enum):
    """In which manner inferences follow each other."""

    BACK_TO_BACK = "back-to-back"
    PACED = "paced"
    SUSTAINED = "sustained"


@dataclass(frozen=True)
class Settings:
    """How the runner is started: threads, the runtime's own binding, cores bound from outside."""

    threads: int = 2
    bind_mode: int = 1
    pin_cores: tuple[int, ...] = ()

    def as_json(self) -> dict[str, object]:
        """A setting a key."""
        return {
            "threads": self.threads,
            "bind_mode": self.bind_mode,
            "pinned_cores": list(self.pin_cores),
        }


@dataclass(frozen=True)
class Wanted:
    """What a user asks for instead of the profile's plan; None or False for what it says.

    ``interval_ms`` makes it paced, ``sustained_s`` sustained: one run of so many seconds.
    """

    quick: bool = False
    percentile: float | None = None
    runs: int | None = None
    interval_ms: float | None = None
    sustained_s: float | None = None
    operators: bool = False


@dataclass(frozen=True)
class Plan:
    """What is to be done for each model. ``samples`` and ``time_s`` are of all runs together."""

    runs: int
    samples: int
    time_s: float
    warm_up: int
    max_warm_up: int
    percentile: float | None
    settings: Settings
    deadline_s: float
    cool_down_s: float
    interval_ms: float = 0.0
    sustained: bool = False
    quick: bool = False
    operators: bool = False
    reference: bool = True

    @property
    def mode(self) -> Mode:
        """Paced wins: a run may be both, inferences at a pace for some minutes."""
        if self.interval_ms:
            return Mode.PACED
        return Mode.SUSTAINED if self.sustained else Mode.BACK_TO_BACK

    def loops(self, inference_ns: float) -> int:
        """Inferences to time in each run, of a model of which one takes so long.

        Samples until both the count and the time are reached; a sustained run keeps its own time.
        """
        count = math.ceil(self.samples / self.runs)
        if self.sustained:
            return count
        spent_ns = max(inference_ns, self.interval_ms * 1e6, 1.0)
        by_time = math.ceil(self.time_s * 1e9 / self.runs / spent_ns)
        return max(count, min(by_time, _MOST_LOOPS))

    @property
    def lacks(self) -> tuple[str, ...]:
        """What so few samples or runs cannot support, in words."""
        missing = [f"p{p}" for p in PERCENTILES if self.samples < samples_needed(p)]
        if self.runs < runs_needed() and not self.sustained:
            missing.append(f"intervals over runs ({runs_needed()} are needed)")
        return tuple(missing)

    def as_json(self) -> dict[str, object]:
        """The plan as it stands in the result record."""
        return {
            "runs": self.runs,
            "samples": self.samples,
            "time_s": self.time_s,
            "percentile": self.percentile,
            "interval_ms": self.interval_ms or None,
            "quick": self.quick,
            "lacks": list(self.lacks),
        }


def plan_for(profile: Profile, wanted: Wanted | None = None, where: Where = Where.DEVICE) -> Plan:
    """The profile's plan, changed as the user wants it.

    Samples are at least as many as the percentile takes at 99 % confidence. Quick: few runs, and
    samples for p90 only. An emulated device is launched less often.
    """
    wanted = wanted or Wanted()
    asked = profile.plan
    percentile = wanted.percentile if wanted.percentile is not None else asked.percentile
    least = samples_needed(percentile) if percentile is not None else 1
    plan = Plan(
        runs=asked.runs,
        samples=max(asked.samples, least),
        time_s=asked.time_s,
        warm_up=asked.warm_up,
        max_warm_up=max(asked.warm_up, asked.max_warm_up),
        percentile=percentile,
        settings=Settings(profile.run.threads, profile.run.binding.number),
        deadline_s=asked.deadline_s,
        cool_down_s=asked.cool_down_s,
        interval_ms=wanted.interval_ms or 0.0,
        operators=wanted.operators,
        reference=asked.reference,
    )
    if where is not Where.DEVICE:
        runs = min(plan.runs, profile.emulated.runs)
        samples = max(min(asked.samples, profile.emulated.samples), least)
        plan = replace(plan, runs=runs, samples=samples, time_s=0.0)
    if wanted.quick:
        runs = min(plan.runs, _QUICK_RUNS)
        samples = max(samples_needed(_QUICK_PERCENTILE), least)
        plan = replace(plan, quick=True, runs=runs, samples=samples, time_s=0.0)
    if wanted.runs is not None:
        plan = replace(plan, runs=wanted.runs)
    if wanted.sustained_s is not None:
        plan = replace(plan, runs=1, time_s=wanted.sustained_s, sustained=True, reference=False)
    return plan
