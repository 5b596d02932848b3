"""`pipeline report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from pipeline.cli import options
from pipeline.cli.session import Session

EXAMPLE = "pipeline report runs/20260101T020000-deploy-digits"


def command(
    run: Annotated[
        Optional[Path],
        typer.Argument(help="A run folder (default: the latest)", show_default=False),
    ] = None,
    workspace: options.WorkspaceOption = Path("runs"),
    history: options.HistoryOption = None,
    json: options.JsonOption = False,
) -> None:
    """Write a deployment's or benchmark's report again, with the trends known by now."""
    with Session(json) as current:
        from pipeline.chain.account import report as call

        found = call(run, history=history, workspace=workspace)
        current.show(found, [f"report: {path}" for path in found.pages])
