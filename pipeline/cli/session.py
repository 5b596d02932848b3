"""One command's dealings with the terminal: progress and tables on stderr, JSON on stdout, and
the exit code."""

from __future__ import annotations

import json as json_module
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any

import typer

from pipeline.cli.console import Terminal
from pipeline.core.errors import ExitCode, PipelineError, one_line

if TYPE_CHECKING:
    from device.codes import HdcCode
    from pipeline.chain.devices import Listed
    from pipeline.chain.doctor import Check
    from pipeline.chain.emulator import Lab
    from pipeline.chain.recover import Recovered
    from pipeline.chain.report import Report
    from pipeline.chain.sensitivity import Sensitivity
    from pipeline.chain.tuning.outcome import Tuned
    from pipeline.inspect.compare import Comparison
    from pipeline.inspect.record import Inspection
    from pipeline.stages.divergence import Divergence
    from pipeline.toolchain.toolchain import Toolchain


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

    def report(self, report: Report) -> None:
        """Show a report; a limit that was not met ends the command with code 1."""
        from pipeline.cli import tables

        self._terminal.close()
        self._terminal.print(*tables.report(report))
        if self._json:
            self.value(report.as_json())
        if report.failures:
            raise typer.Exit(ExitCode.GATE_FAILED)

    def tuned(self, tuned: Tuned) -> None:
        """Show what a search found; a limit that nothing meets ends the command with code 1."""
        from pipeline.cli import tune_tables

        self._terminal.close()
        self._terminal.print(*tune_tables.tuned(tuned))
        if self._json:
            self.value(tuned.as_json())
        if tuned.interrupted:
            raise typer.Exit(ExitCode.INTERRUPTED)
        if tuned.failures:
            raise typer.Exit(ExitCode.GATE_FAILED)

    def recovered(self, found: Recovered) -> None:
        """Show what a training won back; a missed limit ends the command with code 1."""
        from pipeline.cli import recover_tables

        self._terminal.close()
        self._terminal.print(*recover_tables.recovered(found))
        if self._json:
            self.value(found.as_json())
        if found.failures:
            raise typer.Exit(ExitCode.GATE_FAILED)

    def sensitivity(self, found: Sensitivity) -> None:
        """Show what each layer costs by itself."""
        from pipeline.cli import sensitivity_table

        self._terminal.close()
        title = f"{found.name}: each layer alone by {found.recipe}"
        self._terminal.print(*sensitivity_table.shown(found.costs, title))
        self._terminal.print(f"report: {found.run_folder / 'report.html'}")
        if self._json:
            self.value(found.as_json())

    def devices(self, listed: Sequence[Listed]) -> None:
        """Show connected devices."""
        from pipeline.cli import tables

        self._terminal.print(*tables.devices(listed))
        if self._json:
            self.value([item.as_json() for item in listed])

    def lab(self, lab: Lab) -> None:
        """Show emulated devices."""
        from pipeline.cli import emulator_tables

        self._terminal.close()
        self._terminal.print(*emulator_tables.lab(lab))
        if self._json:
            self.value(lab.as_json())

    def explained(self, known: HdcCode) -> None:
        """Show what a message of hdc means and what to do about it."""
        from dataclasses import asdict

        self._terminal.print(f"{known.code} {known.cause}".strip(), f"do: {known.hint}")
        if self._json:
            self.value(asdict(known))

    def checks(self, checks: Sequence[Check]) -> None:
        """Show the doctor's findings; something missing ends the command with code 4."""
        from pipeline.cli import tables

        self._terminal.print(*tables.checks(checks))
        if self._json:
            self.value([check.as_json() for check in checks])
        if any(check.state.value == "missing" for check in checks):
            raise typer.Exit(ExitCode.TOOLCHAIN)

    def inspection(self, found: Inspection | Comparison) -> None:
        """Show a model file, or what changes between two."""
        from pipeline.cli import inspect_tables

        self._terminal.print(*inspect_tables.shown(found))
        if self._json:
            self.value(found.as_json())

    def divergence(self, found: Divergence) -> None:
        """Show where two computations part."""
        from pipeline.cli import divergence_table

        self._terminal.print(*divergence_table.divergence(found))
        if self._json:
            self.value(found.as_json())

    def toolchain(self, toolchain: Toolchain) -> None:
        """Show a toolchain."""
        from pipeline.cli import tables

        self._terminal.print(*tables.toolchain(toolchain))
        if self._json:
            self.value(toolchain.as_json())

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


_REPORT = "set PIPELINE_DEBUG=1 to see where, and report it with that output"


def _as_ours(error: OSError) -> BaseException:
    from pathlib import Path

    from pipeline.core.files import disk_errors

    try:
        with disk_errors(Path(error.filename or ".")):
            raise error
    except PipelineError as ours:
        return ours
