"""Nights that are made up: their cases, and what might come of them."""

from __future__ import annotations

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


def night_file(folder: Path, text: str) -> Path:
    """A night's configuration; DIGITS is the path of the example."""
    path = folder / "night.yaml"
    path.write_text(text.replace("DIGITS", str(DIGITS)))
    return path
