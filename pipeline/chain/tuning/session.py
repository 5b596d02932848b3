"""What every search shares: the budget, the candidates so far, and whole recipes as candidates."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from pipeline.chain.ground import Builder, Ground
from pipeline.chain.parallel import cores, gather, workers
from pipeline.config.recipe import NamedRecipe, Recipe
from pipeline.core import files
from pipeline.core.errors import ToolchainError
from pipeline.data.errors import CalibrationMissing
from pipeline.search.candidate import Candidate, Limit, Objective, best
from pipeline.stages.convert import Model
from pipeline.stages.evaluate import Accuracy
from pipeline.stages.trial import Judge, judge


@dataclass(frozen=True)
class Budget:
    """Seconds, candidates at most, and how many at a time."""

    seconds: float
    most: int | None
    jobs: int


@dataclass(frozen=True)
class Tried:
    """A candidate with its model, where there is one."""

    candidate: Candidate
    model: Model | None = None
    accuracy: Accuracy | None = None


@dataclass
class Session:
    """A search that is under way."""

    builder: Builder
    ground: Ground
    limit: Limit
    objective: Objective
    budget: Budget
    begun: float = field(default_factory=time.monotonic)
    candidates: list[Candidate] = field(default_factory=list)
    exhausted: bool = False
    judge: Judge = judge

    @property
    def best(self) -> Candidate | None:
        """The best so far, or the nearest to the limit."""
        return best(self.candidates, self.limit, self.objective)

    @property
    def elapsed_s(self) -> float:
        """Seconds since it began."""
        return time.monotonic() - self.begun

    @property
    def goes_on(self) -> bool:
        """Whether there is budget left."""
        return self.room > 0 and self.elapsed_s < self.budget.seconds

    @property
    def room(self) -> int:
        """How many candidates may be tried next, at once."""
        if self.budget.most is None:
            return self.budget.jobs
        return min(self.budget.jobs, self.budget.most - len(self.candidates))

    def whole(self) -> Iterator[Tried]:
        """Each recipe of the session as it is, as it gets ready."""
        with workers(self.budget.jobs) as pool:
            jobs = [pool.submit(self.convert, named) for named in self.builder.loaded.recipes]
            for job in jobs:
                gather(job)
                yield job.result()

    def convert(self, named: NamedRecipe) -> Tried:
        """A recipe's model; one that the converter does not survive has failed."""
        begun = time.monotonic()
        settings = named.recipe.model_dump(mode="json", exclude_defaults=True)
        try:
            model = self.builder.convert(self.ground, named)
            accuracy = self.builder.evaluate(self.ground, model)
        except (ToolchainError, CalibrationMissing) as error:
            return Tried(Candidate(named.name, settings, failed=error.message))
        candidate = Candidate(
            named.name,
            settings,
            model.size_bytes,
            accuracy.correct,
            accuracy.n,
            model.parity.cosine_mean,
            seconds=time.monotonic() - begun,
        )
        return Tried(candidate, model, accuracy)

    def note(self, candidate: Candidate, phase: str) -> None:
        """Keep a candidate, on the disk too, and tell of it."""
        self.candidates.append(candidate)
        files.append_json(self.builder.run.folder / "trials.jsonl", candidate.as_json())
        self.builder.listener.finished(
            "trial",
            candidate.name,
            reused=candidate.reused,
            note=f"{_words(candidate)}  {self._standing(phase)}",
            seconds=candidate.seconds,
        )

    def keep(self, found: Candidate | None) -> tuple[Path | None, Path | None]:
        """The best as a recipe's file and as a proved model."""
        if found is None:
            return None, None
        run = self.builder.run
        path = run.folder / "best.yaml"
        files.write_bytes(path, recipe_text(found.settings).encode())
        recipe = Recipe.model_validate(found.settings)
        named = NamedRecipe(name=found.name, path=path, recipe=recipe)
        model = self.builder.convert(self.ground, named)
        return path, run.keep_model(model.path, f"{self.builder.loaded.deployment.name}.best.ms")

    def _standing(self, phase: str) -> str:
        """The best so far, and what is left of the budget."""
        found = self.best
        told = "none within the limit yet"
        if found is not None and self.limit.met(found):
            told = f"best {_value(found, self.objective)}"
        left = f"{max(0.0, self.budget.seconds - self.elapsed_s):.0f} s left"
        if self.budget.most is not None:
            left += f", {self.budget.most - len(self.candidates)} trials"
        return f"[{phase}; {told}; {left}]"


def recipe_text(settings: Mapping[str, Any]) -> str:
    """A recipe as its file has it."""
    return yaml.safe_dump(dict(settings), sort_keys=False)


def budget(seconds: float, trials: int | None, jobs: int | None) -> Budget:
    """A budget, by default with as many jobs as there are cores."""
    return Budget(seconds, trials, jobs or cores())


def _words(candidate: Candidate) -> str:
    if candidate.failed:
        return f"failed: {candidate.failed}"
    text = f"{candidate.size_bytes:,} bytes, {candidate.percent:.2f} %"
    if candidate.latency_p50_ns is not None:
        text += f", p50 {candidate.latency_p50_ns / 1e6:.4g} ms"
    return text


def _value(candidate: Candidate, objective: Objective) -> str:
    if objective is Objective.SIZE or candidate.latency_p50_ns is None:
        return f"{candidate.size_bytes:,} bytes"
    return f"{candidate.latency_p50_ns / 1e6:.4g} ms"
