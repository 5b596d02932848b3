"""`pipeline sensitivity`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli import options
from pipeline.cli.session import Session

EXAMPLE = "pipeline sensitivity my/deploy.yaml --recipe codebook-3"


def command(
    config: options.ConfigArgument = None,
    recipe: Annotated[
        str, typer.Option("--recipe", "-r", help="How the layer that is tried is quantized")
    ] = "codebook-3",
    jobs: options.JobsOption = None,
    toolchain: options.ToolchainOption = None,
    workspace: options.WorkspaceOption = Path("runs"),
    json: options.JsonOption = False,
) -> None:
    """Quantize each layer alone: what it costs in accuracy, and what it saves."""
    with Session(json) as current:
        from pipeline.chain.sensitivity import sensitivity as call
        from pipeline.cli import sensitivity_table

        found = call(
            config,
            recipe=recipe,
            jobs=jobs,
            toolchain=toolchain,
            workspace=workspace,
            listener=current.listener,
        )
        title = f"{found.name}: each layer alone by {found.recipe}"
        report = f"report: {found.run_folder / 'report.html'}"
        current.show(found, (*sensitivity_table.shown(found.costs, title), report))
