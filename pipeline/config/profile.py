"""A profile: a kind of device, how models run on it and how its emulated twin looks."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

from pydantic import Field

from pipeline.config.document import Section


class Binding(str, Enum):
    """Which cores the runtime's threads are bound to; the benchmark tool's ``cpuBindMode``."""

    NONE = "none"
    BIG = "big"
    MIDDLE = "middle"

    @property
    def number(self) -> int:
        """The runtime's number for it."""
        return list(Binding).index(self)


class Match(Section):
    """What a connected device must be to fit; an empty list or null asks for nothing."""

    device_types: tuple[str, ...] = Field((), description="const.product.devicetype")
    abis: tuple[str, ...] = Field((), description="const.product.cpu.abilist")
    min_api_level: int | None = Field(None, description="const.ohos.apiversion")


class RunSettings(Section):
    """How the runner is started."""

    threads: Annotated[int, Field(ge=1, le=64)] = 2
    binding: Binding = Binding.BIG


class SamplePlan(Section):
    """How much is measured."""

    warm_up: Annotated[int, Field(ge=0, le=1_000_000, description="Inferences thrown away")] = 20
    samples: Annotated[int, Field(ge=1, le=10_000_000, description="Inferences measured")] = 1000
    deadline_s: Annotated[float, Field(gt=0, description="Longest time for one run")] = 600.0


class DeviceLimits(Section):
    """What a model must keep to on this kind of device; null asks for nothing."""

    size_bytes: Annotated[int, Field(gt=0)] | None = None
    latency_p90_ms: Annotated[float, Field(gt=0)] | None = None


class Emulated(Section):
    """The emulated twin: what it says of itself."""

    connection: str = "USB"
    parameters: dict[str, str] = Field(default_factory=dict, description="answers of `param get`")
    storage_bytes: Annotated[int, Field(gt=0)] = 8 << 30
    memory_bytes: Annotated[int, Field(gt=0)] = 8 << 30


class Profile(Section):
    """A kind of device; the file's name is the profile's name."""

    description: str = ""
    match: Match = Match()
    folder: str = Field(
        "/data/local/tmp/mslite-pipeline",
        pattern=r"^(/[A-Za-z0-9_-][A-Za-z0-9_.-]*)+$",
        description="of the pipeline's own, on the device; without `.` and `..`",
    )
    run: RunSettings = RunSettings()
    plan: SamplePlan = SamplePlan()
    limits: DeviceLimits = DeviceLimits()
    emulated: Emulated = Emulated()


class NamedProfile(Section):
    """A profile with its name and the file that it was read from."""

    name: str
    path: Path
    profile: Profile
