"""`pipeline worker`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from pipeline.cli import options
from pipeline.cli.session import Session

if TYPE_CHECKING:
    from pipeline.chain.cluster.station import Station

EXAMPLE = "pipeline worker tcp://ci-host:8786"


def command(
    address: Annotated[str, typer.Argument(help="Of the Dask scheduler: tcp://HOST:8786")],
    target: Annotated[
        Optional[list[str]],
        typer.Option("--target", "-t", help="Offer only these devices; repeatable"),
    ] = None,
    trials: Annotated[
        int, typer.Option(min=0, help="Trials of searches that run here at once")
    ] = 0,
    hdc: options.HdcOption = None,
    workspace: options.WorkspaceOption = Path("runs"),
    json: options.JsonOption = False,
) -> None:
    """Offer this machine's devices to a Dask scheduler, until it closes or Ctrl-C."""
    with Session(json) as current:
        from pipeline.chain.cluster.worker import serve as call

        def ready(station: Station) -> None:
            offered = [f"{one.key} ({', '.join(one.profiles)})" for one in station.offers]
            offered += [f"{trials} trials at once"] if trials else []
            current.log([f"offering {', '.join(offered)} at {station.address}"])

        call(
            address,
            targets=target or (),
            trials=trials,
            hdc=hdc,
            workspace=workspace,
            on_ready=ready,
        )
