"""`pipeline devices`."""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.cli import options
from pipeline.cli.session import Session

EXAMPLE = "pipeline devices --json"


def command(
    hdc: options.HdcOption = None,
    clean: Annotated[
        bool, typer.Option("--clean", help="Remove the pipeline's files from every device")
    ] = False,
    json: options.JsonOption = False,
) -> None:
    """List connected devices, what they are and which profiles they fit."""
    with Session(json) as current:
        from pipeline.chain.devices import devices as call
        from pipeline.cli import device_table

        listed = call(hdc, clean=clean)
        current.show(listed, device_table.devices(listed))
