"""Models side by side on one device: each is measured alone and while the others are loaded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from device.device import DeviceFacts, Where
from pipeline.chain import gates, measure
from pipeline.chain.report import Row
from pipeline.chain.run import Run
from pipeline.chain.targets import Connection
from pipeline.config.profile import DeviceLimits, NamedProfile
from pipeline.core.events import Listener
from pipeline.stages.benchmark import Inputs, Measurement, Workload
from pipeline.statistics.ratios import Estimate, paired_ratio
from pipeline.toolchain.toolchain import Toolchain

#: What the second figure of a model is called, behind its name.
BESIDE = "-beside"


@dataclass(frozen=True)
class Part:
    """A model of the set: what is known of it, what it is run with, and where that is kept."""

    row: Row
    workload: Workload
    inputs: Inputs
    run: Run


@dataclass(frozen=True)
class Member:
    """A model that was measured: by itself, and while the others were loaded."""

    alone: Row
    beside: Row

    @property
    def ratio(self) -> Estimate | None:
        """How much longer an inference takes beside the others: p50 of runs, round by round."""
        return _ratio(_measured(self.alone), _measured(self.beside))

    def as_json(self) -> dict[str, Any]:
        """For ``--json`` and the manifest."""
        ratio = self.ratio
        return {
            "name": self.alone.name,
            "size_bytes": self.alone.size_bytes,
            "ratio": ratio.as_json() if ratio else None,
            "peak_memory_bytes": {
                "alone": _measured(self.alone).peak_memory_bytes,
                "beside": _measured(self.beside).peak_memory_bytes,
            },
        }


@dataclass(frozen=True)
class Together:
    """The outcome; ``budget_bytes`` is what all models together may take (None: anything)."""

    name: str
    run_folder: Path
    members: tuple[Member, ...]
    device: DeviceFacts
    profile: str
    budget_bytes: int | None

    @property
    def size_bytes(self) -> int:
        """All models."""
        return sum(member.alone.size_bytes for member in self.members)

    @property
    def emulated(self) -> bool:
        """Whether the figures are of an emulated device."""
        return self.device.where is not Where.DEVICE

    @property
    def failures(self) -> tuple[str, ...]:
        """Every limit that was not met, with the model's name where it is of one."""
        return tuple(self._failures())

    def _failures(self) -> Iterator[str]:
        if self.budget_bytes is not None and self.size_bytes > self.budget_bytes:
            yield (
                f"all models: {self.size_bytes:,} bytes, at most {self.budget_bytes:,} are allowed"
            )
        for member in self.members:
            for row in (member.alone, member.beside):
                yield from (f"{row.name}: {text}" for text in row.failures)

    def as_json(self) -> dict[str, Any]:
        """What ``--json`` prints and the manifest holds; ``models`` has two rows a model."""
        rows = [row for member in self.members for row in (member.alone, member.beside)]
        return {
            "status": "done",
            "name": self.name,
            "verdict": "failed" if self.failures else "passed",
            "failures": list(self.failures),
            "where": self.device.where.value,
            "emulated": self.emulated,
            "profile": self.profile,
            "device": self.device.as_json(),
            "size_bytes": self.size_bytes,
            "budget_bytes": self.budget_bytes,
            "run_folder": str(self.run_folder),
            "together": [member.as_json() for member in self.members],
            "models": [row.as_json() for row in rows],
        }


def run_together(
    name: str,
    connection: Connection,
    parts: Sequence[Part],
    toolchain: Toolchain,
    profile: NamedProfile,
    run: Run,
    listener: Listener,
) -> Together:
    """Put all models on the device, then measure each alone and beside the others, in turns.

    Raises what ``measure.run_all`` does.
    """
    settings = profile.profile
    with connection.device.lease():
        # All at once, before any is measured: they have to fit.
        for part in parts:
            connection.device.push(part.workload.model)
        members = []
        for part in parts:
            others = tuple(
                other.workload.model for other in parts if other.workload is not part.workload
            )
            beside = replace(part.workload, name=part.workload.name + BESIDE, beside=others)
            alone_found, beside_found = measure.run_all(
                connection,
                [part.workload, beside],
                part.inputs,
                toolchain,
                settings,
                part.run,
                listener,
            )
            members.append(_member(part.row, alone_found, beside_found, settings.limits))
    return Together(
        name=name,
        run_folder=run.folder,
        members=tuple(members),
        device=connection.facts,
        profile=profile.name,
        budget_bytes=settings.limits.storage_bytes,
    )


def _member(row: Row, alone: Measurement, beside: Measurement, limits: DeviceLimits) -> Member:
    first = tuple(gates.device_failures(limits, alone))
    # What a model misses by itself is told once.
    second = tuple(text for text in gates.device_failures(limits, beside) if text not in first)
    return Member(
        replace(row, measurement=alone, failures=(*row.failures, *first)),
        replace(row, name=row.name + BESIDE, measurement=beside, failures=second),
    )


def _measured(row: Row) -> Measurement:
    assert row.measurement is not None  # a member's rows are measured
    return row.measurement


def _ratio(alone: Measurement, beside: Measurement) -> Estimate | None:
    """None where nothing was timed."""
    if alone.latency is None or beside.latency is None:
        return None
    pairs = zip(alone.runs, beside.runs, strict=True)
    before, after = zip(
        *((max(a.percentile_ns(50), 1.0), max(b.percentile_ns(50), 1.0)) for a, b in pairs),
        strict=True,
    )
    return paired_ratio(before, after)
