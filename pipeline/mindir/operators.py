"""What the installed MindSpore says of its operators: inputs, arguments, their meaning as numbers.

In MindIR version 2 and up most primitives carry their former attributes as trailing inputs. Which
those are, and which of them are strings or types turned into numbers, is read from the operator
classes themselves, so a new MindSpore brings its own definitions along.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any, Protocol

from pipeline.mindir.errors import MindSporeMissing
from pipeline.mindir.values import DataType

#: What arguments that stand for strings can mean, where their documentation does not spell it out.
_FORMATS = ("NCHW", "NHWC", "NCDHW")
_PAD_MODES = ("SAME", "VALID", "PAD")


@dataclass(frozen=True)
class Argument:
    """A constructor argument; ``meanings`` maps the numbers that stand for strings or types."""

    name: str
    meanings: Mapping[int, str | DataType] = field(default_factory=dict)


@dataclass(frozen=True)
class Operator:
    """An operator: its inputs in order (None: any number), and the arguments that follow them."""

    name: str
    inputs: tuple[str, ...] | None
    arguments: tuple[Argument, ...]


class Definitions(Protocol):
    """Where definitions come from; a table in tests, the installed MindSpore otherwise."""

    def find(self, name: str) -> Operator | None:
        """The definition of operator ``name``; None when there is none."""


class InstalledDefinitions:
    """The operator classes of the installed MindSpore; imports it at the first look-up."""

    def find(self, name: str) -> Operator | None:
        return _find(name)


@cache
def _find(name: str) -> Operator | None:
    try:
        from mindspore.ops import auto_generate
    except ImportError as error:
        raise MindSporeMissing(str(error)) from error
    operator = getattr(auto_generate, name, None)
    if not inspect.isclass(operator):
        return None
    arguments = tuple(_argument(operator, name) for name in _parameters(operator.__init__))
    return Operator(name, _inputs(operator), arguments)


def _parameters(function: Callable[..., Any]) -> tuple[str, ...]:
    return tuple(inspect.signature(function).parameters)[1:]


def _inputs(operator: Any) -> tuple[str, ...] | None:
    parameters = list(inspect.signature(operator.__call__).parameters.values())[1:]
    if any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters):
        return None
    return tuple(parameter.name for parameter in parameters)


def _argument(operator: Any, name: str) -> Argument:
    """What a constructor made of the argument's default tells whether it became a number."""
    default = inspect.signature(operator.__init__).parameters[name].default
    kept = getattr(_instance(operator), name, default)
    if not isinstance(kept, int) or isinstance(default, (bool, int, float)):
        return Argument(name)
    if isinstance(default, str):
        return Argument(name, dict(_strings(operator, name)))
    return Argument(name, dict(_types()))


@cache
def _instance(operator: Any) -> Any:
    required = [
        name
        for name, parameter in inspect.signature(operator.__init__).parameters.items()
        if name != "self" and parameter.default is inspect.Parameter.empty
    ]
    try:
        return operator(**dict.fromkeys(required))
    except Exception:  # it checks its values, and None is not one: its defaults are as they were
        return None


def _strings(operator: Any, argument: str) -> dict[int, str]:
    # The table is in C++ and goes from string to number only, so every word that the argument's
    # documentation mentions is tried.
    from mindspore._c_expression import op_enum

    described = re.search(
        rf"\b{argument} \(.*?(?=\n +\w+ \(|\n *\n|$)", operator.__doc__ or "", re.S
    )
    quoted = re.findall(r"""["'`]([A-Za-z_]+)["'`]""", described.group() if described else "")
    usual = _FORMATS if argument.endswith("format") else _PAD_MODES if "pad" in argument else ()
    meanings: dict[int, str] = {}
    for word in (*quoted, *usual):
        try:
            number = int(op_enum.str_to_enum(operator.__name__, argument, word))
        except (RuntimeError, ValueError, TypeError, KeyError):
            continue
        meanings.setdefault(number, word)
    return meanings


@lru_cache(maxsize=1)
def _types() -> dict[int, DataType]:
    import mindspore
    from mindspore._c_expression import typing

    return {
        int(typing.type_to_type_id(getattr(mindspore, name))): DataType(name.rstrip("_"))
        for name in (
            "bool_", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
            "float16", "float32", "float64",
        )
    }  # fmt: skip
