"""`pipeline recover`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli import options
from pipeline.cli.session import Session
from pipeline.core.errors import ExitCode

EXAMPLE = "pipeline recover my/deploy.yaml --recipe codebook-2"


def command(
    config: options.ConfigArgument = None,
    recipe: Annotated[
        str, typer.Option("--recipe", "-r", help="How the weights are quantized")
    ] = "codebook-2",
    toolchain: options.ToolchainOption = None,
    workspace: options.WorkspaceOption = Path("runs"),
    json: options.JsonOption = False,
) -> None:
    """Train the network for a while with quantized weights, to win back their accuracy."""
    with Session(json) as current:
        from pipeline.chain.recover import recover as call
        from pipeline.cli import recover_tables

        found = call(
            config,
            recipe=recipe,
            toolchain=toolchain,
            workspace=workspace,
            listener=current.listener,
        )
        current.show(
            found, recover_tables.recovered(found), ExitCode.GATE_FAILED if found.failures else None
        )
