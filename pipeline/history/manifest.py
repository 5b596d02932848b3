"""Results out of what a run leaves: its manifest, and the runner's records beside it.

The same for a manifest of today, of an earlier version and for what ``--json`` printed: what is
not there is not known, what is there must be what it says.
"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pipeline.core import files
from pipeline.core.errors import PipelineError
from pipeline.core.runner import parse_result
from pipeline.history.errors import ResultsUnreadable
from pipeline.history.history import Entry
from pipeline.history.result import Conditions, Result
from pipeline.history.samples import Runs

_NAME = "manifest.json"
_STAMP = re.compile(r"(\d{8}T\d{6})-")
#: Runs before the mode was recorded were all of this one.
_USUAL_MODE = "back-to-back"

Json = Mapping[str, Any]


def read(path: Path) -> tuple[Entry, ...]:
    """The results of a run folder, or of a manifest or ``--json`` output by itself.

    Raises ResultsUnreadable.
    """
    file = path / _NAME if path.is_dir() else path
    try:
        manifest = files.read_json(file)
        if not isinstance(manifest, dict) or not isinstance(manifest.get("models"), list):
            raise ValueError("no list of models")
        return tuple(entries(manifest, file.parent if file.name == _NAME else None))
    except PipelineError as error:
        raise ResultsUnreadable(file, str(error)) from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ResultsUnreadable(file, f"{type(error).__name__}: {error}") from None


def entries(manifest: Json, folder: Path | None) -> Iterator[Entry]:
    """An entry for each model of a manifest; ``folder`` holds the samples, if it is there."""
    for row in manifest["models"]:
        record = row.get("benchmark")
        runs = _samples(folder, row["name"], record) if folder and record else ()
        yield Entry(_result(manifest, row, record or {}), dict(row), runs)


def _result(manifest: Json, row: Json, record: Json) -> Result:
    run = str(manifest.get("run") or Path(manifest["run_folder"]).name)
    latency = record.get("latency_ns") or {}
    low, high = (latency.get("intervals_99_ns") or {}).get("p50") or (None, None)
    device = record.get("device") or {}
    return Result(
        id=files.sha256_json([run, row])[:32],
        time_ms=_time_ms(run),
        run=run,
        conditions=_conditions(manifest, row, record),
        model_sha256=row["sha256"],
        size_bytes=row["size_bytes"],
        accuracy_percent=row.get("accuracy_percent"),
        p50_ns=latency.get("p50_ns"),
        p50_low_ns=low,
        p50_high_ns=high,
        p90_ns=latency.get("p90_ns"),
        p99_ns=latency.get("p99_ns"),
        samples_n=latency.get("n"),
        load_ns=record.get("load_ns"),
        first_inference_ns=record.get("first_inference_ns"),
        peak_memory_bytes=record.get("peak_memory_bytes"),
        instructions=_instructions(record),
        verdict=record.get("verdict") or "",
        reason=record.get("reason") or "",
        device_build=device.get("build") or "",
        pipeline_version=manifest.get("pipeline_version") or "",
    )


def _conditions(manifest: Json, row: Json, record: Json) -> Conditions:
    device = record.get("device") or {}
    of_recipe = row["name"] != manifest["name"] or row["name"] in (manifest.get("recipes") or {})
    runtime = record.get("runtime_sha256") or Path(record.get("runtime") or "").name
    return Conditions(
        model=manifest["name"],
        recipe=row["name"] if of_recipe else "",
        profile=manifest.get("profile") or "" if record else "",
        where=record.get("where") or "",
        device=device.get("key") or "",
        device_model=device.get("model") or "",
        hardware=_hardware(device),
        runner=record.get("runner_sha256") or record.get("runner") or "",
        runtime=runtime,
        mode=_mode(record),
        threads=record.get("threads") or 0,
        binding=record.get("bind_mode") or 0,
        fp16=bool(record.get("fp16")),
    )


def _hardware(device: Json) -> str:
    """Tells apart what computes behind one key, as do two machines that emulate the same phone."""
    parts = [device.get("abi"), device.get("cores"), sorted(device.get("cpu_features") or ())]
    return files.sha256_json(parts)[:16] if device else ""


def _mode(record: Json) -> str:
    if not record:
        return ""
    mode = record.get("mode", _USUAL_MODE)
    return mode if isinstance(mode, str) else json.dumps(mode, sort_keys=True)


def _instructions(record: Json) -> int | None:
    """Those of one inference: a number, or the median of a summary."""
    value = record.get("instructions")
    return value.get("p50") if isinstance(value, dict) else value


def _time_ms(run: str) -> int:
    """When a run began, by its name."""
    stamp = _STAMP.match(run)
    if stamp is None:
        raise ValueError(f"the run's name {run!r:.60} does not begin with its time")
    moment = datetime.datetime.strptime(stamp[1] + "+0000", "%Y%m%dT%H%M%S%z")
    return int(moment.timestamp() * 1000)


def _samples(folder: Path, name: str, record: Json) -> Runs:
    """Every sample that the runner recorded; none where its files are gone."""
    found = [folder / "samples" / f"{name}.json"]
    return tuple(parse_result(path.read_bytes()).samples_ns for path in found if path.is_file())
