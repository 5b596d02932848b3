"""In which order this machine works through jobs."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pipeline.chain import schedule
from pipeline.chain.job import Job
from pipeline.chain.run import start_folder
from pipeline.chain.targets import Wish
from pipeline.config import places
from pipeline.core.events import Silent
from pipeline.stages.benchmark import Inputs


@dataclass
class Performed:
    """Jobs that were performed, and the most that ran at once."""

    order: list[str] = field(default_factory=list)
    most: int = 0
    _now: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def one(self) -> Iterator[None]:
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
        yield
        with self._lock:
            self._now -= 1


@pytest.fixture
def performed(monkeypatch: pytest.MonkeyPatch) -> Performed:
    found = Performed()

    def perform(job: Job, *_: object) -> tuple[()]:
        with found.one():
            time.sleep(0.1)
            found.order.append(f"{job.group}/{job.device}")
        return ()

    monkeypatch.setattr(schedule, "perform", perform)
    return found


def job(group: str, device: str, profile: str, target: str | None = None) -> Job:
    wish = Wish(places.profile(profile), target)
    return Job(device, group, wish, None, (), Inputs((), 0))


@pytest.mark.parametrize(
    ("devices", "at_once"),
    [
        ((("a", "phone", None), ("b", "watch", None)), 2),
        ((("a", "phone", "KEY-1"), ("b", "phone", "KEY-2")), 2),
        ((("a", "phone", None), ("b", "phone", None)), 1),
        ((("a", "phone", "KEY"), ("b", "tablet", "KEY")), 1),
    ],
)
def test_devices_work_side_by_side_and_one_device_by_one(
    tmp_path: Path,
    performed: Performed,
    devices: tuple[tuple[str, str, str | None], ...],
    at_once: int,
) -> None:
    jobs = [job(group, *device) for group in ("m", "n") for device in devices]
    run = start_folder(tmp_path, "nightly", "n")
    done = [one for one, _ in schedule.Local().run(jobs, run, Silent())]
    assert sorted(done, key=jobs.index) == jobs and len(done) == len(jobs)
    assert performed.most == at_once
    for name, _, _ in devices:
        mine = [one for one in performed.order if one.endswith(f"/{name}")]
        assert mine == [f"m/{name}", f"n/{name}"]


def test_a_failure_of_ours_ends_the_night(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("ours")

    monkeypatch.setattr(schedule, "perform", fail)
    run = start_folder(tmp_path, "nightly", "n")
    with pytest.raises(RuntimeError, match="ours"):
        list(schedule.Local().run([job("m", "a", "phone")], run, Silent()))
