"""The user's network: found and called."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeline.core import usercode
from pipeline.stages.checkpoint.errors import FactoryFailed, FactoryNotFound, NotACell


def build(factory: str, arguments: Mapping[str, object], python_path: Sequence[Path]) -> Any:
    """The ``nn.Cell`` that ``package.module:callable`` returns.

    Raises ``FactoryNotFound``, ``FactoryFailed`` and ``NotACell``.
    """
    from mindspore import nn

    module, _, name = factory.partition(":")
    if not module or not name:
        raise FactoryNotFound(factory, "it is not of the form package.module:callable")
    network = _guarded(factory, lambda: usercode.resolve(factory, python_path)(**arguments))
    if not isinstance(network, nn.Cell):
        raise NotACell(factory, _described(network))
    return network


def users_line(error: BaseException) -> str:
    """``file:line`` of the user's own code that an error came through last, or nothing."""
    blame = usercode.blame(error)
    return blame.place if blame.file else ""


def _guarded(factory: str, call: Callable[[], Any]) -> Any:
    try:
        return call()
    except usercode.NotFound as error:
        raise FactoryNotFound(factory, str(error)) from error
    except (Exception, SystemExit) as error:
        traceback.print_exception(error)
        text = " ".join(str(error).split("\n\n")[0].split())
        raise FactoryFailed(factory, type(error).__name__, text, users_line(error)) from error


def _described(value: object) -> str:
    if isinstance(value, type):
        return f"the class {value.__name__}"
    return "None" if value is None else f"a {type(value).__name__}"
