"""Results that were never measured, as many as wanted."""

from __future__ import annotations

import hashlib
import random
from dataclasses import replace
from typing import Any

from pipeline.history.history import Entry
from pipeline.history.result import Conditions, Result

PHONE = Conditions(
    model="digits",
    recipe="full-8",
    profile="phone",
    where="device",
    device="FMR0223C13000649",
    device_model="a phone",
    hardware="23235e66397b2f3c",
    runner="f3" * 32,
    runtime="eb" * 32,
    mode="back-to-back",
    threads=2,
    binding=1,
)
DAY_MS = 86_400_000
FIRST_MS = 1_767_225_600_000  # 2026-01-01


def entry(night: int, conditions: Conditions = PHONE, *, seed: str = "", **changes: Any) -> Entry:
    """One night's result, the same for the same arguments."""
    # Not of all conditions: later versions have more of them.
    what = [getattr(conditions, name) for name in ("model", "recipe", "profile", "where", "device")]
    name = f"{night} {what} {seed} {sorted(changes.items())}"
    source = random.Random(name)
    runs = tuple(tuple(source.randrange(50_000, 60_000) for _ in range(20)) for _ in range(2))
    p50 = source.gauss(55_000.0, 500.0)
    result = Result(
        id=hashlib.sha256(name.encode()).hexdigest()[:32],
        time_ms=FIRST_MS + night * DAY_MS,
        run=f"night-{night}{seed}",
        conditions=conditions,
        model_sha256="ab" * 32,
        size_bytes=79_208,
        accuracy_percent=99.4429,
        p50_ns=p50,
        p50_low_ns=p50 - 100,
        p50_high_ns=p50 + 100,
        p90_ns=p50 + 2000,
        p99_ns=p50 + 9000,
        samples_n=40,
        load_ns=5_700_000,
        first_inference_ns=540_000,
        peak_memory_bytes=78_274_560,
        verdict="valid",
        device_build="5.1.0.150",
        pipeline_version="0.1.0",
    )
    return Entry(replace(result, **changes), {"name": conditions.recipe, "night": night}, runs)
