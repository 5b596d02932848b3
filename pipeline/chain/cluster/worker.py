"""`pipeline worker`: this machine's devices offered to a scheduler, until it is stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from pipeline.chain.cluster.client import quiet
from pipeline.chain.cluster.errors import DaskMissing, NothingToOffer, SchedulerUnreachable
from pipeline.chain.cluster.station import Station, offers, resources
from pipeline.chain.cluster.task import STATION
from pipeline.chain.devices import devices
from pipeline.chain.run import WORKSPACE, pipeline_version
from pipeline.core.errors import one_line
from pipeline.core.places import expand

_PATIENCE_S = 30


def serve(
    address: str,
    *,
    targets: Sequence[str] = (),
    trials: int = 0,
    hdc: Path | None = None,
    workspace: Path = WORKSPACE,
    on_ready: Callable[[Station], None] = lambda station: None,
) -> None:
    """Work for the scheduler at ``address`` until it closes or we are interrupted.

    Args:
        address: of the scheduler, as ``tcp://host:8786``.
        targets: connect keys of the devices to offer; every device when empty.
        trials: how many trials of searches run here at once.
        hdc: the hdc program; searched for when None.
        workspace: folder of what is sent here, and of finished stages.
        on_ready: called when the scheduler knows of us.

    Raises:
        PipelineError: DaskMissing, NothingToOffer, SchedulerUnreachable, those of hdc.
    """
    try:
        import distributed  # noqa: F401
    except ImportError:
        raise DaskMissing() from None
    quiet()
    found = offers(devices(hdc), targets) if targets or hdc or not trials else ()
    if not found and not trials:
        raise NothingToOffer()
    station = Station(expand(workspace).absolute(), hdc, found, pipeline_version())
    asyncio.run(_serve(address, station, trials, on_ready))


async def _serve(
    address: str, station: Station, trials: int, on_ready: Callable[[Station], None]
) -> None:
    from distributed import Worker, WorkerPlugin

    class Plugin(WorkerPlugin):  # type: ignore[misc]
        """How tasks find the station."""

        name = STATION

        def __init__(self) -> None:
            self.station = station

        def setup(self, worker: Worker) -> None:
            station.address = worker.address

    try:
        worker = await Worker(
            address,
            nthreads=len(station.offers) + trials,
            resources=resources(station.offers, trials),
            plugins=(Plugin(),),
            local_directory=str(station.workspace / ".dask"),
            death_timeout=_PATIENCE_S,
            # Devices wait for nobody's memory, and what is measured must not be moved.
            memory_limit=0,
            dashboard=False,
        )
    except (OSError, TimeoutError, asyncio.TimeoutError) as error:
        reason = one_line(str(error)) or type(error).__name__
        raise SchedulerUnreachable(address, reason) from None
    on_ready(station)
    await worker.finished()
