"""The result record of one benchmark."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from device.device import DeviceFacts, Telemetry
from pipeline.core.runner import RunnerResult
from pipeline.stages.benchmark.workload import Workload
from pipeline.stages.parity import Parity
from pipeline.statistics.summary import Summary


@dataclass(frozen=True)
class Measurement:
    """What one benchmark gave. ``parity``: the device's outputs against this machine's."""

    workload: Workload
    facts: DeviceFacts
    parity: Parity
    latency: Summary
    run: RunnerResult
    runner_sha256: str
    runtime_sha256: str | None
    sent_bytes: int
    before: Telemetry
    after: Telemetry

    @property
    def invalid(self) -> str | None:
        """Why the latency must not be used; None for a valid measurement."""
        if self.parity.nan_count or self.run.non_finite_values:
            return "the outputs on the device hold NaN or infinite values"
        if 50 not in self.latency.supported:
            return f"{self.latency.n} samples do not even bear a median"
        return None

    def as_json(self) -> dict[str, Any]:
        """The result record, without the samples themselves."""
        return {
            "schema": 1,
            "verdict": "invalid" if self.invalid else "valid",
            "reason": self.invalid,
            "model": self.workload.name,
            "model_sha256": self.workload.sha256,
            "size_bytes": self.workload.size_bytes,
            "where": self.facts.where.value,
            "device": self.facts.as_json(),
            "runner": self.run.runner,
            "runner_sha256": self.runner_sha256,
            "runtime": self.run.runtime,
            "runtime_sha256": self.runtime_sha256,
            "threads": self.run.threads,
            "bind_mode": self.run.bind_mode,
            "fp16": self.run.fp16,
            "warm_up": self.run.warm_up,
            "latency_ns": self.latency.as_json(),
            "load_ns": self.run.load_ns,
            "first_inference_ns": self.run.first_inference_ns,
            "peak_memory_bytes": self.run.peak_memory_bytes,
            "device_parity": self.parity.as_json(),
            "sent_bytes": self.sent_bytes,
            "telemetry": {"before": self.before.as_json(), "after": self.after.as_json()},
        }
