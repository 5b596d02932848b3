"""What is sent to a worker and what comes back; run there by Dask."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.chain.job import Job, Outcome, Trouble, perform
from pipeline.chain.run import go_on
from pipeline.core import files
from pipeline.core.errors import PipelineError
from pipeline.core.events import Silent
from pipeline.stages.benchmark import Inputs, Measurement

if TYPE_CHECKING:
    from pipeline.chain.cluster.station import Station

#: The station's name among the plugins of a Dask worker.
STATION = "mslite-station"


@dataclass(frozen=True)
class Sent:
    """A job whose files are called by their hashes: ``digests`` by the path that the job has."""

    job: Job
    digests: Mapping[Path, str]


@dataclass(frozen=True)
class Lacking:
    """The worker lacks files; nothing has been done."""

    address: str
    digests: tuple[str, ...]


@dataclass(frozen=True)
class Returned:
    """A job that was done: an outcome for each workload, and the files that it left."""

    address: str
    outcomes: tuple[Outcome, ...]
    left: Mapping[str, bytes]


def pack(job: Job) -> Sent:
    """A job ready for the road."""
    paths = (*(workload.model for workload in job.workloads), *job.inputs.paths)
    return Sent(job, {path: files.sha256_file(path) for path in paths})


def work(sent: Sent) -> Lacking | Returned:
    """Perform a job on a worker, on whichever of its devices fits and is free."""
    station = here()
    if lacking := station.blobs.lacking(sent.digests.values()):
        return Lacking(station.address, lacking)
    with tempfile.TemporaryDirectory(prefix="pipeline-job.") as name:
        run = go_on(Path(name) / "job", "job", station.workspace)
        try:
            with station.device(sent.job.wish) as wish:
                outcomes = perform(replace(_placed(sent, station), wish=wish), run, Silent())
        except PipelineError as error:
            outcomes = tuple(Trouble.of(error) for _ in sent.job.workloads)
        return Returned(station.address, outcomes, dict(_left(run.folder)))


def unpack(returned: Returned, job: Job) -> tuple[Outcome, ...]:
    """The outcomes, about this machine's files again."""
    return tuple(
        replace(outcome, workload=workload) if isinstance(outcome, Measurement) else outcome
        for outcome, workload in zip(returned.outcomes, job.workloads, strict=True)
    )


def here() -> Station:
    """The station of the worker that runs this."""
    from distributed import get_worker

    station: Station = get_worker().plugins[STATION].station
    return station


def _placed(sent: Sent, station: Station) -> Job:
    """The job with the paths of this machine."""
    job = sent.job

    def at(path: Path) -> Path:
        return station.blobs.path(sent.digests[path])

    workloads = tuple(replace(one, model=at(one.model)) for one in job.workloads)
    inputs = Inputs(tuple(at(path) for path in job.inputs.paths), job.inputs.count)
    return replace(job, toolchain=None, workloads=workloads, inputs=inputs)


def _left(folder: Path) -> Any:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield str(path.relative_to(folder)), path.read_bytes()
