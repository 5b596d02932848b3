"""The outcome of a search for the best recipe."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from pipeline.search.candidate import Candidate, Objective


class Status(str, Enum):
    """How a search ended."""

    MET = "met"
    NOT_MET = "limit not met"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True)
class Tuned:
    """The outcome. ``recipe`` and ``model`` are the best one's files; ``where``: what kind of
    device latencies were measured on, None where none were."""

    name: str
    run_folder: Path
    objective: Objective
    status: Status
    limit_percent: float
    baseline: Candidate
    best: Candidate | None
    recipe: Path | None
    model: Path | None
    candidates: tuple[Candidate, ...]
    front: tuple[Candidate, ...]
    seconds: float
    budget_s: float
    exhausted: bool
    where: str | None = None

    @property
    def trials(self) -> int:
        """How many candidates were measured now and not before."""
        return sum(not one.reused for one in self.candidates)

    @property
    def interrupted(self) -> bool:
        """Whether it was stopped before its budget was used."""
        return self.status is Status.INTERRUPTED

    @property
    def failures(self) -> tuple[str, ...]:
        """What was asked for and not found."""
        if self.status is not Status.NOT_MET:
            return ()
        nearest = f"the nearest has {self.best.percent:.2f} %" if self.best else "nothing worked"
        return (f"no candidate keeps {self.limit_percent:.2f} %: {nearest}",)

    def as_json(self) -> dict[str, Any]:
        """What ``--json`` prints and the manifest holds."""
        return {
            "status": "done",
            "name": self.name,
            "verdict": self.status.value,
            "objective": self.objective.value,
            "where": self.where,
            "limit_percent": round(self.limit_percent, 4),
            "baseline": self.baseline.as_json(),
            "best": self.best.as_json() if self.best else None,
            "recipe": str(self.recipe) if self.recipe else None,
            "model": str(self.model) if self.model else None,
            "trials": self.trials,
            "seconds": round(self.seconds, 3),
            "budget_s": self.budget_s,
            "exhausted": self.exhausted,
            "run_folder": str(self.run_folder),
            "front": [one.name for one in self.front],
            "candidates": [one.as_json() for one in self.candidates],
            "failures": list(self.failures),
        }
