"""Every error of the whole code base: one line of what is wrong, one of what to do, a code."""

from __future__ import annotations

import collections.abc
import dataclasses
import enum
import importlib
import json
import pkgutil
import sys
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import device
import pipeline
from pipeline.core.errors import (
    DeviceError,
    ExitCode,
    FileMissing,
    GateError,
    LocalDiskFull,
    NoDataError,
    PipelineError,
    ToolchainError,
    UsageError,
    one_line,
)

CODES = {
    GateError: ExitCode.GATE_FAILED,
    UsageError: ExitCode.USAGE,
    DeviceError: ExitCode.DEVICE,
    ToolchainError: ExitCode.TOOLCHAIN,
    NoDataError: ExitCode.NO_DATA,
}


def _import_everything() -> None:
    """All modules but those that cannot be imported without MindSpore, which is kept out."""
    kept = {name: sys.modules.get(name) for name in ("mindspore",)}
    sys.modules["mindspore"] = None  # type: ignore[assignment]
    try:
        for package in (pipeline, device):
            for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
                if module.name.endswith("__main__"):
                    continue
                try:
                    importlib.import_module(module.name)
                except ModuleNotFoundError as error:
                    if error.name is None or error.name.partition(".")[0] != "mindspore":
                        raise
    finally:
        for name, value in kept.items():
            sys.modules.pop(name)
            if value is not None:
                sys.modules[name] = value


def _below(base: type[PipelineError]) -> Iterator[type[PipelineError]]:
    for each in base.__subclasses__():
        yield each
        yield from _below(each)


_import_everything()
ERRORS = sorted(
    {
        each
        for each in _below(PipelineError)
        if dataclasses.is_dataclass(each)
        and each.__module__.partition(".")[0] in ("pipeline", "device")
    },
    key=lambda each: f"{each.__module__}.{each.__qualname__}",
)


def _value(kind: Any) -> Any:
    """Something of a type, as an error would hold it."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return _value(next(each for each in arguments if each is not types.NoneType))
    if origin is typing.Literal:
        return arguments[0]
    if origin is tuple:
        inner = [each for each in arguments if each is not Ellipsis]
        return tuple(_value(each) for each in inner) * (2 if Ellipsis in arguments else 1)
    if origin in (list, collections.abc.Sequence):
        return [_value(arguments[0])]
    if origin in (dict, collections.abc.Mapping):
        return {_value(arguments[0]): _value(arguments[1])}
    if dataclasses.is_dataclass(kind):
        return _instance(kind, everything=True)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return next(iter(kind))
    simple: dict[Any, Any] = {
        str: "some text", int: 3, float: 1.5, bool: True, bytes: b"x", object: "thing",
        Path: Path("some/file"), Any: "anything",
    }  # fmt: skip
    return simple[kind]


def _instance(kind: Any, everything: bool) -> Any:
    hints = typing.get_type_hints(kind)
    return kind(
        **{
            field.name: _value(hints[field.name])
            for field in dataclasses.fields(kind)
            if field.init
            and (
                everything
                or (
                    field.default is dataclasses.MISSING
                    and field.default_factory is dataclasses.MISSING
                )
            )
        }
    )


def test_the_codes_are_those_that_are_documented():
    assert {code.name: code.value for code in ExitCode} == {
        "DONE": 0,
        "GATE_FAILED": 1,
        "USAGE": 2,
        "DEVICE": 3,
        "TOOLCHAIN": 4,
        "NO_DATA": 5,
        "INTERRUPTED": 130,
    }


def test_there_are_errors_of_every_kind_but_gates():
    assert len(ERRORS) > 30
    for base in (UsageError, DeviceError, ToolchainError, NoDataError):
        assert any(issubclass(each, base) for each in ERRORS), base


@pytest.mark.parametrize("everything", [True, False], ids=["all fields", "required fields"])
@pytest.mark.parametrize("kind", ERRORS, ids=lambda each: each.__qualname__)
def test_every_error_has_a_message_a_hint_and_a_code(kind, everything):
    error = _instance(kind, everything)
    for line in (error.message, error.hint):
        assert line
        assert line.strip() == one_line(line)
        assert "None" not in line
    assert str(error) == error.message.strip()
    assert error.hint != error.message
    assert error.exit_code in {code for base, code in CODES.items() if issubclass(kind, base)}
    assert json.loads(json.dumps(error.facts(), allow_nan=False)).keys() == {
        field.name for field in dataclasses.fields(error)
    }


@pytest.mark.parametrize("kind", ERRORS, ids=lambda each: each.__qualname__)
def test_every_error_can_be_told_from_another_of_its_kind(kind):
    """Equal facts are no equal errors: a traceback belongs to one of them."""
    first, second = (_instance(kind, everything=True) for _ in range(2))
    assert first != second
    assert len({first, second}) == 2


def test_every_error_class_belongs_to_an_exit_code():
    for kind in _below(PipelineError):
        if kind.__module__.partition(".")[0] in ("pipeline", "device"):
            assert len([base for base in CODES if issubclass(kind, base)]) == 1, kind


@given(text=st.text())
def test_one_line_is_one_line(text):
    line = one_line(text)
    assert line.isprintable()
    assert line == line.strip()
    assert "  " not in line
    assert one_line(line) == line


def test_what_a_user_wrote_cannot_break_the_line():
    assert str(FileMissing(Path("a\n\x1b[31mred\r\tb"))) == "file not found: a [31mred b"


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (Path("a/b"), "a/b"),
        ((1, Path("x")), [1, "x"]),
        ({1: Path("x")}, {"1": "x"}),
        (float("inf"), "inf"),
        (None, None),
        (True, True),
    ],
)
def test_facts_are_plain(value, plain):
    @dataclasses.dataclass(eq=False)
    class Strange(UsageError):
        value: object

    assert Strange(value).facts() == {"value": plain}


def test_an_error_without_facts_has_none():
    assert UsageError().facts() == {}
    assert LocalDiskFull(Path("x")).facts() == {"path": "x"}
