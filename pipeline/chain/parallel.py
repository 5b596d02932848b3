"""Work side by side: threads that wait for child processes, and hear Ctrl-C meanwhile."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import Any

from pipeline.core import process


def cores() -> int:
    """How many things to do at once; two at least, since some only wait."""
    return max(2, os.cpu_count() or 1)


@contextmanager
def workers(count: int | None = None) -> Iterator[ThreadPoolExecutor]:
    """A thread a core, or ``count``; their child processes die when we are interrupted."""
    pool = ThreadPoolExecutor(count or cores())
    try:
        yield pool
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        ending = threading.Thread(target=pool.shutdown)
        ending.start()
        while ending.is_alive():  # a thread that was between two programs starts its next one
            process.kill_all()
            ending.join(0.05)
        raise
    pool.shutdown(wait=True)


def gather(*futures: Future[Any]) -> None:
    """Wait for all; the first failure ends the wait at once."""
    pending = set(futures)
    while pending:
        # A wait without an end would not hear Ctrl-C.
        done, pending = wait(pending, timeout=0.2, return_when=FIRST_EXCEPTION)
        for future in done:
            future.result()
