"""`pipeline nightly`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli import options
from pipeline.cli.session import Session
from pipeline.core.errors import ExitCode

EXAMPLE = "pipeline nightly configs/nightly.yaml"


def command(
    config: Annotated[Path, typer.Argument(help="The night's YAML file")] = Path(
        "configs/nightly.yaml"
    ),
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Begin anew, whatever lies unfinished")
    ] = False,
    emulate: options.EmulateOption = None,
    no_emulate: options.NoEmulateOption = False,
    scheduler: options.SchedulerOption = None,
    hdc: options.HdcOption = None,
    toolchain: options.ToolchainOption = None,
    workspace: options.WorkspaceOption = Path("runs"),
    history: options.HistoryOption = None,
    json: options.JsonOption = False,
) -> None:
    """Every model by every recipe on every device, judged; goes on where it was interrupted."""
    with Session(json) as current:
        from pipeline.chain.nightly.night import nightly as call
        from pipeline.chain.nightly.publish import marks
        from pipeline.cli import nightly_table

        found = call(
            config,
            emulate=options.emulation(emulate, no_emulate),
            fresh=fresh,
            scheduler=scheduler,
            hdc=hdc,
            toolchain=toolchain,
            workspace=workspace,
            history=history,
            listener=current.listener,
        )
        if os.environ.get("GITHUB_ACTIONS"):
            current.log(marks(found))
        exit_code = None if found.exit_code is ExitCode.DONE else found.exit_code
        current.show(found, nightly_table.night(found), exit_code)
