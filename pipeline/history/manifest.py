"""Results out of what a run leaves: its manifest, and the runner's records beside it.

The same for a deployment, a benchmark, several devices and a night, for today's result records
(schema 2, pipeline/stages/benchmark/measurement.py) and those before, and for what ``--json``
printed: what is not there is not known, what is there must be what it says.
"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.core import files
from pipeline.core.errors import PipelineError
from pipeline.history.errors import ResultsUnreadable
from pipeline.history.history import Entry
from pipeline.history.record import conditions, figures, samples
from pipeline.history.result import check

NAME = "manifest.json"
_STAMP = re.compile(r"(\d{8}T\d{6})-")

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Row:
    """A model's entry in a manifest, what it is called, and the folder that has its samples."""

    model: str
    recipe: str
    profile: str
    value: Json
    folder: Path | None


def read(path: Path) -> tuple[Entry, ...]:
    """The results of a run folder, or of a manifest or ``--json`` output by itself.

    Raises ResultsUnreadable.
    """
    manifest, folder = load(path)
    try:
        run = run_name(manifest)
        return tuple(_entry(manifest, run, row) for row in rows(manifest, folder))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ResultsUnreadable(path, f"{type(error).__name__}: {error}") from None


def load(path: Path) -> tuple[Json, Path | None]:
    """A manifest, and its run folder where it lies in one. Raises ResultsUnreadable."""
    file = path / NAME if path.is_dir() else path
    try:
        manifest = files.read_json(file)
    except PipelineError as error:
        raise ResultsUnreadable(file, str(error)) from None
    except ValueError as error:
        raise ResultsUnreadable(file, f"not JSON: {error}") from None
    if not isinstance(manifest, dict):
        raise ResultsUnreadable(file, "it is no JSON object")
    if manifest.get("status") == "failed":
        raise ResultsUnreadable(file, f"that run failed: {manifest.get('message')}")
    if not any(isinstance(manifest.get(key), list) for key in ("models", "devices", "cases")):
        raise ResultsUnreadable(file, "it lists no models")
    return manifest, file.parent if file.name == NAME else None


def rows(manifest: Json, folder: Path | None) -> Iterator[Row]:
    """Every model of a manifest, on every device. Raises what malformed JSON makes of it."""
    if "cases" in manifest:
        yield from _of_night(manifest, folder)
    elif "devices" in manifest:
        for section in manifest["devices"]:
            if report := section.get("report"):
                name = Path(report["run_folder"]).name
                part = folder / "devices" / name if folder else None
                yield from _of_report({**manifest, **report}, part)
    else:
        yield from _of_report(manifest, folder)


def run_name(manifest: Json) -> str:
    """The run's own name: that of its folder."""
    return str(manifest.get("run") or Path(manifest["run_folder"]).name)


def _of_report(report: Json, folder: Path | None) -> Iterator[Row]:
    name, recipes = report["name"], report.get("recipes") or {}
    for value in report["models"]:
        # A file that was measured by itself is called after its model, and has no recipe.
        recipe = value["name"] if value["name"] != name or value["name"] in recipes else ""
        yield Row(name, recipe, report.get("profile") or "", value, folder)


def _of_night(night: Json, folder: Path | None) -> Iterator[Row]:
    for one in night["cases"]:
        case, value = one["case"], one.get("row")
        if value:  # what did not arrive has none
            part = folder / "devices" / case["device"] / case["model"] if folder else None
            yield Row(case["model"], case["recipe"], case["device"], value, part)


def _entry(manifest: Json, run: str, row: Row) -> Entry:
    record = row.value.get("benchmark") or {}
    folder = row.folder
    result = figures(
        record,
        id=files.sha256_json([run, row.profile, row.value])[:32],
        time_ms=_time_ms(run),
        run=run,
        conditions=conditions(row.model, row.recipe, row.profile, record),
        model_sha256=row.value["sha256"],
        size_bytes=row.value["size_bytes"],
        accuracy_percent=row.value.get("accuracy_percent"),
        pipeline_version=manifest.get("pipeline_version") or "",
    )
    check(result)
    json.dumps(row.value, allow_nan=False)  # ValueError for what no reader agrees on
    runs = samples(folder, row.value["name"], record) if folder and record else ()
    return Entry(result, dict(row.value), runs)


def _time_ms(run: str) -> int:
    """When a run began, by its name."""
    stamp = _STAMP.match(run)
    if stamp is None:
        raise ValueError(f"the run's name {run!r:.60} does not begin with its time")
    moment = datetime.datetime.strptime(stamp[1] + "+0000", "%Y%m%dT%H%M%S%z")
    return int(moment.timestamp() * 1000)
