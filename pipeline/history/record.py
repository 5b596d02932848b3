"""The parts of a result record (pipeline/stages/benchmark/measurement.py) that a history asks by.

Schema 1 had one run and no mode; both are read.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.core import files
from pipeline.history.result import Conditions, Result
from pipeline.history.samples import Runs, check

#: Before the mode was recorded there was no other.
_USUAL_MODE = "back-to-back"

Json = Mapping[str, Any]


def conditions(model: str, recipe: str, profile: str, record: Json) -> Conditions:
    """What a record was taken of and under; only the names where nothing was measured."""
    if not record:
        return Conditions(model, recipe)
    device = record.get("device") or {}
    return Conditions(
        model=model,
        recipe=recipe,
        profile=profile,
        where=record["where"],
        device=device.get("key") or "",
        device_model=device.get("model") or "",
        hardware=_hardware(device, record),
        runner=record.get("runner_sha256") or record.get("runner") or "",
        runtime=record.get("runtime_sha256") or Path(record.get("runtime") or "").name,
        mode=_mode(record),
        threads=record.get("threads") or 0,
        binding=record.get("bind_mode") or 0,
        fp16=bool(record.get("fp16")),
        cores=",".join(map(str, record.get("pinned_cores") or ())),
        beside=",".join(record.get("beside") or ()),
    )


def figures(record: Json, **known: Any) -> Result:
    """A result with the figures of a record, and what else is ``known``."""
    latency = record.get("latency_ns") or {}
    low, high = _interval(record, latency)
    instructions = record.get("instructions")
    return Result(
        p50_ns=latency.get("p50_ns"),
        p50_low_ns=low,
        p50_high_ns=high,
        p90_ns=latency.get("p90_ns"),
        p99_ns=latency.get("p99_ns"),
        samples_n=latency.get("n"),
        runs_n=len(record["runs"]) if "runs" in record else (1 if record else None),
        load_ns=record.get("load_ns"),
        first_inference_ns=record.get("first_inference_ns"),
        peak_memory_bytes=record.get("peak_memory_bytes"),
        instructions=instructions["total"] if instructions else None,
        verdict=record.get("verdict") or "",
        reason=record.get("reason") or "",
        repeatable=record.get("repeatable"),
        doubts="; ".join(record.get("doubts") or ()),
        device_build=(record.get("device") or {}).get("build") or "",
        **known,
    )


def samples(folder: Path, name: str, record: Json) -> Runs:
    """Every sample that the runner recorded below ``folder``; none where the file is gone.

    Raises ValueError for a file that is none of ours.
    """
    path = folder / (record.get("samples") or f"samples/{name}.json")
    if not path.is_file():
        return ()
    if (expected := record.get("samples_sha256")) and files.sha256_file(path) != expected:
        raise ValueError(f"{path.name} is not the file that was recorded")
    value = files.read_json(path)
    launches = [one["record"] for one in value["runs"]] if "runs" in value else [value]
    runs = tuple(tuple(one["samples_ns"]) for one in launches)
    check(runs)
    return runs


def _interval(record: Json, latency: Json) -> tuple[float | None, float | None]:
    """Of the p50: over runs where it is known, else of one run's samples."""
    if over_runs := (record.get("over_runs") or {}).get("p50_ns"):
        return over_runs["low"], over_runs["high"]
    low, high = (latency.get("intervals_99_ns") or {}).get("p50") or (None, None)
    return low, high


def _hardware(device: Json, record: Json) -> str:
    """Tells apart what computes behind one key, as do two machines that emulate the same phone."""
    features = sorted(device.get("cpu_features") or ())
    emulated = (record.get("instructions") or {}).get("cpu")
    parts = [device.get("abi"), device.get("cores"), features, emulated]
    return files.sha256_json(parts)[:16]


def _mode(record: Json) -> str:
    mode = str(record.get("mode") or _USUAL_MODE)
    interval = (record.get("plan") or {}).get("interval_ms")
    return f"{mode} every {interval:g} ms" if interval else mode
