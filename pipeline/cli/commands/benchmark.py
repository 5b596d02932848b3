"""`pipeline benchmark`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Optional

import typer

from pipeline.cli import options
from pipeline.cli.session import Session
from pipeline.core.errors import ExitCode

EXAMPLE = "pipeline benchmark --device watch model.ms"


def command(
    models: Annotated[
        Optional[list[Path]],
        typer.Argument(
            metavar="[MODEL]...",
            help="A .ms file (default: what was deployed last)",
            show_default=False,
        ),
    ] = None,
    together: Annotated[
        bool, typer.Option("--together", help="Several models: alone, and beside the others")
    ] = False,
    device: options.DeviceOption = "phone",
    target: options.TargetOption = None,
    emulate: options.EmulateOption = None,
    no_emulate: options.NoEmulateOption = False,
    hdc: options.HdcOption = None,
    app: options.AppOption = None,
    toolchain: options.ToolchainOption = None,
    workspace: options.WorkspaceOption = Path("runs"),
    history: options.HistoryOption = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Few launches and samples, which bear p90 at most")
    ] = False,
    percentile: Annotated[
        Optional[float], typer.Option(min=1, max=99.9, help="To be borne at 99 % confidence")
    ] = None,
    runs: Annotated[
        Optional[int], typer.Option(min=1, max=1000, help="Launches of each model")
    ] = None,
    every: Annotated[
        Optional[float], typer.Option(min=0.001, help="Paced: an inference every so many ms")
    ] = None,
    sustain: Annotated[
        Optional[str], typer.Option(help="One run of this length, with a timeline: 90s, 10m")
    ] = None,
    profile: Annotated[
        bool, typer.Option("--profile", help="Time every operator too, in a run of its own")
    ] = False,
    sweep: Annotated[
        Optional[list[str]],
        typer.Option(help="Settings to try: threads=1,2,4 or cores=0-3,4-7; repeatable"),
    ] = None,
    baseline: Annotated[
        Optional[Path],
        typer.Option(help="A run folder: its models take turns with these and are compared"),
    ] = None,
    json: options.JsonOption = False,
) -> None:
    """Measure models on a device: every sample, percentiles, and what they support."""
    common: dict[str, Any] = {
        "device": device,
        "target": target,
        "emulate": options.emulation(emulate, no_emulate),
        "hdc": hdc,
        "app": app,
        "toolchain": toolchain,
        "workspace": workspace,
        "history": history,
    }
    with Session(json) as current:
        if together:
            _together(current, models or (), common)
            return
        if len(models or ()) > 1:
            raise typer.BadParameter("several models are measured with --together")
        from pipeline.chain.tune import seconds
        from pipeline.stages.benchmark.plan import Wanted

        wanted = Wanted(
            quick=quick,
            percentile=percentile,
            runs=runs,
            interval_ms=every,
            sustained_s=None if sustain is None else seconds(sustain),
            operators=profile,
        )
        from pipeline.chain.benchmark import benchmark as call
        from pipeline.cli import tables

        report = call(
            models[0] if models else None,
            listener=current.listener,
            wanted=wanted,
            sweep=sweep or (),
            baseline=baseline,
            **common,
        )
        current.show(report, tables.report(report), report.exit_code or None)


def _together(current: Session, models: Sequence[Path], common: Mapping[str, Any]) -> None:
    from pipeline.chain.modelset import benchmark_together as call
    from pipeline.cli import together_table

    found = call(models, listener=current.listener, **common)
    code = ExitCode.GATE_FAILED if found.failures else None
    current.show(found, together_table.together(found), code)
