"""The JSON Schemas for editors agree with what is accepted."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.config.errors import NameUnknown
from pipeline.config.schema import KINDS, schema

ROOT = Path(__file__).parents[2]
KEYWORDS = {
    "$defs", "$ref", "additionalProperties", "anyOf", "const", "default", "description", "enum",
    "exclusiveMaximum", "exclusiveMinimum", "format", "items", "maxItems", "maxLength", "maximum",
    "minItems", "minLength", "minimum", "pattern", "properties", "required", "title", "type",
}  # fmt: skip


def _schemas(value: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every schema within a schema."""
    yield value
    for key, inner in value.items():
        if key in ("$defs", "properties"):
            for each in inner.values():
                yield from _schemas(each)
        elif key in ("items", "additionalProperties") and isinstance(inner, dict):
            yield from _schemas(inner)
        elif key == "anyOf":
            for each in inner:
                yield from _schemas(each)


@pytest.mark.parametrize("kind", KINDS)
def test_a_schema_is_one(kind):
    whole = schema(kind)
    json.dumps(whole, allow_nan=False)
    for part in _schemas(whole):
        assert part.keys() <= KEYWORDS
        assert part.get("type", "object") in (
            "object", "array", "string", "integer", "number", "boolean", "null",
        )  # fmt: skip
        assert set(part.get("required", ())) <= set(part.get("properties", ()))
        if "$ref" in part:
            assert part["$ref"].removeprefix("#/$defs/") in whole["$defs"]
        if "pattern" in part:
            re.compile(part["pattern"])


@pytest.mark.parametrize("kind", KINDS)
def test_a_schema_forbids_keys_that_it_does_not_know(kind):
    whole = schema(kind)
    for part in _schemas(whole):
        if "properties" in part:
            assert part["additionalProperties"] is False


def _agrees(value: Any, part: dict[str, Any], whole: dict[str, Any]) -> bool:
    """Whether the keys of a value are those of its schema, all the way down."""
    if "$ref" in part:
        part = whole["$defs"][part["$ref"].removeprefix("#/$defs/")]
    if isinstance(value, dict) and "properties" in part:
        return all(
            key in part["properties"] and _agrees(item, part["properties"][key], whole)
            for key, item in value.items()
        ) and set(part.get("required", ())) <= set(value)
    if isinstance(value, list) and isinstance(part.get("items"), dict):
        return all(_agrees(item, part["items"], whole) for item in value)
    if "anyOf" in part:
        return any(_agrees(value, each, whole) for each in part["anyOf"])
    return True


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("deployment", ROOT / "examples/digits/deploy.yaml"),
        *(("recipe", path) for path in sorted((ROOT / "configs/quantization").glob("*.yaml"))),
        *(("profile", path) for path in sorted((ROOT / "configs/devices").glob("*.yaml"))),
    ],
    ids=lambda value: getattr(value, "stem", value),
)
def test_what_comes_along_keeps_to_its_schema(kind, path):
    whole = schema(kind)
    value = yaml.safe_load(path.read_text())
    assert _agrees(value, whole, whole)
    assert not _agrees({**value, "zzz": 1}, whole, whole)


def test_a_source_may_be_one_word_in_the_schema_too():
    whole = schema("deployment")
    assert [each["type"] for each in whole["$defs"]["Source"]["anyOf"]] == ["string", "object"]


def test_an_unknown_kind_is_told_with_those_there_are():
    with pytest.raises(NameUnknown, match="unknown kind of configuration `device`") as caught:
        schema("device")
    assert "deployment, recipe, profile" in caught.value.hint
