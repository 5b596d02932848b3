"""`pipeline recover`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from pipeline.cli import options
from pipeline.cli.session import Session
from pipeline.config.recover_words import Train
from pipeline.core.errors import ExitCode

EXAMPLE = "pipeline recover my/deploy.yaml --recipe codebook-2"


def command(
    config: options.ConfigArgument = None,
    recipe: Annotated[
        str, typer.Option("--recipe", "-r", help="How the weights are quantized")
    ] = "codebook-2",
    train: Annotated[
        Optional[Train], typer.Option(help="When to train; the configuration's if absent")
    ] = None,
    toolchain: options.ToolchainOption = None,
    workspace: options.WorkspaceOption = Path("runs"),
    json: options.JsonOption = False,
) -> None:
    """Win back the accuracy that quantization took: without training, then by a short training."""
    with Session(json) as current:
        from pipeline.chain.recover import recover as call
        from pipeline.cli import recover_tables

        found = call(
            config,
            recipe=recipe,
            train=train,
            toolchain=toolchain,
            workspace=workspace,
            listener=current.listener,
        )
        current.show(
            found, recover_tables.recovered(found), ExitCode.GATE_FAILED if found.failures else None
        )
