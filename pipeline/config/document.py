"""YAML read safely, with the line of every key, into a checked model."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from pipeline.config.errors import ConfigInvalid, ConfigSyntax, nearest
from pipeline.core.errors import FileMissing, one_line
from pipeline.core.files import disk_errors

_MAX_BYTES = 1 << 18
_MAX_DEPTH = 50

_TOO_DEEP = "nested too deeply"

Location = tuple[str | int, ...]


class Section(BaseModel):
    """A part of a configuration: immutable, and no key that it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False, allow_inf_nan=False)


ModelT = TypeVar("ModelT", bound=Section)


def load(path: Path, model: type[ModelT], what: str) -> ModelT:
    """Read ``path`` as a ``model``; ``what`` names the kind of file in messages.

    Raises FileMissing, ConfigSyntax or ConfigInvalid, each with file and line.
    """
    if not os.path.isfile(path):  # pathlib's raises for a name that is too long
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
        raise ConfigSyntax(path, 1, f"larger than {_MAX_BYTES >> 10} KiB")
    loader: yaml.SafeLoader | None = None
    try:
        text = data.decode()
        loader = yaml.SafeLoader(text)
        root = loader.get_single_node()
        if root is None:
            return {}, {(): 1}
        survey = _Survey(path)
        survey.visit(root, ())
        value = loader.construct_document(root)
        return {} if value is None else value, survey.lines
    except UnicodeDecodeError as error:
        raise ConfigSyntax(path, data[: error.start].count(b"\n") + 1, "not UTF-8 text") from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise ConfigSyntax(path, line, one_line(error.reason)) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise ConfigSyntax(
            path, mark.line + 1 if mark else 1, one_line(error.problem or "unreadable")
        ) from None
    except RecursionError:
        raise ConfigSyntax(path, 1, _TOO_DEEP) from None
    except (ValueError, LookupError, AttributeError) as error:
        # How SafeLoader's constructors fail on what is not of its tag: `!!bool maybe`.
        raise ConfigSyntax(path, 1, one_line(f"a value cannot be read: {error}")) from None
    finally:
        if loader is not None:
            loader.dispose()


class _Survey:
    """Finds the line of every key and item, and refuses what stands twice or grows too large."""

    def __init__(self, path: Path) -> None:
        self.lines: dict[Location, int] = {}
        self._path = path
        # More nodes and letters than the file has can only come from aliases within aliases.
        self._room = 2 * _MAX_BYTES

    def visit(self, node: yaml.Node, where: Location) -> None:
        line = node.start_mark.line + 1
        self.lines.setdefault(where, line)
        if len(where) > _MAX_DEPTH:
            raise ConfigSyntax(self._path, line, _TOO_DEEP)
        self._room -= 1
        if isinstance(node, yaml.MappingNode):
            self._mapping(node, where)
        elif isinstance(node, yaml.SequenceNode):
            for index, value in enumerate(node.value):
                self.visit(value, (*where, index))
        else:
            self._room -= len(node.value)
        if self._room < 0:
            raise ConfigSyntax(self._path, line, "its aliases multiply without end")

    def _mapping(self, node: yaml.MappingNode, where: Location) -> None:
        seen: set[str] = set()
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                raise ConfigSyntax(self._path, line, "a key is one word, not a list or mapping")
            name = str(key.value)
            if name in seen:
                raise ConfigSyntax(self._path, line, f"the key `{name}` stands twice")
            seen.add(name)
            inner: Location = (*where, name)
            self.lines[inner] = line
            self._room -= len(name)
            self.visit(value, inner)


def _invalid(
    path: Path, error: ValidationError, lines: dict[Location, int], model: type[Section]
) -> ConfigInvalid:
    # An unknown key first: where it is a misspelled one, the right one is missing too.
    details = sorted(
        error.errors(include_url=False), key=lambda each: each["type"] != "extra_forbidden"
    )
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
