"""The reference workload: a small fixed model that is run in every round beside the others.

It tells whether the device is itself: whether its speed moved during a measurement, and whether
it is today what it usually is. ``reference.ms`` ships with the package and never changes (its
hash stands in the record): two convolutions over 32x32x16 in float, of seeded random weights,
made by tests/measure/reference_workload.py with the real converter.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.stages.benchmark.launch import Run
from pipeline.statistics.percentiles import percentile
from pipeline.statistics.ratios import Estimate, center

NAME = "the reference workload"
MODEL = Path(__file__).with_name("reference.ms")
#: Of each launch; a launch takes a few milliseconds on a phone.
WARM_UP, LOOPS = 5, 20
_STRETCHES = 3


@dataclass(frozen=True)
class ReferenceFigures:
    """How the reference workload ran, a figure a round, in nanoseconds."""

    model_sha256: str
    runs_p50_ns: tuple[float, ...]

    @property
    def p50(self) -> Estimate:
        """The centre of its rounds, with its interval."""
        return center(self.runs_p50_ns)

    @property
    def moved_percent(self) -> float:
        """By how much the slowest third of the session was slower than its fastest."""
        n = len(self.runs_p50_ns)
        if n < 2 * _STRETCHES:
            return 0.0
        edges = [n * place // _STRETCHES for place in range(_STRETCHES + 1)]
        levels = [
            percentile(sorted(self.runs_p50_ns[start:end]), 50)
            for start, end in itertools.pairwise(edges)
        ]
        return 100 * (max(levels) / min(levels) - 1)

    def as_json(self) -> dict[str, object]:
        """Units in the names."""
        return {
            "model_sha256": self.model_sha256,
            "p50_ns": self.p50.as_json(),
            "moved_percent": round(self.moved_percent, 2),
            "runs_p50_ns": [round(value, 1) for value in self.runs_p50_ns],
        }


def figures(model_sha256: str, runs: Sequence[Run]) -> ReferenceFigures | None:
    """What the reference's runs say; None for none."""
    if not runs:
        return None
    return ReferenceFigures(model_sha256, tuple(run.percentile_ns(50) for run in runs))
