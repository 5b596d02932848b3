"""A set: models that live on a device together, as a watch has them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator

from pipeline.config.document import Section, parse
from pipeline.core.errors import PipelineError
from pipeline.core.places import expand


class Member(Section):
    """One model of a set."""

    deployment: Path = Field(description="its deploy.yaml, from this file's folder")
    recipe: str | None = Field(
        None, description="null: of the deployment's recipes the smallest that meets its limits"
    )


class ModelSet(Section):
    """Models that are deployed together; each is also measured while the others are loaded."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")
    models: Annotated[tuple[Member, ...], Field(min_length=2, max_length=32)]

    @field_validator("models", mode="before")
    @classmethod
    def _named(cls, value: object) -> object:
        """A path stands for a deployment without more."""
        if not isinstance(value, list):
            return value
        return [{"deployment": one} if isinstance(one, str) else one for one in value]

    def located(self, folder: Path) -> ModelSet:
        """With absolute paths."""
        models = tuple(
            one.model_copy(update={"deployment": folder / expand(one.deployment)})
            for one in self.models
        )
        return self.model_copy(update={"models": models})


def is_set(path: Path | None) -> bool:
    """Whether a configuration lists models; one that cannot be read is told of elsewhere."""
    if path is None or not path.is_file():
        return False
    try:
        value, _ = parse(path)
    except PipelineError:
        return False
    return isinstance(value, dict) and "models" in value
