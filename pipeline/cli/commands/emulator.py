"""`pipeline emulator`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from pipeline.cli import options
from pipeline.cli.session import Session

app = typer.Typer(help="Emulated devices, several at once.", no_args_is_help=True)


@app.command("start", epilog="Example: pipeline emulator start watch --number 2")
def start(
    kind: Annotated[str, typer.Argument(help="A profile of configs/devices, or board")] = "phone",
    number: Annotated[int, typer.Option("--number", "-n", min=1, max=64, help="How many")] = 1,
    key: Annotated[
        Optional[str], typer.Option(help="Of one: a serial number, or IP:PORT", show_default=False)
    ] = None,
    connection: Annotated[
        Optional[str], typer.Option(help="USB or TCP (default: the profile's)", show_default=False)
    ] = None,
    toolchain: options.ToolchainOption = None,
    workspace: options.WorkspaceOption = Path("runs"),
    json: options.JsonOption = False,
) -> None:
    """Start emulated devices that are found as connected ones are."""
    with Session(json) as current:
        from pipeline.chain.emulator import start as call
        from pipeline.cli import emulator_tables

        found = call(
            kind,
            number=number,
            key=key,
            connection=connection,
            toolchain=toolchain,
            workspace=workspace,
            listener=current.listener,
        )
        current.show(found, emulator_tables.lab(found))


@app.command("stop", epilog="Example: pipeline emulator stop --remove")
def stop(
    key: Annotated[Optional[str], typer.Argument(help="Which one (default: all)")] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Delete its files too")] = False,
    workspace: options.WorkspaceOption = Path("runs"),
    json: options.JsonOption = False,
) -> None:
    """Stop emulated devices."""
    with Session(json) as current:
        from pipeline.chain.emulator import stop as call
        from pipeline.cli import emulator_tables

        found = call(key, remove=remove, workspace=workspace)
        current.show(found, emulator_tables.lab(found))


@app.command("plant", epilog="Example: pipeline emulator plant EMULATED-PHONE-1 faults.yaml")
def plant(
    key: Annotated[str, typer.Argument(help="Which one")],
    script: Annotated[Path, typer.Argument(help="Faults, a state, and how it is, as YAML")],
    workspace: options.WorkspaceOption = Path("runs"),
    json: options.JsonOption = False,
) -> None:
    """Let faults befall an emulated device: cuts, a full disk, a reboot, heat, an empty battery."""
    with Session(json) as current:
        from pipeline.chain.emulator import plant as call
        from pipeline.cli import emulator_tables

        found = call(key, script, workspace=workspace)
        current.show(found, emulator_tables.lab(found))


@app.command("list", epilog="Example: pipeline emulator list --json")
def list_(
    workspace: options.WorkspaceOption = Path("runs"), json: options.JsonOption = False
) -> None:
    """List the emulated devices that were started by hand."""
    with Session(json) as current:
        from pipeline.chain.emulator import lab as call
        from pipeline.cli import emulator_tables

        found = call(workspace=workspace)
        current.show(found, emulator_tables.lab(found))
