"""`pipeline deploy`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Optional

import typer

from pipeline.cli import options
from pipeline.cli.session import Session
from pipeline.core.errors import ExitCode

EXAMPLE = "pipeline deploy my/deploy.yaml --device watch --recipe weight-8"


def command(
    config: options.ConfigArgument = None,
    device: Annotated[
        Optional[list[str]],
        typer.Option(
            "--device",
            "-d",
            help="A profile of configs/devices: phone, watch, ... (default: phone); repeatable",
        ),
    ] = None,
    recipe: options.RecipeOption = None,
    target: Annotated[
        Optional[list[str]],
        typer.Option("--target", "-t", help="Connect key of a device; repeatable"),
    ] = None,
    all_targets: Annotated[
        bool, typer.Option("--all-targets", help="Every connected device that fits, at once")
    ] = False,
    emulate: options.EmulateOption = None,
    no_emulate: options.NoEmulateOption = False,
    hdc: options.HdcOption = None,
    app: options.AppOption = None,
    toolchain: options.ToolchainOption = None,
    workspace: options.WorkspaceOption = Path("runs"),
    history: options.HistoryOption = None,
    json: options.JsonOption = False,
) -> None:
    """Checkpoint to measured models: export, quantize, convert, evaluate, push, benchmark."""
    common: dict[str, Any] = {
        "recipes": recipe or (),
        "emulate": options.emulation(emulate, no_emulate),
        "hdc": hdc,
        "app": app,
        "toolchain": toolchain,
        "workspace": workspace,
        "history": history,
    }
    with Session(json) as current:
        from pipeline.config.modelset import is_set

        if config is not None and is_set(config):
            _set(current, config, device or (), target or (), all_targets, recipe, common)
            return
        if all_targets or len(device or ()) > 1 or len(target or ()) > 1:
            _several(current, config, device or (), target or (), all_targets, common)
            return
        from pipeline.chain.deploy import deploy as call
        from pipeline.cli import tables

        report = call(
            config,
            device=device[0] if device else "phone",
            target=target[0] if target else None,
            listener=current.listener,
            **common,
        )
        current.show(report, tables.report(report), report.exit_code or None)


def _several(
    current: Session,
    config: Path | None,
    devices: Sequence[str],
    targets: Sequence[str],
    all_targets: bool,
    common: Mapping[str, Any],
) -> None:
    from pipeline.chain.fleet import deploy_fleet as call
    from pipeline.cli import fleet_table

    found = call(
        config,
        devices=devices,
        targets=targets,
        all_targets=all_targets,
        listener=current.listener,
        **common,
    )
    current.show(found, fleet_table.fleet(found), found.exit_code or None)


def _set(
    current: Session,
    config: Path,
    devices: Sequence[str],
    targets: Sequence[str],
    all_targets: bool,
    recipes: Sequence[str] | None,
    common: Mapping[str, Any],
) -> None:
    from pipeline.chain.modelset import deploy_set as call
    from pipeline.cli import together_table

    if all_targets or len(devices) > 1 or len(targets) > 1:
        raise typer.BadParameter("a set of models goes to one device at a time")
    if recipes:
        raise typer.BadParameter("the recipe of each model stands in the set: {deployment, recipe}")
    found = call(
        config,
        device=devices[0] if devices else "phone",
        target=targets[0] if targets else None,
        listener=current.listener,
        **{name: value for name, value in common.items() if name != "recipes"},
    )
    code = ExitCode.GATE_FAILED if found.failures else None
    current.show(found, together_table.together(found), code)
