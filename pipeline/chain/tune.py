"""The best recipe within a limit on accuracy: candidates tried until the budget is used up."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

import yaml

from pipeline.chain.ground import Builder, Ground
from pipeline.chain.layers import Layers, recipe_of
from pipeline.chain.parallel import cores, gather, workers
from pipeline.chain.run import WORKSPACE, Run, start
from pipeline.config import places
from pipeline.config.places import LoadedDeployment
from pipeline.config.recipe import NamedRecipe, Recipe
from pipeline.core import files
from pipeline.core.errors import ToolchainError, UsageError
from pipeline.core.events import Listener, Silent
from pipeline.data.errors import CalibrationMissing
from pipeline.search.candidate import Candidate, Limit, Objective, best, front
from pipeline.search.choice import Choice, SizeSearch
from pipeline.search.options import Layer
from pipeline.stages.stage import Outcome
from pipeline.stages.trial import Trial

#: Recipes that are tried as a whole before any search, those that calibrate only with data for it.
RECIPES = (
    "weight-8", "weight-6", "weight-4", "codebook-4", "codebook-3", "codebook-2", "mixed-bit",
    "fp16", "dynamic-8", "full-8", "full-8-max-min", "full-8-removal-outlier",
)  # fmt: skip
#: Bits a weight at which each layer is tried alone, to see what an error in it does.
PROBE_BITS = 3.0


class Status(str, Enum):
    """How a search ended."""

    MET = "met"
    NOT_MET = "limit not met"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True)
class Tuned:
    """The outcome of a search. ``recipe``: the best one as a file, where it was a new one."""

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


@dataclass(eq=False)
class BadBudget(UsageError):
    """A budget that is no time."""

    text: str

    @property
    def message(self) -> str:
        return f"{self.text!r} is no time to spend"

    @property
    def hint(self) -> str:
        return "write it like 90s, 10m or 2h"


def seconds(text: str) -> float:
    """``90``, ``90s``, ``10m`` or ``2h`` in seconds. Raises BadBudget."""
    units = {"s": 1, "m": 60, "h": 3600}
    number, unit = (text[:-1], units[text[-1]]) if text[-1:] in units else (text, 1)
    try:
        value = float(number) * unit
    except ValueError:
        raise BadBudget(text) from None
    if not 0 < value < float("inf"):
        raise BadBudget(text)
    return value


def tune(
    config: Path | None = None,
    *,
    max_accuracy_drop: float = 1.0,
    budget_s: float = 600.0,
    trials: int | None = None,
    jobs: int | None = None,
    recipes: Sequence[str] = (),
    toolchain: Path | None = None,
    workspace: Path = WORKSPACE,
    listener: Listener | None = None,
) -> Tuned:
    """Find the smallest model of ``config`` that loses at most ``max_accuracy_drop`` points.

    Whole recipes come first, then each layer alone, then choices of a form for each layer. Every
    trial is kept at once: the same call, interrupted anywhere, goes on where it was.

    Args:
        config: the deployment's YAML file; the default one when None.
        max_accuracy_drop: percentage points below the network's own accuracy.
        budget_s: wall-clock seconds; the whole of it is used unless nothing is left to try.
        trials: at most so many candidates.
        jobs: trials at a time; as many as there are cores when None.
        recipes: names of the whole recipes to try, instead of ``RECIPES``.
        toolchain: an unpacked MindSpore Lite package; searched for when None.
        workspace: folder of the run folders and of the store.
        listener: told what happens, and of each trial.

    Returns:
        The outcome; on Ctrl-C too, with the best that was found until then.

    Raises:
        PipelineError: with a message, a hint and an exit code.
    """
    listener = listener or Silent()
    loaded = places.deployment(config, recipes or _usable(config))
    with start(workspace, "tune", loaded.deployment.name) as run:
        session = _Session(loaded, run, listener, budget_s, trials, jobs)
        tuned = session.work(toolchain or loaded.deployment.toolchain, max_accuracy_drop)
        run.finish(tuned.as_json())
    return tuned


def _usable(config: Path | None) -> tuple[str, ...]:
    """The recipes that need no more data than there is."""
    calibrates = places.deployment(config, ()).deployment.data.calibration is not None
    return tuple(name for name in RECIPES if calibrates or not name.startswith("full"))


@dataclass
class _Session:
    loaded: LoadedDeployment
    run: Run
    listener: Listener
    budget_s: float
    most: int | None
    jobs: int | None
    begun: float = field(default_factory=time.monotonic)
    candidates: list[Candidate] = field(default_factory=list)
    exhausted: bool = False
    limit: Limit = field(default_factory=lambda: Limit(100.0))

    def work(self, toolchain: Path | None, drop: float) -> Tuned:
        builder = Builder(self.loaded, self.run, self.listener)
        ground = builder.lay(toolchain, self.loaded.recipes)
        outputs = builder.evaluate(ground, ground.baseline)
        self.limit = Limit(ground.source.percent - drop)
        baseline = Candidate(
            "fp32", {}, ground.baseline.size_bytes, outputs.correct, outputs.n, 1.0
        )
        status = None
        try:
            self._whole(builder, ground)
            if self._goes_on():
                self._layers(Layers(builder, ground, outputs))
        except KeyboardInterrupt:
            status = Status.INTERRUPTED
        found = best(self.candidates, self.limit, Objective.SIZE)
        met = found is not None and self.limit.met(found)
        recipe, model = self._keep(builder, ground, found)
        return Tuned(
            name=self.loaded.deployment.name,
            run_folder=self.run.folder,
            objective=Objective.SIZE,
            status=status or (Status.MET if met else Status.NOT_MET),
            limit_percent=self.limit.percent,
            baseline=baseline,
            best=found,
            recipe=recipe,
            model=model,
            candidates=tuple(self.candidates),
            front=front((baseline, *self.candidates)),
            seconds=time.monotonic() - self.begun,
            budget_s=self.budget_s,
            exhausted=self.exhausted,
        )

    def _whole(self, builder: Builder, ground: Ground) -> None:
        """Each recipe as it is; one that the converter does not survive has failed."""

        def one(named: NamedRecipe) -> Candidate:
            begun = time.monotonic()
            settings = named.recipe.model_dump(mode="json", exclude_defaults=True)
            try:
                model = builder.convert(ground, named)
                accuracy = builder.evaluate(ground, model)
            except (ToolchainError, CalibrationMissing) as error:
                return Candidate(named.name, settings, failed=error.message)
            return Candidate(
                named.name,
                settings,
                model.size_bytes,
                accuracy.correct,
                accuracy.n,
                model.parity.cosine_mean,
                seconds=time.monotonic() - begun,
            )

        with workers(self.jobs) as pool:
            jobs = [pool.submit(one, named) for named in self.loaded.recipes]
            for job in jobs:
                gather(job)
                self._note(job.result(), "recipes")

    def _layers(self, layers: Layers) -> None:
        """Each layer alone, then the search."""
        probes = {node: layers.near(node, PROBE_BITS) for node in layers.options}
        costs = {}
        with workers(self.jobs) as pool:
            jobs = {
                node: pool.submit(layers.trial, f"{node} alone", {node: probe})
                for node, probe in probes.items()
            }
            gather(*jobs.values())
        for node, probe in probes.items():
            trial = jobs[node].result().artefact
            costs[node] = max(trial.distortion, 1e-9) / max(probe.error, 1e-30)
        search = SizeSearch(layers.options, costs)
        count = self.jobs or cores()
        with workers(count) as pool:
            while self._goes_on():
                batch = search.propose(self._room(count))
                if not batch:
                    self.exhausted = True
                    return
                phase = search.phase
                waiting = [(choice, pool.submit(self._trial, layers, choice)) for choice in batch]
                for choice, job in waiting:
                    gather(job)
                    candidate = self._candidate(layers, choice, job.result())
                    good = self.limit.met(candidate)
                    search.tell(choice, candidate.size_bytes, good)
                    self._note(candidate, phase)

    def _trial(self, layers: Layers, choice: Choice) -> Outcome[Trial]:
        return layers.trial("search", self._picked(layers, choice))

    def _picked(self, layers: Layers, choice: Choice) -> dict[str, Layer]:
        return {
            node: options[number]
            for (node, options), number in zip(layers.options.items(), choice, strict=True)
        }

    def _candidate(self, layers: Layers, choice: Choice, outcome: Outcome[Trial]) -> Candidate:
        trial = outcome.artefact
        name = f"trial-{len(self.candidates) + 1}"
        picked = self._picked(layers, choice)
        return Candidate(
            name,
            recipe_of(picked, f"found by pipeline tune for {self.loaded.deployment.name}"),
            trial.size_bytes,
            trial.correct,
            trial.n,
            trial.cosine_mean,
            failed=trial.failed,
            seconds=outcome.seconds,
            reused=outcome.reused,
        )

    def _note(self, candidate: Candidate, phase: str) -> None:
        self.candidates.append(candidate)
        files.append_json(self.run.folder / "trials.jsonl", candidate.as_json())
        self.listener.finished(
            "trial",
            candidate.name,
            reused=candidate.reused,
            note=f"{_words(candidate)}  {self._standing(phase)}",
            seconds=candidate.seconds,
        )

    def _standing(self, phase: str) -> str:
        """Where the search stands: the best so far, and how much of the budget is left."""
        found = best(self.candidates, self.limit, Objective.SIZE)
        met = found is not None and self.limit.met(found)
        told = f"best {found.size_bytes:,} bytes" if found and met else "none within the limit yet"
        left = max(0.0, self.budget_s - (time.monotonic() - self.begun))
        return f"[{phase}; {told}; {left:.0f} s left]"

    def _room(self, count: int) -> int:
        return count if self.most is None else min(count, self.most - len(self.candidates))

    def _goes_on(self) -> bool:
        if self.most is not None and len(self.candidates) >= self.most:
            return False
        return time.monotonic() - self.begun < self.budget_s

    def _keep(
        self, builder: Builder, ground: Ground, found: Candidate | None
    ) -> tuple[Path | None, Path | None]:
        """The best as a recipe's file and as a proved model."""
        if found is None or not found.settings:
            return None, None
        path = self.run.folder / "best.yaml"
        files.write_bytes(path, yaml.safe_dump(found.settings, sort_keys=False).encode())
        recipe = Recipe.model_validate(found.settings)
        model = builder.convert(ground, NamedRecipe(name=found.name, path=path, recipe=recipe))
        name = f"{self.loaded.deployment.name}.best.ms"
        return path, self.run.keep_model(model.path, name)


def _words(candidate: Candidate) -> str:
    if candidate.failed:
        return f"failed: {candidate.failed}"
    return f"{candidate.size_bytes:,} bytes, {candidate.percent:.2f} %"
