"""`pipeline benchmark`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from pipeline.cli import options
from pipeline.cli.session import Session
from pipeline.core.errors import ExitCode

EXAMPLE = "pipeline benchmark --device watch model.ms"


def command(
    model: Annotated[
        Optional[Path],
        typer.Argument(help="A .ms file (default: what was deployed last)", show_default=False),
    ] = None,
    device: options.DeviceOption = "phone",
    target: options.TargetOption = None,
    emulate: options.EmulateOption = None,
    no_emulate: options.NoEmulateOption = False,
    hdc: options.HdcOption = None,
    app: options.AppOption = None,
    toolchain: options.ToolchainOption = None,
    workspace: options.WorkspaceOption = Path("runs"),
    history: options.HistoryOption = None,
    json: options.JsonOption = False,
) -> None:
    """Measure models on a device: every sample, percentiles, and what they support."""
    with Session(json) as current:
        from pipeline.chain.benchmark import benchmark as call
        from pipeline.cli import tables

        report = call(
            model,
            device=device,
            target=target,
            emulate=options.emulation(emulate, no_emulate),
            hdc=hdc,
            app=app,
            toolchain=toolchain,
            workspace=workspace,
            history=history,
            listener=current.listener,
        )
        current.show(
            report, tables.report(report), ExitCode.GATE_FAILED if report.failures else None
        )
