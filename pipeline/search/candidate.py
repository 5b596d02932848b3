"""What a search has seen: candidates, which of them is best, and which none other beats."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any


class Objective(str, Enum):
    """What is to be as small as it gets within the limit on accuracy."""

    SIZE = "size"
    LATENCY = "latency"


@dataclass(frozen=True)
class Candidate:
    """One thing that was tried. ``failed`` says why there are no figures.

    ``settings`` is the recipe as it would be written; latency is None where it was not measured.
    """

    name: str
    settings: dict[str, Any]
    size_bytes: int = 0
    correct: int = 0
    n: int = 0
    cosine_mean: float = 0.0
    latency_p50_ns: float | None = None
    failed: str = ""
    seconds: float = 0.0
    reused: bool = False

    @property
    def percent(self) -> float:
        """Accuracy in percent."""
        return 100.0 * self.correct / self.n if self.n else 0.0

    def value(self, objective: Objective) -> float:
        """What the objective compares; infinite where it is not known."""
        if self.failed:
            return float("inf")
        if objective is Objective.SIZE:
            return float(self.size_bytes)
        return float("inf") if self.latency_p50_ns is None else self.latency_p50_ns

    def as_json(self) -> dict[str, Any]:
        """Units in the names."""
        return {
            "name": self.name,
            "size_bytes": self.size_bytes,
            "accuracy_percent": round(self.percent, 4),
            "correct": self.correct,
            "n": self.n,
            "cosine_mean": self.cosine_mean,
            "latency_p50_ns": self.latency_p50_ns,
            "failed": self.failed or None,
            "seconds": round(self.seconds, 3),
            "reused": self.reused,
            "settings": self.settings,
        }


@dataclass(frozen=True)
class Limit:
    """At least this accuracy, as a count of the samples that has to be right."""

    percent: float

    def met(self, candidate: Candidate) -> bool:
        """Whether the candidate has it."""
        return not candidate.failed and candidate.percent >= self.percent - 1e-9


def best(candidates: Iterable[Candidate], limit: Limit, objective: Objective) -> Candidate | None:
    """The best within the limit; where there is none, the nearest to it. None without any."""
    usable = [one for one in candidates if not one.failed]
    good = [one for one in usable if limit.met(one) and one.value(objective) < float("inf")]
    if good:
        return min(good, key=lambda one: (one.value(objective), -one.percent))
    return max(usable, key=lambda one: (one.percent, -one.value(objective)), default=None)


def front(candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """Those that no other beats in size and accuracy, and in latency where all have one."""
    usable = sorted((one for one in candidates if not one.failed), key=_rank)
    kept: list[Candidate] = []
    for one in usable:
        twin = any(_figures(one) == _figures(other) for other in kept)
        if not twin and not any(_beats(other, one) for other in usable):
            kept.append(one)
    return tuple(kept)


def _rank(one: Candidate) -> tuple[float, ...]:
    return (one.size_bytes, -one.percent)


def _figures(one: Candidate) -> tuple[float, ...]:
    latency = () if one.latency_p50_ns is None else (one.latency_p50_ns,)
    return (one.size_bytes, -one.percent, *latency)


def _beats(one: Candidate, other: Candidate) -> bool:
    mine, theirs = _figures(one), _figures(other)
    pairs = list(zip(mine, theirs, strict=False))
    return all(a <= b for a, b in pairs) and any(a < b for a, b in pairs)
