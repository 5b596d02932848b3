"""One command's dealings with the terminal: progress and tables on stderr, JSON on stdout, and
the exit code."""

from __future__ import annotations

import json as json_module
import os
import signal
import sys
import traceback
from collections.abc import Iterable
from dataclasses import asdict
from types import TracebackType
from typing import TYPE_CHECKING, Any

import typer

from pipeline.cli.console import Terminal
from pipeline.core.errors import ExitCode, PipelineError, one_line

if TYPE_CHECKING:
    from rich.console import RenderableType


class Session:
    """Context of a command: turns errors into messages and codes, results into text."""

    def __init__(self, json: bool) -> None:
        self._json = json
        self._terminal = Terminal()
        self.listener = self._terminal.listener

    def __enter__(self) -> Session:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._terminal.close()
        if error is None or isinstance(error, (typer.Exit, SystemExit, typer.BadParameter)):
            return
        # What is printed below must get out, and a second Ctrl-C must not tear it apart.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        raise typer.Exit(self._fail(error)) from None

    def value(self, value: Any) -> None:
        """Print a JSON value on stdout."""
        try:
            sys.stdout.write(json_module.dumps(value, indent=2, allow_nan=False) + "\n")
            sys.stdout.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    def log(self, lines: Iterable[str]) -> None:
        """Write lines to stderr as they are, for whatever reads the log."""
        self._terminal.close()
        for line in lines:
            print(line, file=sys.stderr, flush=True)

    def show(
        self, found: Any, lines: Iterable[RenderableType], exit_code: ExitCode | None = None
    ) -> None:
        """Show a result, as lines to people and as JSON to machines; then leave with a code."""
        self._terminal.close()
        self._terminal.print(*lines)
        if self._json:
            self.value(_jsonable(found))
        if exit_code is not None:
            raise typer.Exit(exit_code)

    def _fail(self, error: BaseException) -> ExitCode:
        if isinstance(error, KeyboardInterrupt):
            self._say(
                "Interrupted", "interrupted", "finished stages are kept: run it again to go on"
            )
            return ExitCode.INTERRUPTED
        if isinstance(error, OSError):
            error = _as_ours(error)
        if isinstance(error, PipelineError):
            self._say(type(error).__name__, str(error), error.hint, error.facts())
            return error.exit_code
        if os.environ.get("PIPELINE_DEBUG"):
            traceback.print_exception(error)
        text = one_line(f"{type(error).__name__}: {error}")
        self._say("InternalError", f"a fault in the pipeline itself: {text}", _REPORT)
        return ExitCode.TOOLCHAIN

    def _say(
        self, kind: str, message: str, hint: str, facts: dict[str, object] | None = None
    ) -> None:
        self._terminal.error(message, hint)
        if self._json:
            self.value(
                {
                    "status": "failed",
                    "error": kind,
                    "message": message,
                    "hint": hint,
                    "facts": facts or {},
                }
            )


def _jsonable(found: Any) -> Any:
    if isinstance(found, (list, tuple)):
        return [_jsonable(item) for item in found]
    return found.as_json() if hasattr(found, "as_json") else asdict(found)


_REPORT = "set PIPELINE_DEBUG=1 to see where, and report it with that output"


def _as_ours(error: OSError) -> BaseException:
    from pathlib import Path

    from pipeline.core.files import disk_errors

    try:
        with disk_errors(Path(error.filename or ".")):
            raise error
    except PipelineError as ours:
        return ours
