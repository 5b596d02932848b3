"""A history of a million results: how long it takes to write, to ask for a trend, and to list.

    python -m tests.measure.history > tests/measure/history.md

About 3 minutes and 1 GB of disk. 10 models x 10 recipes x 10 devices, 1,000 nights each.
"""

from __future__ import annotations

import os
import platform
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from pipeline.core.process import python_environment
from pipeline.history.history import Entry, Filter, History
from pipeline.history.result import Figure
from pipeline.history.trend import trends
from tests.history.made import DAY_MS, FIRST_MS, PHONE, entry
from tests.history.test_processes import WRITE

_SIDE, _NIGHTS, _REPEATS = 10, 1000, 15
_WRITERS, _EACH = 8, 200
_ONE = Filter(model="model-3", recipe="recipe-7", device="device-5")


def main() -> None:
    print("# A history of a million results\n")
    print(f"Made by `python -m tests.measure.history` on {os.cpu_count()} cores of")
    print(f"{platform.machine()}, SQLite {sqlite3.sqlite_version}, CPython")
    print(f"{platform.python_version()}.\n")
    print("| what | result |\n|---|---|")
    with tempfile.TemporaryDirectory(prefix="history.") as folder:
        path = Path(folder) / "history.db"
        with History(path, create=True) as history:
            begun = time.perf_counter()
            added = history.add(_results())
            spent = time.perf_counter() - begun
        _say("results", f"{added.new:,} in {_SIDE**3:,} series")
        _say("written in", f"{spent:.0f} s, {spent / added.new * 1e6:.0f} us each")
        _say("size", f"{path.stat().st_size / added.new:.0f} bytes a result, without samples")
        _questions(path)
        begun = time.perf_counter()
        with History(path) as history:
            history.check()
        _say("every page checked in", f"{time.perf_counter() - begun:.0f} s: whole")
        _writers(Path(folder) / "several.db")


def _results() -> Iterator[Entry]:
    """Night by night, as they come: results of one series lie far apart in time."""
    bare = entry(0).result
    source = random.Random(1)
    series = [
        replace(PHONE, model=f"model-{m}", recipe=f"recipe-{r}", device=f"device-{d}")
        for m in range(_SIDE)
        for r in range(_SIDE)
        for d in range(_SIDE)
    ]
    for night in range(_NIGHTS):
        for number, conditions in enumerate(series):
            result = replace(
                bare,
                id=f"{source.getrandbits(128):032x}",
                time_ms=FIRST_MS + night * DAY_MS + number,
                run=f"20260101T000000-nightly-{night}",
                conditions=conditions,
                p50_ns=source.gauss(55_000.0, 500.0),
            )
            yield Entry(result)


def _questions(path: Path) -> None:
    """Each in a connection of its own, as a command has it; the median and the slowest."""
    model = Filter(model="model-3")
    asked: dict[str, Callable[[History], object]] = {
        "trend of a model, a recipe and a device, 365 nights": lambda h: trends(h, _ONE),
        "the same, all 1,000 nights": lambda h: trends(h, _ONE, nights=_NIGHTS),
        "its query alone": lambda h: h.rows(_QUERY, (h.series(_ONE)[0][0],)),
        "its size on all devices, 365 nights": lambda h: trends(
            h, replace(_ONE, device=None), Figure.SIZE
        ),
        "trend of a model: its 100 series, 365 nights each": lambda h: trends(h, model),
        "the newest 20 of all": lambda h: list(h.find(limit=20)),
        "the newest 20 of a recipe": lambda h: list(h.find(Filter(recipe="recipe-7"), 20)),
        "the newest 20 of one series": lambda h: list(h.find(_ONE, 20)),
    }
    for name, ask in asked.items():
        times = []
        for _ in range(_REPEATS):
            begun = time.perf_counter()
            with History(path) as history:
                ask(history)
            times.append(1e3 * (time.perf_counter() - begun))
        _say(name, f"{statistics.median(times):.1f} ms, at most {max(times):.1f}")


_QUERY = (
    "SELECT time_ms, p50_ns, run, model_sha256, device_build, pipeline_version FROM result "
    "WHERE series = ? AND p50_ns IS NOT NULL AND verdict = 'valid' ORDER BY time_ms DESC LIMIT 365"
)


def _writers(path: Path) -> None:
    begun = time.perf_counter()
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITE, str(path), f"writer-{number}", str(_EACH)],
            env={**os.environ, **python_environment()},
            stdout=subprocess.DEVNULL,
        )
        for number in range(_WRITERS)
    ]
    codes = [writer.wait() for writer in writers]
    spent = time.perf_counter() - begun
    with History(path) as history:
        history.check()
        count = history.count()
    expected = (_WRITERS + 1) * _EACH
    _say(
        f"{_WRITERS} processes, {_EACH} transactions each, at once",
        f"{count:,} of {expected:,} results, exit codes {set(codes)}, {spent:.0f} s",
    )


def _say(what: str, result: str) -> None:
    print(f"| {what} | {result} |", flush=True)


if __name__ == "__main__":
    main()
