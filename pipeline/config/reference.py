"""References: what models are known to reach, kept in a file with the code they belong to.

A file for each model, configs/references/<model>.yaml:

    owner: vision team
    tolerances: {latency_percent: 5}
    references:
      - recipe: full-8
        accuracy_percent: 99.44
        size_bytes: 79208
        reason: as first released
      - {recipe: full-8, profile: phone, where: device, latency_p50_ms: 0.39, reason: with 5.1}
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from pipeline.config.document import Section

_Positive = Annotated[float, Field(gt=0)]
_Count = Annotated[int, Field(gt=0)]
_NotNegative = Annotated[float, Field(ge=0)]

#: What may be lost or won where neither the entry nor the file says so.
USUAL = {
    "accuracy_points": 0.2,
    "size_percent": 1.0,
    "latency_percent": 10.0,
    "load_percent": 25.0,
    "instructions_percent": 1.0,
}


class Figure(str, Enum):
    """What a reference may hold; the value is the key in the file, with its unit."""

    ACCURACY = "accuracy_percent"
    SIZE = "size_bytes"
    P50 = "latency_p50_ms"
    P90 = "latency_p90_ms"
    LOAD = "load_ms"
    INSTRUCTIONS = "instructions"

    @property
    def tolerance(self) -> str:
        """The key of its tolerance."""
        return _TOLERANCES[self]

    @property
    def of_device(self) -> bool:
        """Whether it depends on what the model ran on."""
        return self not in (Figure.ACCURACY, Figure.SIZE)

    @property
    def more_is_better(self) -> bool:
        """Only of accuracy; of all else less is better."""
        return self is Figure.ACCURACY


_TOLERANCES = {
    Figure.ACCURACY: "accuracy_points",
    Figure.SIZE: "size_percent",
    Figure.P50: "latency_percent",
    Figure.P90: "latency_percent",
    Figure.LOAD: "load_percent",
    Figure.INSTRUCTIONS: "instructions_percent",
}


class Tolerances(Section):
    """By how much a figure may differ, either way; null takes what the file or the usual says."""

    accuracy_points: _NotNegative | None = None
    size_percent: _NotNegative | None = None
    latency_percent: _NotNegative | None = None
    load_percent: _NotNegative | None = None
    instructions_percent: _NotNegative | None = None


class Reference(Section):
    """What one recipe reaches; figures of a device say where they were taken."""

    recipe: str = Field(min_length=1)
    profile: str | None = Field(None, description="a profile of configs/devices; null: any")
    where: Literal["device", "emulated-host", "emulated-arm64"] | None = None
    accuracy_percent: Annotated[float, Field(ge=0, le=100)] | None = None
    size_bytes: _Count | None = None
    latency_p50_ms: _Positive | None = None
    latency_p90_ms: _Positive | None = None
    load_ms: _Positive | None = None
    instructions: _Count | None = None
    tolerances: Tolerances = Tolerances()
    owner: str | None = Field(None, min_length=1, description="who is asked; else the file's")
    reason: str = Field(min_length=1, description="why it is what it is")

    @model_validator(mode="after")
    def _has_figures(self) -> Reference:
        if not any(self.value(figure) is not None for figure in Figure):
            raise ValueError(
                f"holds no figure: give one of {', '.join(one.value for one in Figure)}"
            )
        for figure in Figure:
            if figure.of_device and self.value(figure) is not None and self.where is None:
                raise ValueError(f"`{figure.value}` asks for `where:`, on what it was taken")
        return self

    def value(self, figure: Figure) -> float | None:
        """The figure, in the unit of its key."""
        found: float | None = getattr(self, figure.value)
        return found

    @property
    def place(self) -> tuple[str, str | None, str | None]:
        """What it is of: recipe, profile, where."""
        return self.recipe, self.profile, self.where


class References(Section):
    """The references of one model; the file's name is the model's."""

    description: str = ""
    owner: str | None = Field(None, min_length=1, description="who is asked, for all entries")
    tolerances: Tolerances = Tolerances()
    references: tuple[Reference, ...] = ()

    @field_validator("references")
    @classmethod
    def _once(cls, value: tuple[Reference, ...]) -> tuple[Reference, ...]:
        places = [one.place for one in value]
        for number, place in enumerate(places):
            if place in places[:number]:
                first = places.index(place)
                raise ValueError(
                    f"entries {first + 1} and {number + 1} are of the same recipe "
                    f"`{place[0]}`, profile and place"
                )
        return value

    @model_validator(mode="after")
    def _owned(self) -> References:
        if self.owner is None:
            for one in self.references:
                if one.owner is None:
                    raise ValueError(f"`{one.recipe}` has no `owner:`, and neither has the file")
        return self

    def fitting(self, recipe: str, profile: str, where: str) -> Iterator[Reference]:
        """Entries for such a result, those first that say most about it."""
        fits = [
            one
            for one in self.references
            if one.recipe == recipe
            and one.profile in (None, profile)
            and one.where in (None, where)
        ]
        yield from sorted(fits, key=lambda one: (one.where is None) + (one.profile is None))

    def tolerance(self, reference: Reference, figure: Figure) -> float:
        """In points for accuracy, else in percent."""
        for given in (reference.tolerances, self.tolerances):
            value: float | None = getattr(given, figure.tolerance)
            if value is not None:
                return value
        return USUAL[figure.tolerance]

    def owner_of(self, reference: Reference) -> str:
        """Who is asked about an entry."""
        return reference.owner or self.owner or ""
