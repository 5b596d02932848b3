"""`pipeline convert`."""

from __future__ import annotations

from pathlib import Path

from pipeline.cli import options
from pipeline.cli.session import Session
from pipeline.core.errors import ExitCode

EXAMPLE = "pipeline convert my/deploy.yaml --recipe full-8 --json"


def command(
    config: options.ConfigArgument = None,
    recipe: options.RecipeOption = None,
    toolchain: options.ToolchainOption = None,
    workspace: options.WorkspaceOption = Path("runs"),
    json: options.JsonOption = False,
) -> None:
    """Checkpoint to proved and evaluated models, without a device."""
    with Session(json) as current:
        from pipeline.chain.deploy import convert as call
        from pipeline.cli import tables

        report = call(
            config,
            recipes=recipe or (),
            toolchain=toolchain,
            workspace=workspace,
            listener=current.listener,
        )
        current.show(
            report, tables.report(report), ExitCode.GATE_FAILED if report.failures else None
        )
