"""Reports of searches, sensitivities and recoveries as files: one HTML page in the run folder."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.chain.ground import Ground
from pipeline.chain.run import pipeline_version
from pipeline.chain.tuning.outcome import Tuned
from pipeline.core import files
from pipeline.report.document import Again
from pipeline.report.recover import FreeStep, Recovery, recover_page
from pipeline.report.sensitivity import Layers, sensitivity_page
from pipeline.report.tune import Search, tune_page
from pipeline.search.candidate import Limit

if TYPE_CHECKING:
    from pipeline.chain.recover import Recovered
    from pipeline.chain.sensitivity import Sensitivity

NAME = "report.html"


def write_tune_page(tuned: Tuned, ground: Ground) -> Path:
    """The page of a search."""
    remarks = ["interrupted"] if tuned.interrupted else []
    remarks += ["nothing was left to try"] if tuned.exhausted else []
    search = Search(
        name=tuned.name,
        objective=tuned.objective,
        limit=Limit(tuned.limit_percent),
        baseline=tuned.baseline,
        candidates=tuned.candidates,
        front=tuned.front,
        best=tuned.best,
        seconds=tuned.seconds,
        where=_where(tuned.where),
        recipe=files.read_text(tuned.recipe) if tuned.recipe else "",
        remark=", ".join(remarks),
    )
    page = tuned.run_folder / NAME
    files.write_text(page, tune_page(search, _again(ground)))
    return page


def write_sensitivity_page(found: Sensitivity, ground: Ground) -> Path:
    """The page of what each layer costs."""
    layers = Layers(
        name=found.name,
        recipe=found.recipe,
        percent=found.baseline_percent,
        n=found.n,
        costs=found.costs,
        spreads=found.spreads,
        where=_where(None),
    )
    page = found.run_folder / NAME
    files.write_text(page, sensitivity_page(layers, _again(ground)))
    return page


def write_recover_page(found: Recovered, ground: Ground) -> Path:
    """The page of a recovery."""
    recovery = Recovery(
        name=found.name,
        recipe=found.recipe,
        float_percent=found.float_percent,
        before_percent=found.before_percent,
        after_percent=found.after_percent,
        n=found.n,
        float_bytes=found.float_bytes,
        size_bytes=found.size_bytes,
        epochs=found.epochs,
        best_epoch=found.best_epoch,
        steps=[FreeStep(one.name, one.percent, one.kept, one.note) for one in found.steps],
        failures=found.failures,
    )
    page = found.run_folder / NAME
    files.write_text(page, recover_page(recovery, _again(ground)))
    return page


def _where(where: str | None) -> str:
    if where is None:
        return "this computer"
    return where if where == "device" else f"EMULATED ({where})"


def _again(ground: Ground) -> Again:
    versions: Mapping[str, str] = {
        "pipeline": pipeline_version(),
        "MindSpore Lite": ground.toolchain.version,
    }
    hashes = {
        "network": ground.source.digest,
        "float model": ground.baseline.sha256,
        "test samples": ground.samples.digest,
        "toolchain": ground.toolchain.identity,
    }
    command = " ".join(["pipeline", *map(shlex.quote, sys.argv[1:])])
    return Again(command, versions, hashes)
