"""`pipeline doctor`."""

from __future__ import annotations

from typing import Annotated, Optional

import typer

from pipeline.cli import options
from pipeline.cli.session import Session
from pipeline.core.errors import ExitCode

EXAMPLE = "pipeline doctor"


def command(
    hdc: options.HdcOption = None,
    explain: Annotated[
        Optional[str],
        typer.Option("--explain", help="Tell what a message or code of hdc means: E003001"),
    ] = None,
    json: options.JsonOption = False,
) -> None:
    """Check each thing that is needed: found, its version, or what to do."""
    with Session(json) as current:
        if explain is not None:
            from device.codes import explain as look_up

            known = look_up(explain)
            current.show(known, (f"{known.code} {known.cause}".strip(), f"do: {known.hint}"))
            return
        from pipeline.chain.doctor import doctor as call
        from pipeline.cli import tables

        checks = call(hdc)
        missing = any(check.state.value == "missing" for check in checks)
        current.show(checks, tables.checks(checks), ExitCode.TOOLCHAIN if missing else None)
