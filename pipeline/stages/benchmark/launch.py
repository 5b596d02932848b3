"""One launch of the runner and what came of it: the unit of all that is said about a model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pipeline.core.runner import RunnerOptions, RunnerResult
from pipeline.statistics.percentiles import percentile


@dataclass(frozen=True)
class Launch:
    """A launch that is to come: of which model (None: the reference), in which round and place."""

    model: int | None
    round: int
    place: int
    options: RunnerOptions
    expected_s: float


@dataclass(frozen=True)
class Run:
    """A launch that was made. ``at_s``: its batch began so long after the measurement did."""

    round: int
    place: int
    at_s: float
    result: RunnerResult

    def percentile_ns(self, percent: float) -> float:
        """A percentile of its samples."""
        return percentile(sorted(self.result.samples_ns), percent)

    def as_json(self) -> dict[str, Any]:
        """The run's own figures; its samples are in the run folder."""
        result = self.result
        return {
            "round": self.round,
            "place": self.place,
            "at_s": round(self.at_s, 3),
            "n": len(result.samples_ns),
            **{f"p{p}_ns": round(self.percentile_ns(p), 1) for p in (50, 90, 99)},
            "load_ns": result.load_ns,
            "first_inference_ns": result.first_inference_ns,
            "peak_memory_bytes": result.peak_memory_bytes,
            "late_starts": result.late_starts,
        }
