"""`pipeline toolchain`."""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.cli import options
from pipeline.cli.session import Session

app = typer.Typer(help="The MindSpore Lite converter and runtime.", no_args_is_help=True)


@app.command("show", epilog="Example: pipeline toolchain show --json")
def show(toolchain: options.ToolchainOption = None, json: options.JsonOption = False) -> None:
    """Tell which toolchain is used, and where its parts are. Installs nothing."""
    with Session(json) as current:
        from pipeline.chain.tools import show as call
        from pipeline.cli import tables

        found = call(toolchain)
        current.show(found, tables.toolchain(found))


@app.command("install", epilog="Example: pipeline toolchain install")
def install(
    toolchain: options.ToolchainOption = None,
    force: Annotated[bool, typer.Option("--force", help="Fetch and build again")] = False,
    json: options.JsonOption = False,
) -> None:
    """Fetch the package and build the native programs, unless that is done."""
    with Session(json) as current:
        from pipeline.chain.tools import install as call
        from pipeline.cli import tables

        found = call(toolchain, force=force, listener=current.listener)
        current.show(found, tables.toolchain(found))


@app.command("arm64", epilog="Example: pipeline toolchain arm64")
def arm64(json: options.JsonOption = False) -> None:
    """Fetch and build what `--emulate arm64` takes; make arm64 brings Debian's part of it too."""
    with Session(json) as current:
        from pipeline.chain.arm64 import install as call
        from pipeline.cli import tables

        found = call(current.listener)
        current.show(found, tables.arm64(found))
