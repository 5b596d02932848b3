"""Functions of the user's, named ``package.module:callable``: found, called, blamed precisely.

For the child processes in which user code runs; nothing here catches what ends a process.
"""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import sys
import sysconfig
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from pipeline.core.files import sha256_file


class NotFound(Exception):
    """The module or the attribute is not there; the text says which, and what is like it."""


@dataclass(frozen=True)
class Blame:
    """What user code raised, and the last line of the user's that it passed."""

    kind: str
    text: str
    file: str | None
    line: int | None

    @property
    def place(self) -> str:
        """``file:line`` for people."""
        return f"{self.file}:{self.line}" if self.file else "outside your code"


def resolve(name: str, python_path: Sequence[Path]) -> Callable[..., Any]:
    """The callable that ``name`` means, with ``python_path`` searched first.

    Raises NotFound, and whatever importing the user's module raises.
    """
    for folder in reversed(python_path):
        if str(folder) not in sys.path:
            sys.path.insert(0, str(folder))
    module_name, _, attribute = name.partition(":")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name and (module_name == error.name or module_name.startswith(f"{error.name}.")):
            searched = ", ".join(map(str, python_path)) or "the Python path"
            raise NotFound(f"there is no module `{error.name}` in {searched}") from None
        raise
    if not hasattr(module, attribute):
        close = difflib.get_close_matches(attribute, dir(module), n=1)
        like = f"; did you mean `{close[0]}`?" if close else ""
        raise NotFound(f"the module `{module_name}` has no `{attribute}`{like}")
    value = getattr(module, attribute)
    if not callable(value):
        raise NotFound(f"`{name}` is a {type(value).__name__}, not a function or class")
    return value  # type: ignore[no-any-return]


def blame(error: BaseException) -> Blame:
    """Who is to blame for ``error``: the innermost frame that is the user's."""
    place = _innermost(error.__traceback__)
    if isinstance(error, SyntaxError) and error.filename:
        place = (error.filename, error.lineno or 0)
    file, line = place if place else (None, None)
    return Blame(type(error).__name__, " ".join(str(error).split())[:500], file, line)


def loaded_sources() -> dict[str, str]:
    """Every source file of the user's that was imported so far, with its SHA-256."""
    found = {}
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and file.endswith(".py") and _is_users(file):
            path = Path(file).absolute()
            if path.is_file():
                found[str(path)] = sha256_file(path)
    return dict(sorted(found.items()))


def _innermost(trace: TracebackType | None) -> tuple[str, int] | None:
    frames = [
        (frame.filename, frame.lineno or 0)
        for frame in traceback.extract_tb(trace)
        if _is_users(frame.filename)
    ]
    return frames[-1] if frames else None


def _is_users(file: str) -> bool:
    path = Path(file).absolute()
    installed = not _INSTALLED.isdisjoint(path.parts)
    return not installed and not any(map(path.is_relative_to, _NOT_USERS)) and path.exists()


#: Whatever interpreter they belong to: this one's, the one's below it, or the user's own.
_INSTALLED = frozenset({"site-packages", "dist-packages"})
_NOT_USERS = (
    Path(__file__).absolute().parents[1],
    *(Path(sysconfig.get_path(name)).absolute() for name in ("stdlib", "platstdlib")),
)
