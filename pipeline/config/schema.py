"""JSON Schemas of the configuration files, for editors."""

from __future__ import annotations

from typing import Any

from pipeline.config.deployment import Deployment
from pipeline.config.document import Section
from pipeline.config.errors import NameUnknown
from pipeline.config.modelset import ModelSet
from pipeline.config.nightly import Nightly
from pipeline.config.planted import Planted
from pipeline.config.profile import Profile
from pipeline.config.recipe import Recipe
from pipeline.config.reference import References

KINDS: dict[str, type[Section]] = {
    "deployment": Deployment,
    "recipe": Recipe,
    "profile": Profile,
    "nightly": Nightly,
    "set": ModelSet,
    "faults": Planted,
    "references": References,
}


def schema(kind: str) -> dict[str, Any]:
    """The JSON Schema of ``kind``; raises NameUnknown with those there are."""
    model = KINDS.get(kind)
    if model is None:
        raise NameUnknown("kind of configuration", kind, tuple(KINDS))
    return model.model_json_schema()
