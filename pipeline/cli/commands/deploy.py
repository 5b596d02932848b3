"""`pipeline deploy`."""

from __future__ import annotations

from pathlib import Path

from pipeline.cli import options
from pipeline.cli.session import Session
from pipeline.core.errors import ExitCode

EXAMPLE = "pipeline deploy my/deploy.yaml --device watch --recipe weight-8"


def command(
    config: options.ConfigArgument = None,
    device: options.DeviceOption = "phone",
    recipe: options.RecipeOption = None,
    target: options.TargetOption = None,
    emulate: options.EmulateOption = None,
    no_emulate: options.NoEmulateOption = False,
    hdc: options.HdcOption = None,
    toolchain: options.ToolchainOption = None,
    workspace: options.WorkspaceOption = Path("runs"),
    json: options.JsonOption = False,
) -> None:
    """Checkpoint to measured models: export, quantize, convert, evaluate, push, benchmark."""
    with Session(json) as current:
        from pipeline.chain.deploy import deploy as call
        from pipeline.cli import tables

        report = call(
            config,
            device=device,
            recipes=recipe or (),
            target=target,
            emulate=options.emulation(emulate, no_emulate),
            hdc=hdc,
            toolchain=toolchain,
            workspace=workspace,
            listener=current.listener,
        )
        current.show(
            report, tables.report(report), ExitCode.GATE_FAILED if report.failures else None
        )
