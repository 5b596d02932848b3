"""Limits: what a model must keep to, and what it does not."""

from __future__ import annotations

from collections.abc import Iterator

from device.device import Where
from pipeline.chain.culprit import Culprit
from pipeline.config.deployment import Limits
from pipeline.config.profile import DeviceLimits
from pipeline.stages.benchmark import Measurement
from pipeline.stages.parity import Parity

#: Same model, same inputs, another CPU: fp32 agrees to 1e-6, int8 bit for bit, fp16 to about 1e-3.
MIN_DEVICE_COSINE = 0.99


def departs(limits: Limits, parity: Parity) -> bool:
    """Whether a model's outputs are further from the reference's than is allowed."""
    return not parity.cosine_min >= limits.min_cosine


def model_failures(
    limits: Limits, drop_points: float, parity: Parity, culprit: Culprit | None = None
) -> Iterator[str]:
    """Limits on accuracy and outputs that a model does not meet, in words, and by whose fault."""
    allowed = limits.accuracy_drop_points
    if allowed is not None and drop_points > allowed + 1e-9:
        yield f"accuracy fell by {drop_points:.2f} points, at most {allowed:g} are allowed"
    if departs(limits, parity):
        found = f"; {culprit.text}" if culprit else ""
        yield (
            f"worst cosine with the reference is {parity.cosine_min:.4f}, "
            f"at least {limits.min_cosine:g} is asked for{found}"
        )


def device_failures(limits: DeviceLimits, measurement: Measurement) -> Iterator[str]:
    """Limits of a device profile that a measurement does not meet, in words.

    A latency limit speaks of real devices: a figure of an emulated one neither meets nor fails it.
    """
    parity = measurement.parity
    if parity.nan_count or not parity.cosine_min >= MIN_DEVICE_COSINE:
        yield (
            f"outputs on the device differ from this machine's: worst cosine "
            f"{parity.cosine_min:.4f}, {parity.nan_count} NaN"
        )
    size = measurement.workload.size_bytes
    if limits.size_bytes is not None and size > limits.size_bytes:
        yield f"{size:,} bytes, at most {limits.size_bytes:,} are allowed"
    latency, allowed = measurement.latency, limits.latency_p90_ms
    if measurement.facts.where is Where.DEVICE and latency is not None and allowed is not None:
        p90_ms = latency.p90_ns / 1e6
        if p90_ms > allowed:
            yield f"p90 latency is {p90_ms:.4g} ms, at most {allowed:g} ms are allowed"
