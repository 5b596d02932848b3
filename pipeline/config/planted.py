"""What befalls an emulated device: faults, a state, and how it is, from a file."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from pipeline.config.document import Section

Count = Annotated[int, Field(ge=0)]


class PlantedFault(Section):
    """A fault; see ``device.emulator.spec.Fault`` for what each of its keys does."""

    kind: str = Field(description="cut-push, cut-pull, cut-shell, freeze, reboot, ...")
    times: Annotated[int, Field(ge=1)] | None = Field(1, description="null: always")
    after_calls: Count = 0
    after_bytes: Count = 0
    after_lines: Count = 0
    containing: str | None = Field(None, description="only calls whose arguments have this text")
    then: Literal["Connected", "Offline", "Unauthorized", "Absent"] | None = None
    back_after_calls: Count | None = None


class PlantedVitals(Section):
    """How the device is from now on; what is left out stays."""

    battery_percent: Annotated[float, Field(ge=0, le=100)] | None = None
    charging: bool | None = None
    temperature_mc: Annotated[int, Field(ge=-40_000, le=150_000)] | None = None
    thermal_level: Annotated[int, Field(ge=0, le=7)] | None = None
    rise_mc: Annotated[int, Field(ge=0, le=150_000)] | None = None
    settle_s: Annotated[float, Field(gt=0, le=86_400)] | None = None
    drain_percent_per_h: Annotated[float, Field(ge=0, le=1e6)] | None = None
    work_drain_percent_per_h: Annotated[float, Field(ge=0, le=1e6)] | None = None


class Planted(Section):
    """A script of faults."""

    clear: bool = Field(False, description="take away the faults that are there, first")
    state: Literal["Connected", "Offline", "Unauthorized", "Absent"] | None = None
    vitals: PlantedVitals = PlantedVitals()
    faults: tuple[PlantedFault, ...] = ()
