"""The scheduler as a place where jobs are performed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pipeline.chain.cluster import desk, station, task
from pipeline.chain.cluster.errors import (
    DaskMissing,
    NothingOffered,
    SchedulerUnreachable,
    WorkerDiffers,
    WorkerLost,
)
from pipeline.chain.job import Job, Outcome, Trouble
from pipeline.chain.run import Run, pipeline_version
from pipeline.core import files
from pipeline.core.errors import PipelineError, one_line
from pipeline.core.events import Listener

if TYPE_CHECKING:
    from distributed import Client, Future

_CONNECT_S = 20.0
_POLL_S = 0.5
#: After so long without a result it is asked whether the worker that has it is still there.
_FETCH_S = 5.0
#: Dask's own number: a job that so many workers died with is not given to another.
_MOST_LOST = 3


@dataclass
class _Waiting:
    """A job that is to be done: where it is under way, how many workers it has lost, and since
    when nobody offers what it needs."""

    job: Job
    sent: task.Sent
    place: desk.Place | None = None
    lost: int = 0
    lonely_since: float | None = None
    begun: float = field(default_factory=time.monotonic)

    @property
    def subject(self) -> str:
        return f"{self.job.device} {self.job.group}"


_Running = dict["Future", _Waiting]


@dataclass
class Cluster:
    """Performs jobs on the workers of a scheduler; a worker that dies loses none.

    A job is sent when a worker has a device free for it, and to that worker. ``patience_s``: how
    long it waits for anybody who offers what it needs.
    """

    client: Client
    patience_s: float = 120.0

    def run(
        self, jobs: Sequence[Job], run: Run, listener: Listener
    ) -> Iterator[tuple[Job, tuple[Outcome, ...]]]:
        """Each job once, as it is done; what it left is in the run's folder by then."""
        check_versions(self.client)
        todo = [_Waiting(job, task.pack(job)) for job in jobs]
        running: _Running = {}
        try:
            while todo or running:
                offered = self._offered()
                todo[:0] = self._orphaned(running, offered)
                given_up = self._begin(todo, running, offered, listener)
                for one, trouble in given_up:
                    yield one.job, self._home(trouble, one, run, listener)
                for future in self._finished(running):
                    one = running.pop(future)
                    result = self._result(future, one)
                    if result is None:
                        todo.insert(0, self._orphan(future, one))
                        continue
                    if isinstance(result, task.Lacking):
                        self._send(result, one.sent.digests)
                        running[self._submit(one)] = one
                        continue
                    yield one.job, self._home(result, one, run, listener)
        finally:
            # Of an interrupted night too: nothing of it keeps a device busy.
            self.client.cancel(list(running))

    def _offered(self) -> desk.Offered:
        workers = self.client.scheduler_info(n_workers=-1)["workers"]
        return {address: worker.get("resources", {}) for address, worker in workers.items()}

    def _orphaned(self, running: _Running, offered: desk.Offered) -> list[_Waiting]:
        """Jobs whose worker has died; they are to be done anew."""
        left = [
            future
            for future, one in running.items()
            if not future.done() and one.place and one.place.address not in offered
        ]
        return [self._orphan(future, running.pop(future)) for future in left]

    def _orphan(self, future: Future, one: _Waiting) -> _Waiting:
        self.client.cancel([future])
        one.place, one.lost = None, one.lost + 1
        return one

    def _begin(
        self, todo: list[_Waiting], running: _Running, offered: desk.Offered, listener: Listener
    ) -> list[tuple[_Waiting, Trouble]]:
        """Send the jobs for which a device is free; give up those that nobody can do."""
        given_up = []
        for one in list(todo):
            need = station.need(one.job.wish)
            taken = [other.place for other in running.values() if other.place]
            one.place = desk.place(need, offered, taken)
            trouble = self._trouble(one, need, desk.is_offered(need, offered))
            if trouble:
                given_up.append((one, trouble))
            elif one.place:
                listener.started("device", one.subject)
                one.begun = time.monotonic()
                running[self._submit(one)] = one
            else:
                continue
            todo.remove(one)
        return given_up

    def _trouble(self, one: _Waiting, need: str, is_offered: bool) -> Trouble | None:
        if one.lost >= _MOST_LOST:
            reason = f"{one.lost} workers died of it or meanwhile"
            return Trouble.of(WorkerLost(f"{one.job.group} on {one.job.device}", reason))
        now = time.monotonic()
        one.lonely_since = None if is_offered else one.lonely_since or now
        if one.lonely_since is None or now - one.lonely_since <= self.patience_s:
            return None
        return Trouble.of(NothingOffered(need, self.patience_s))

    def _submit(self, one: _Waiting) -> Future:
        assert one.place is not None
        return self.client.submit(
            task.work,
            one.sent,
            pure=False,
            workers=[one.place.address],
            resources={one.place.need: 1.0},
        )

    def _finished(self, running: _Running) -> list[Future]:
        from distributed import wait

        if not running:
            time.sleep(_POLL_S)
        else:
            with suppress(TimeoutError):
                wait(list(running), timeout=_POLL_S, return_when="FIRST_COMPLETED")
        return [future for future in running if future.done()]

    def _result(
        self, future: Future, one: _Waiting
    ) -> task.Lacking | task.Returned | Trouble | None:
        """What came of a job; None where it was lost with the worker that still had it."""
        try:
            return self._fetched(future, one)
        except PipelineError as error:
            return Trouble.of(error)
        except Exception as error:  # whatever the task raised there, or Dask of its worker
            reason = one_line(f"{type(error).__name__}: {error}")
            return Trouble.of(WorkerLost(f"{one.job.group} on {one.job.device}", reason))

    def _fetched(self, future: Future, one: _Waiting) -> task.Lacking | task.Returned | None:
        """Dask would do a lost job anew, at the place that it was sent to: so, never."""
        patience = _FETCH_S
        while True:
            try:
                result: task.Lacking | task.Returned = future.result(timeout=patience)
                return result
            except (TimeoutError, asyncio.TimeoutError):
                if future.status == "error":  # it is the task's own
                    raise
                if one.place is None or one.place.address not in self._offered():
                    return None
                patience *= 2

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
            listener.warning(f"{one.subject}: {result.message}")
            return tuple(result for _ in job.workloads)
        part = run.part("devices", job.device, job.group)
        for name, data in result.left.items():
            files.write_bytes(part.folder / name, data)
        listener.finished(
            "device",
            one.subject,
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
