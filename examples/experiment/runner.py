"""Runs the cells of a plan, one after another; what is there already is not run again."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

import pipeline
from examples.experiment.plan import Cell, Plan
from examples.experiment.result import Result
from examples.experiment.samples import Samples
from pipeline.core import files
from pipeline.core.errors import LocalDiskFull, PipelineError, ToolchainError

ROOT = Path(__file__).parents[2]
_FACTORY = "examples.digits.network:lenet5"
#: Raise it when the same plan is to give other results.
_VERSION = 1

Tell = Callable[[str], None]


@dataclass(eq=False)
class TrainingDied(ToolchainError):
    """A network could not be trained from scratch."""

    seed: int
    log: Path

    @property
    def message(self) -> str:
        return f"training the network of seed {self.seed} failed"

    @property
    def hint(self) -> str:
        return f"what it said is in {self.log}"


@dataclass(frozen=True)
class Experiment:
    """A plan, its images and the folder in which all of it is kept."""

    plan: Plan
    samples: Samples
    folder: Path

    @property
    def workspace(self) -> Path:
        """The pipeline's own: run folders and finished stages."""
        return self.folder / "runs"

    def path(self, name: str) -> Path:
        """Of a file that a result names."""
        return self.folder / name

    def checkpoint(self, seed: int) -> Path:
        """Of the network that was trained from scratch."""
        return self.folder / f"seed-{seed}" / f"epochs-{self.plan.epochs}.ckpt"


@dataclass
class Outcome:
    """Results, and what was refused or failed, by cell."""

    results: list[Result] = field(default_factory=list)
    failed: dict[str, PipelineError] = field(default_factory=dict)


def run(experiment: Experiment, tell: Tell) -> Outcome:
    """Every cell of the plan; one that fails is told of and tried again by the next call.

    Raises LocalDiskFull, with which none could go on.
    """
    outcome, cells = Outcome(), experiment.plan.cells()
    for number, cell in enumerate(cells, 1):
        begun = time.monotonic()
        try:
            with files.disk_errors(experiment.folder):
                result, fresh = _cell(experiment, cell)
        except LocalDiskFull:
            raise
        except PipelineError as error:
            outcome.failed[cell.name] = error
            tell(f"[{number}/{len(cells)}] {cell.name}: {error.message}")
            continue
        outcome.results.append(result)
        if fresh:
            spent = time.monotonic() - begun
            tell(f"[{number}/{len(cells)}] {cell.name}: {_told(result)} ({spent:.0f} s)")
    return outcome


def configure(experiment: Experiment, cell: Cell, *, tuned: bool) -> Path:
    """The configuration of a cell, with ``recover:`` where its network is to be fine-tuned: the
    pipeline recovers what has that section, and the quantized state is without."""
    samples = experiment.samples
    deployment: dict[str, Any] = {
        "name": samples.name.lower(),
        "network": {"factory": _FACTORY, "checkpoint": str(experiment.checkpoint(cell.seed))},
        "inputs": [{"name": "images", "shape": [1, 1, 28, 28]}],
        "data": {name: {"file": str(samples.file(name))} for name in ("test", "calibration")},
        "recipes": ["fp32"],
        "python_path": [str(ROOT)],
    }
    if tuned:
        deployment["recover"] = {
            "data": {"file": str(samples.file("train"))},
            "validation": {"file": str(samples.file("validation"))},
            **experiment.plan.training(cell),
            "free": [],
            "train": "always",
        }
    name = cell.augmentation.value if tuned else "quantized"
    path = experiment.folder / f"seed-{cell.seed}" / f"{name}-{experiment.plan.epochs}.yaml"
    files.write_text(path, yaml.safe_dump(deployment, sort_keys=False))
    return path


def _cell(experiment: Experiment, cell: Cell) -> tuple[Result, bool]:
    """The result, and whether it was run just now."""
    path = experiment.folder / "cells" / f"{cell.name}.json"
    key = _key(experiment, cell)
    if (kept := _kept(experiment, path, key)) is not None:
        return kept, False
    path.parent.mkdir(parents=True, exist_ok=True)
    _train(experiment, cell.seed)
    result = _run(experiment, cell)
    files.write_json(path, {"key": key, "result": result.to_json()})
    return result, True


def _key(experiment: Experiment, cell: Cell) -> str:
    decides = {
        "version": _VERSION,
        "samples": experiment.samples.digest,
        "epochs": experiment.plan.epochs,
        "training": dict(experiment.plan.training(cell)),
        "seed": cell.seed,
        "recipe": cell.way.text,
    }
    return files.sha256_json(decides)


def _kept(experiment: Experiment, path: Path, key: str) -> Result | None:
    if not path.is_file():
        return None
    try:
        value = files.read_json(path)
        result = Result.from_json(value["result"])
    except (ValueError, KeyError, TypeError):
        return None
    whole = value["key"] == key and experiment.path(result.tuned_model).is_file()
    return result if whole else None


def _train(experiment: Experiment, seed: int) -> None:
    """From scratch, unless it is there."""
    checkpoint, plan = experiment.checkpoint(seed), experiment.plan
    mark = checkpoint.with_suffix(".json")
    decides = {"samples": experiment.samples.digest, "epochs": plan.epochs, "seed": seed}
    if checkpoint.is_file() and mark.is_file() and files.read_json(mark) == decides:
        return
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    train, log = experiment.samples.file("train"), checkpoint.with_suffix(".log")
    words = [str(train.resolve()), str(seed), str(plan.epochs), str(checkpoint.resolve())]
    with log.open("wb") as stream:
        done = subprocess.run(
            [sys.executable, "-m", "examples.experiment.base", *words],
            cwd=ROOT,
            env={**os.environ, "GLOG_v": "3"},
            stdout=stream,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode or not checkpoint.is_file():
        raise TrainingDied(seed, log)
    files.write_json(mark, decides)


def _run(experiment: Experiment, cell: Cell) -> Result:
    recipe = cell.way.recipe
    quantized = _quantized(experiment, configure(experiment, cell, tuned=False), recipe)
    config = configure(experiment, cell, tuned=True)
    found = pipeline.recover(config, recipe=recipe, workspace=experiment.workspace)

    def named(path: Path) -> str:
        return str(path.resolve().relative_to(experiment.folder.resolve()))

    return Result(
        seed=cell.seed,
        way=cell.way.name,
        augmentation=cell.augmentation,
        float_percent=found.float_percent,
        float_bytes=found.float_bytes,
        quantized_percent=found.before_percent,
        quantized_bytes=quantized.size_bytes if quantized else None,
        tuned_percent=found.after_percent,
        tuned_bytes=found.size_bytes,
        n=found.n,
        curve=tuple(epoch.percent for epoch in found.epochs),
        seconds=found.seconds,
        quantized_model=named(quantized.path) if quantized else None,
        tuned_model=named(found.model),
        tuned_checkpoint=named(found.checkpoint),
    )


def _quantized(experiment: Experiment, config: Path, recipe: str) -> Any:
    """The row of the model without fine-tuning; None where few bits leave no usable one."""
    try:
        report = pipeline.convert(config, recipes=(recipe,), workspace=experiment.workspace)
    except ToolchainError:
        return None
    return report.rows[-1]


def _told(result: Result) -> str:
    quantized = result.quantized_percent
    before = "no usable model" if quantized is None else f"{quantized:.2f} %"
    return f"{result.float_percent:.2f} % -> {before} -> {result.tuned_percent:.2f} %"
