"""A profile: a kind of device, how models run on it and how its emulated twin looks."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated, Literal

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


class WayChoice(str, Enum):
    """How models are run: by the runner as a program, within the bench app, or what works."""

    AUTO = "auto"
    RUNNER = "runner"
    APP = "app"


class Match(Section):
    """What a connected device must be to fit; an empty list or null asks for nothing."""

    device_types: tuple[str, ...] = Field((), description="const.product.devicetype")
    abis: tuple[str, ...] = Field((), description="const.product.cpu.abilist")
    min_api_level: int | None = Field(None, description="const.ohos.apiversion")


class RunSettings(Section):
    """How the runner is started."""

    threads: Annotated[int, Field(ge=1, le=64)] = 2
    binding: Binding = Binding.BIG
    way: WayChoice = WayChoice.AUTO
    app: Path | None = Field(
        None, description="The bench app's signed package (.hap), for devices that lack it"
    )


class SamplePlan(Section):
    """How much is measured: launches of the runner, and inferences in all of them together."""

    warm_up: Annotated[
        int, Field(ge=0, le=1_000_000, description="Inferences thrown away in a run, at least")
    ] = 5
    max_warm_up: Annotated[
        int, Field(ge=0, le=1_000_000, description="at most, where the first are not steady")
    ] = 50
    runs: Annotated[
        int, Field(ge=1, le=1000, description="Launches; 8 or more for intervals at 99 %")
    ] = 30
    samples: Annotated[
        int, Field(ge=1, le=10_000_000, description="Inferences measured in all runs, at least")
    ] = 1500
    time_s: Annotated[
        float, Field(ge=0, le=86_400, description="Seconds measured in all runs, at least")
    ] = 0.3
    percentile: Annotated[float, Field(gt=0, le=99.9)] | None = Field(
        None, description="To be borne at 99 %: as many samples more as that takes"
    )
    reference: bool = Field(True, description="Run a small fixed model beside the others")
    cool_down_s: Annotated[
        float, Field(ge=0, description="Longest wait for the device to be as it was")
    ] = 60.0
    deadline_s: Annotated[float, Field(gt=0, description="Longest time for one run")] = 600.0


class Validity(Section):
    """How the device must be while it is measured; null asks for nothing."""

    max_temperature_mc: int | None = Field(45_000, description="milli-degrees Celsius")
    max_thermal_level: int | None = Field(1, description="0 cool to 7 emergency")
    min_battery_percent: int | None = 20
    allow_charging: bool = Field(False, description="true: only said, as charging warms")
    max_frequency_drop_percent: float | None = Field(
        20.0, description="by which the fastest core's clock may fall"
    )
    max_reference_percent: float | None = Field(
        10.0, description="by which the reference workload may move in one session"
    )


class DeviceLimits(Section):
    """What a model must keep to on this kind of device; null asks for nothing."""

    size_bytes: Annotated[int, Field(gt=0)] | None = None
    storage_bytes: Annotated[int, Field(gt=0)] | None = Field(
        None, description="all models that are deployed together"
    )
    latency_p90_ms: Annotated[float, Field(gt=0)] | None = None


Rate = Annotated[float, Field(ge=0, le=1e6)]


class Arm64(Section):
    """The emulated twin whose processor is emulated too, and what is counted on it."""

    cpu: str = Field(
        "cortex-a76",
        pattern=r"^[a-z0-9][a-z0-9-]*$",
        description="of qemu's; decides about the kernels (cortex-a72: no fp16, no dot product)",
    )
    warm_up: Annotated[int, Field(ge=0, le=1000, description="Inferences not counted")] = 3
    profiled: Annotated[int, Field(ge=1, le=1000, description="Inferences counted by operator")] = 3
    deadline_s: Annotated[float, Field(gt=0, description="Longest time for one model")] = 3600.0


class Emulated(Section):
    """The emulated twin: what it says of itself, and how it fares."""

    connection: Literal["USB", "TCP"] = "USB"
    parameters: dict[str, str] = Field(default_factory=dict, description="answers of `param get`")
    storage_bytes: Annotated[int, Field(gt=0)] = 8 << 30
    memory_bytes: Annotated[int, Field(gt=0)] = 8 << 30
    core_khz: tuple[Annotated[int, Field(gt=0, le=10_000_000)], ...] = Field(
        (), description="top frequencies, spread over the cores there are"
    )
    sysfs: bool = Field(False, description="frequencies can be read there, not by hidumper only")
    signed_only: bool = Field(
        False, description="It executes no program that was pushed, as consumer devices do not"
    )
    battery_percent: Annotated[float, Field(ge=0, le=100)] | None = Field(
        80, description="null: it has none"
    )
    charging: bool = False
    drain_percent_per_h: Rate = 0
    work_drain_percent_per_h: Rate = Field(0, description="on top, while a model runs")
    charge_percent_per_h: Rate = 0
    temperature_mc: Annotated[int, Field(ge=-40_000, le=150_000)] = Field(
        30_000, description="where it idles, in milli-degrees Celsius"
    )
    rise_mc: Annotated[int, Field(ge=0, le=150_000)] = Field(
        0, description="by which work heats it in the end"
    )
    settle_s: Annotated[float, Field(gt=0, le=86_400)] = Field(
        60, description="two thirds of that are there after so many seconds"
    )
    link_bytes_per_s: Annotated[float, Field(gt=0)] | None = Field(
        None, description="of files; null: as fast as this computer"
    )
    link_latency_s: Annotated[float, Field(ge=0, le=60)] = Field(0, description="of every call")
    runs: Annotated[int, Field(ge=1, le=1000)] = Field(
        8, description="Launches at most, for its latencies say nothing of a device's"
    )
    samples: Annotated[int, Field(ge=1, le=10_000_000)] = Field(
        664, description="Inferences measured in all runs, unless a percentile takes more"
    )
    arm64: Arm64 = Arm64()


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
    validity: Validity = Validity()
    limits: DeviceLimits = DeviceLimits()
    emulated: Emulated = Emulated()


class NamedProfile(Section):
    """A profile with its name and the file that it was read from."""

    name: str
    path: Path
    profile: Profile
