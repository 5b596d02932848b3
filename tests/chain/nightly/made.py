"""Nights that are made up: their cases, and what might come of them."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from pipeline.chain.nightly.case import Arrived, Case, Status
from pipeline.core.errors import ExitCode

DIGITS = Path(__file__).parents[3] / "examples" / "digits" / "deploy.yaml"
CODES = {
    Status.PASSED: ExitCode.DONE,
    Status.FAILED: ExitCode.GATE_FAILED,
    Status.INVALID: ExitCode.NO_DATA,
    Status.MISSING: ExitCode.NO_DATA,
    Status.ERROR: ExitCode.DEVICE,
}


def row(**changes: Any) -> dict[str, Any]:
    """A model's row as a manifest has it, as far as a night reads it."""
    return {
        "sha256": "ab" * 32,
        "size_bytes": 79656,
        "accuracy_percent": 99.4,
        "accuracy_drop_points": 0.1,
        "times_smaller": 3.14,
        "parity": {"cosine_min": 0.999},
        "benchmark": {
            "where": "emulated-host",
            "latency_ns": {"p50_ns": 52820.0, "p90_ns": 54710.0, "p99_ns": 86210.0},
            "load_ns": 5_520_000,
            "peak_memory_bytes": 80_000_000,
        },
        **changes,
    }


def arrived(case: Case, status: Status = Status.PASSED, **changes: Any) -> Arrived:
    """What came of a case."""
    reasons = () if status is Status.PASSED else (f"because it {status.value}",)
    values = {"reasons": reasons, "exit_code": CODES[status], "row": row(), **changes}
    return Arrived(case=case, status=status, **values)


def measured(slower: float = 1.0, seed: int = 1, **changes: Any) -> dict[str, Any]:
    """The record of a valid measurement on a phone: p50 about 1 ms, runs that scatter by 0.5 %,
    and a reference workload beside them that does too."""
    chance = random.Random(seed)

    def runs(value: float) -> list[float]:
        return [value * chance.gauss(1, 0.005) for _ in range(12)]

    p50, p90 = runs(1e6 * slower), runs(1.1e6 * slower)
    return {
        "schema": 2,
        "verdict": "valid",
        "where": "device",
        "device": {"key": "ABC", "model": "M", "build": "1"},
        "runner": "r",
        "runtime": "t",
        "latency_ns": {"p50_ns": p50[0], "p90_ns": p90[0], "p99_ns": p90[0]},
        "runs": [
            {"round": number, "p50_ns": p50[number], "p90_ns": p90[number]} for number in range(12)
        ],
        "reference": {"model_sha256": "aa", "runs_p50_ns": runs(3e5)},
        **changes,
    }


def counted(total: int, **changes: Any) -> dict[str, Any]:
    """The record of a count on an emulated ARM64 processor: a few inferences stand out."""
    record = measured(where="emulated-arm64", latency_ns=None, runs=[], reference=None)
    counts = {
        "cpu": "c",
        "total": total,
        "min_total": round(0.99 * total),
        "max_total": round(1.01 * total),
    }
    return {**record, "instructions": counts, **changes}


def finished(
    workspace: Path, day: int, *cases: Arrived, name: str = "n", status: str = "done"
) -> Path:
    """The folder of a night in March, by its day, as it is left."""
    folder = workspace / f"202603{day:02}T010000-nightly-{name}"
    folder.mkdir(parents=True)
    content = {"status": status, "name": name, "cases": [one.as_json() for one in cases]}
    (folder / "manifest.json").write_text(json.dumps(content))
    return folder


def night_file(folder: Path, text: str) -> Path:
    """A night's configuration; DIGITS is the path of the example."""
    path = folder / "night.yaml"
    path.write_text(text.replace("DIGITS", str(DIGITS)))
    return path
