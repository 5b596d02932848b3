"""A night: models, recipes and devices whose every combination must arrive in the morning."""

from __future__ import annotations

import datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from pipeline.config.document import Section
from pipeline.core.places import expand

_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"


class NightDevice(Section):
    """A device of the night; its profile's name alone will mostly do."""

    profile: str = Field(description="a profile of configs/devices")
    name: str = Field("", pattern=r"^$|" + _NAME[1:], description="in results; else the profile's")
    target: str | None = Field(None, description="connect key, where several fit the profile")
    emulate: Literal["host", "arm64"] | bool | None = Field(
        None, description="the emulated one: a kind of it, `false` for never, else if none fits"
    )

    @model_validator(mode="before")
    @classmethod
    def _name_alone(cls, value: Any) -> Any:
        return {"profile": value} if isinstance(value, str) else value

    @property
    def called(self) -> str:
        """The name in results."""
        return self.name or Path(self.profile).stem


class Cases(Section):
    """Some cases of the matrix; a part that is left out takes all. With ``*`` and ``?``."""

    model: str = "*"
    recipe: str = "*"
    device: str = "*"

    def has(self, model: str, recipe: str, device: str) -> bool:
        """Whether a case is among them."""
        return (
            fnmatchcase(model, self.model)
            and fnmatchcase(recipe, self.recipe)
            and fnmatchcase(device, self.device)
        )


class Skip(Cases):
    """Cases that are not in the matrix, and why."""

    reason: str = Field(min_length=1)


class Quarantine(Cases):
    """Cases that are run and shown but fail no night until a day comes."""

    until: datetime.date = Field(description="the last day; from the next on they count again")
    reason: str = Field(min_length=1)
    owner: str = Field(min_length=1)


class Nightly(Section):
    """A night. Relative paths start at this file's folder."""

    name: str = Field("nightly", pattern=_NAME)
    description: str = ""
    models: tuple[Path, ...] = Field(min_length=1, description="deployments' YAML files")
    recipes: tuple[str, ...] = Field((), description="of every model; else each model's own")
    devices: tuple[NightDevice, ...] = Field(min_length=1)
    skip: tuple[Skip, ...] = ()
    quarantine: tuple[Quarantine, ...] = ()
    references: Path | None = Field(None, description="what results should be, with tolerances")
    baseline_nights: Annotated[int, Field(ge=0, le=365)] = Field(
        7,
        description="a case's latency is compared with its newest valid result of so many nights"
        " before, and fails where it regressed; 0 never",
    )

    @field_validator("devices")
    @classmethod
    def _told_apart(cls, value: tuple[NightDevice, ...]) -> tuple[NightDevice, ...]:
        names = [device.called for device in value]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two devices are called {twice[0]}: give each a `name:`")
        return value

    def located(self, folder: Path) -> Nightly:
        """The same night with every relative path made absolute from ``folder``."""
        return self.model_copy(
            update={
                "models": tuple(folder / expand(path) for path in self.models),
                "references": folder / expand(self.references) if self.references else None,
            }
        )
