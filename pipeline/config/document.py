"""YAML read safely, with the line of every key, into a checked model."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from pipeline.config.errors import ConfigInvalid, ConfigSyntax, nearest
from pipeline.core.errors import FileMissing, one_line
from pipeline.core.files import disk_errors

_MAX_BYTES = 1 << 20
_MAX_DEPTH = 50

Location = tuple[str | int, ...]


class Section(BaseModel):
    """A part of a configuration: immutable, and no key that it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)


ModelT = TypeVar("ModelT", bound=Section)


def load(path: Path, model: type[ModelT], what: str) -> ModelT:
    """Read ``path`` as a ``model``; ``what`` names the kind of file in messages.

    Raises FileMissing, ConfigSyntax or ConfigInvalid, each with file and line.
    """
    if not path.is_file():
        raise FileMissing(path, what)
    value, lines = parse(path)
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise _invalid(path, error, lines, model) from None


def parse(path: Path) -> tuple[Any, dict[Location, int]]:
    """The plain value of a YAML file, and the line of each key and item in it."""
    with disk_errors(path):
        data = path.read_bytes()
    if len(data) > _MAX_BYTES:
        raise ConfigSyntax(path, 1, f"larger than {_MAX_BYTES >> 20} MiB")
    lines: dict[Location, int] = {}
    loader: yaml.SafeLoader | None = None
    try:
        loader = yaml.SafeLoader(data.decode())
        root = loader.get_single_node()
        if root is None:
            return {}, {(): 1}
        _walk(path, root, (), lines)
        return loader.construct_document(root), lines
    except UnicodeDecodeError as error:
        raise ConfigSyntax(path, data[: error.start].count(b"\n") + 1, "not UTF-8 text") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise ConfigSyntax(
            path, mark.line + 1 if mark else 1, one_line(error.problem or "unreadable")
        ) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ConfigSyntax(path, 1, one_line(str(error))) from None
    finally:
        if loader is not None:
            loader.dispose()


def _walk(path: Path, node: yaml.Node, where: Location, lines: dict[Location, int]) -> None:
    lines.setdefault(where, node.start_mark.line + 1)
    if len(where) > _MAX_DEPTH:
        raise ConfigSyntax(path, node.start_mark.line + 1, "nested too deeply")
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            name = str(key.value)
            if name in seen:
                raise ConfigSyntax(path, key.start_mark.line + 1, f"the key `{name}` stands twice")
            seen.add(name)
            inner: Location = (*where, name)
            lines[inner] = key.start_mark.line + 1
            _walk(path, value, inner, lines)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            _walk(path, value, (*where, index), lines)


def _invalid(
    path: Path, error: ValidationError, lines: dict[Location, int], model: type[Section]
) -> ConfigInvalid:
    details = error.errors(include_url=False)
    first = details[0]
    where: Location = tuple(first["loc"])
    line = next(lines[where[:n]] for n in range(len(where), -1, -1) if where[:n] in lines)
    suggestion = None
    problem = first["msg"].removeprefix("Value error, ")
    if first["type"] == "extra_forbidden":
        problem = "is not a known key"
        suggestion = nearest(str(where[-1]), _known_keys(model, where[:-1]))
    elif first["type"] == "missing":
        problem = "is missing"
    return ConfigInvalid(
        path=path,
        line=line,
        where=".".join(str(part) for part in where),
        problem=one_line(problem),
        suggestion=suggestion,
        others=len(details) - 1,
    )


def _known_keys(model: type[Section], where: Location) -> list[str]:
    current: Any = model
    for part in where:
        if isinstance(part, int):
            continue
        field = getattr(current, "model_fields", {}).get(part)
        if field is None:
            return []
        current = _section_in(field.annotation)
    return list(getattr(current, "model_fields", {}))


def _section_in(annotation: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        if (found := _section_in(argument)) is not None:
            return found
    return None
