"""Latency over the time of a long run, with the temperature."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from device.watch import Series
from pipeline.core.runner import RunnerResult
from pipeline.statistics.percentiles import percentile

#: Stretches of a long run: points of a curve, and the units of its intervals.
STRETCHES = 30


@dataclass(frozen=True)
class Stretch:
    """A part of a run: when it began, how many inferences, how long they took, how warm it was."""

    at_s: float
    n: int
    p50_ns: float
    p90_ns: float
    temperature_mc: int | None

    def as_json(self) -> dict[str, object]:
        """Units in the names."""
        return {
            "at_s": round(self.at_s, 3),
            "n": self.n,
            "p50_ns": round(self.p50_ns, 1),
            "p90_ns": round(self.p90_ns, 1),
            "temperature_mc": self.temperature_mc,
        }


def timeline(run: RunnerResult, ended_s: float, series: Series) -> tuple[Stretch, ...]:
    """``STRETCHES`` parts of a run with as many samples each; fewer for fewer samples.

    ``ended_s``: when the run was over, on the clock of ``series``, from which the temperature
    nearest in time is taken. Empty for a run without timestamps.
    """
    if not run.starts_ns:
        return ()
    n = len(run.samples_ns)
    count = min(STRETCHES, n)
    edges = [n * place // count for place in range(count + 1)]
    began_s = ended_s - (run.span_ns or run.starts_ns[-1]) / 1e9
    found = []
    for start, end in itertools.pairwise(edges):
        ordered = sorted(run.samples_ns[start:end])
        at_s = run.starts_ns[start] / 1e9
        found.append(
            Stretch(
                at_s,
                end - start,
                percentile(ordered, 50),
                percentile(ordered, 90),
                _temperature(series, began_s + at_s),
            )
        )
    return tuple(found)


def _temperature(series: Series, at_s: float) -> int | None:
    told: Sequence[tuple[float, int]] = [
        (abs(one.at_s - at_s), one.telemetry.temperature_mc)
        for one in series.readings
        if one.telemetry is not None and one.telemetry.temperature_mc is not None
    ]
    return min(told)[1] if told else None
