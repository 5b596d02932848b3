"""The scheduler as a place where jobs are performed."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pipeline.chain.cluster import task
from pipeline.chain.cluster.errors import (
    DaskMissing,
    NothingOffered,
    SchedulerUnreachable,
    WorkerDiffers,
    WorkerLost,
)
from pipeline.chain.cluster.station import needs
from pipeline.chain.job import Job, Outcome, Trouble
from pipeline.chain.run import Run, pipeline_version
from pipeline.core import files
from pipeline.core.errors import PipelineError, one_line
from pipeline.core.events import Listener

if TYPE_CHECKING:
    from distributed import Client, Future

_CONNECT_S = 20.0
_POLL_S = 0.5


@dataclass
class _Waiting:
    """A job that is under way, and since when nobody offers what it needs."""

    job: Job
    sent: task.Sent
    lonely_since: float | None = None
    begun: float = field(default_factory=time.monotonic)


@dataclass
class Cluster:
    """Performs jobs on the workers of a scheduler; a worker that dies loses none.

    ``patience_s``: how long a job waits for a worker that offers what it needs.
    """

    client: Client
    patience_s: float = 120.0

    def run(
        self, jobs: Sequence[Job], run: Run, listener: Listener
    ) -> Iterator[tuple[Job, tuple[Outcome, ...]]]:
        """Each job once, as it is done; what it left is in the run's folder by then."""
        check_versions(self.client)
        waiting: dict[Future, _Waiting] = {}
        try:
            for job in jobs:
                one = _Waiting(job, task.pack(job))
                waiting[self._submit(one)] = one
                listener.started("device", f"{job.device} {job.group}")
            while waiting:
                for future in self._finished(waiting):
                    one = waiting.pop(future)
                    result = self._result(future, one)
                    if isinstance(result, task.Lacking):
                        self._send(result, one.sent.digests)
                        waiting[self._submit(one)] = one
                        continue
                    outcomes = self._home(result, one, run, listener)
                    yield one.job, outcomes
        finally:
            # Of an interrupted night too: nothing of it keeps a device busy.
            self.client.cancel(list(waiting))

    def _submit(self, one: _Waiting) -> Future:
        return self.client.submit(task.work, one.sent, pure=False, resources=needs(one.job.wish))

    def _finished(self, waiting: Mapping[Future, _Waiting]) -> list[Future]:
        from distributed import wait

        try:
            wait(list(waiting), timeout=_POLL_S, return_when="FIRST_COMPLETED")
        except TimeoutError:
            return self._lonely(waiting)
        return [future for future in waiting if future.done()]

    def _lonely(self, waiting: Mapping[Future, _Waiting]) -> list[Future]:
        """Jobs that have waited in vain for somebody who could do them; given up."""
        offered: set[str] = set()
        for worker in self.client.scheduler_info(n_workers=-1)["workers"].values():
            offered |= set(worker.get("resources", ()))
        given_up, now = [], time.monotonic()
        for future, one in waiting.items():
            if set(needs(one.job.wish)) <= offered:
                one.lonely_since = None
                continue
            one.lonely_since = one.lonely_since or now
            if now - one.lonely_since > self.patience_s:
                given_up.append(future)
        return given_up

    def _result(self, future: Future, one: _Waiting) -> task.Lacking | task.Returned | Trouble:
        subject = f"{one.job.group} on {one.job.device}"
        if not future.done():
            future.cancel()
            (need,) = needs(one.job.wish)
            return Trouble.of(NothingOffered(need, self.patience_s))
        try:
            result: task.Lacking | task.Returned = future.result()
            return result
        except PipelineError as error:
            return Trouble.of(error)
        except Exception as error:  # whatever the task raised there, or Dask of its worker
            reason = one_line(f"{type(error).__name__}: {error}")
            return Trouble.of(WorkerLost(subject, reason))

    def _send(self, lacking: task.Lacking, digests: Mapping[Any, str]) -> None:
        """The files that a worker lacks, to that worker."""
        paths = {digest: path for path, digest in digests.items()}
        contents = {digest: paths[digest].read_bytes() for digest in lacking.digests}
        put(self.client, lacking.address, contents)

    def _home(
        self, result: task.Returned | Trouble, one: _Waiting, run: Run, listener: Listener
    ) -> tuple[Outcome, ...]:
        job = one.job
        if isinstance(result, Trouble):
            listener.warning(f"{job.device} {job.group}: {result.message}")
            return tuple(result for _ in job.workloads)
        part = run.part("devices", job.device, job.group)
        for name, data in result.left.items():
            files.write_bytes(part.folder / name, data)
        listener.finished(
            "device",
            f"{job.device} {job.group}",
            reused=False,
            note=f"{len(job.workloads)} models at {result.address}",
            seconds=time.monotonic() - one.begun,
        )
        return task.unpack(result, job)


@contextmanager
def connect(address: str, timeout_s: float = _CONNECT_S) -> Iterator[Client]:
    """The scheduler at ``address``. Raises DaskMissing and SchedulerUnreachable."""
    try:
        from distributed import Client
    except ImportError:
        raise DaskMissing() from None
    quiet()
    try:
        client = Client(address, timeout=timeout_s)
    except (OSError, TimeoutError, ValueError) as error:
        reason = one_line(str(error)) or type(error).__name__
        raise SchedulerUnreachable(address, reason) from None
    with client:
        yield client


def quiet() -> None:
    """Let Dask speak of errors only: what it tells of its connections is not ours to print."""
    import logging

    for name in ("distributed", "distributed.worker", "distributed.core"):
        logging.getLogger(name).setLevel(logging.ERROR)


def check_versions(client: Client) -> None:
    """Every worker that has a station runs this pipeline. Raises WorkerDiffers."""
    ours = pipeline_version()
    for address, theirs in client.run(_version).items():
        if theirs not in (None, ours):
            raise WorkerDiffers(address, theirs, ours)


def put(client: Client, address: str, contents: Mapping[str, bytes]) -> None:
    """Files by their hash, to the worker at ``address`` unless it has died meanwhile."""
    if address in client.scheduler_info(n_workers=-1)["workers"]:
        client.run(_put, contents, workers=[address], on_error="ignore")


# Dask gives a function that has an argument of this name the worker that it runs in.
def _version(dask_worker: Any) -> str | None:
    plugin = dask_worker.plugins.get(task.STATION)
    return None if plugin is None else str(plugin.station.version)


def _put(contents: Mapping[str, bytes], dask_worker: Any) -> None:
    dask_worker.plugins[task.STATION].station.blobs.put(contents)
