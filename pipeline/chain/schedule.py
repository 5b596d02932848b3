"""Where jobs are performed: in this process, or wherever a scheduler has devices."""

from __future__ import annotations

import queue
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from pipeline.chain.job import Job, Outcome, perform
from pipeline.chain.parallel import workers
from pipeline.chain.run import Run
from pipeline.core.events import Labelled, Listener
from pipeline.stages.trial import Judge, judge
from pipeline.toolchain.toolchain import Toolchain


class Scheduler(Protocol):
    """Performs jobs; those of one device never at the same time."""

    def run(
        self, jobs: Sequence[Job], run: Run, listener: Listener
    ) -> Iterator[tuple[Job, tuple[Outcome, ...]]]:
        """Each job as it is done, with an outcome for each of its workloads."""


@contextmanager
def scheduler(address: str | None) -> Iterator[Scheduler]:
    """This machine, or the Dask scheduler at ``address``."""
    if address is None:
        yield Local()
        return
    from pipeline.chain.cluster.client import Cluster, connect

    with connect(address) as client:
        yield Cluster(client)


@contextmanager
def judging(address: str | None, toolchain: Toolchain) -> Iterator[Judge]:
    """Who judges trials: this machine, or workers of the Dask scheduler at ``address``."""
    if address is None:
        yield judge
        return
    from pipeline.chain.cluster.client import connect
    from pipeline.chain.cluster.trials import Trials

    with connect(address) as client:
        yield Trials(client, toolchain.identity)


class Local:
    """This machine's devices, side by side; each works through its jobs in their order."""

    def run(
        self, jobs: Sequence[Job], run: Run, listener: Listener
    ) -> Iterator[tuple[Job, tuple[Outcome, ...]]]:
        """Each job as it is done."""
        lines: dict[str, list[Job]] = {}
        for job in jobs:
            # Two devices by name, one by what is asked for: they would find each other busy.
            lines.setdefault(job.wish.target or job.wish.profile.name, []).append(job)
        done: queue.Queue[tuple[Job, tuple[Outcome, ...]]] = queue.Queue()

        def work(line: Sequence[Job]) -> None:
            for job in line:
                part = run.part("devices", job.device, job.group)
                labelled = Labelled(listener, f"{job.device} {job.group}")
                done.put((job, perform(job, part, labelled)))

        with workers(max(1, len(lines))) as pool:
            futures = [pool.submit(work, line) for line in lines.values()]
            left = len(jobs)
            while left:
                try:
                    # Short, so that Ctrl-C and a failure of ours are heard.
                    yield done.get(timeout=0.2)
                    left -= 1
                except queue.Empty:
                    for future in futures:
                        if future.done():
                            future.result()
