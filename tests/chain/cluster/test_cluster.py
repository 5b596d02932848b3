"""A night on a Dask cluster: three workers in processes of their own, with six devices."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pipeline.chain import emulator, history
from pipeline.chain.cluster.client import connect
from pipeline.chain.cluster.errors import SchedulerUnreachable
from pipeline.chain.nightly.night import nightly
from pipeline.chain.nightly.verdict import Night
from pipeline.chain.tune import tune
from pipeline.core.errors import ExitCode
from pipeline.core.events import Silent
from pipeline.history.history import Filter
from tests.chain.nightly import made

pytest.importorskip("distributed", reason="dask.distributed is not installed")
pytestmark = pytest.mark.slow

ROOT = made.DIGITS.parents[2]
#: What each of the three workers has; every kind is there twice.
LABS = (("phone", "watch"), ("watch", "tablet"), ("tablet", "phone"))
_PLAN = "{warm_up: 1, max_warm_up: 1, runs: 1, samples: 11, time_s: 0, reference: false}"
_UP_S = 60.0


@dataclass(frozen=True)
class Workers:
    """A scheduler and its workers."""

    address: str
    processes: list[subprocess.Popen[bytes]]

    def wait(self, count: int) -> None:
        with connect(self.address) as client:
            client.wait_for_workers(count, timeout=_UP_S)


@contextmanager
def process(log: Path, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as stream:
        started = subprocess.Popen(
            [sys.executable, "-m", *arguments], cwd=ROOT, stdout=stream, stderr=stream
        )
    try:
        yield started
    finally:
        started.kill()
        started.wait()


@pytest.fixture
def workers(tmp_path: Path) -> Iterator[Workers]:
    with ExitStack() as stack:
        found = tmp_path / "scheduler.json"
        arguments = ("--no-dashboard", "--host", "127.0.0.1", "--port", "0")
        command = ("distributed.cli.dask_scheduler", *arguments, "--scheduler-file", str(found))
        stack.enter_context(process(tmp_path / "scheduler.log", *command))
        deadline = time.monotonic() + _UP_S
        while not found.is_file():
            assert time.monotonic() < deadline, (tmp_path / "scheduler.log").read_text()
            time.sleep(0.1)
        address = str(json.loads(found.read_text())["address"])
        started = []
        for number, kinds in enumerate(LABS):
            workspace = tmp_path / f"worker{number}"
            labs = [emulator.start(kind, workspace=workspace) for kind in kinds]
            arguments = ("--hdc", str(labs[0].hdc), "-w", str(workspace), "--trials", "1")
            command = ("pipeline", "worker", address, *arguments)
            log = tmp_path / f"worker{number}.log"
            started.append(stack.enter_context(process(log, *command)))
        both = Workers(address, started)
        both.wait(len(LABS))
        yield both


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("nights")


def night_file(folder: Path) -> Path:
    """Two models on three kinds of devices, measured but a little."""
    profiles = folder / "configs" / "devices"
    profiles.mkdir(parents=True)
    for kind in ("phone", "watch", "tablet"):
        (profiles / f"{kind}.yaml").write_text(f"run: {{threads: 1}}\nplan: {_PLAN}\n")
    text = made.DIGITS.read_text().replace("lenet5.ckpt", str(made.DIGITS.parent / "lenet5.ckpt"))
    text = text.replace("../..", str(ROOT))
    for name in ("one", "two"):
        (folder / f"{name}.yaml").write_text(text.replace("name: digits", f"name: {name}"))
    devices = "devices: [phone, watch, tablet]\n"
    return made.night_file(folder, f"models: [one.yaml, two.yaml]\nrecipes: [weight-8]\n{devices}")


def results(night: Night) -> dict[str, Any]:
    """What does not depend on the moment."""
    return {
        one.case.text: (
            one.arrived.status,
            one.arrived.row["sha256"],
            one.arrived.row["accuracy_percent"],
            one.arrived.row["benchmark"]["where"],
            one.arrived.row["benchmark"]["device_parity"]["cosine_min"],
        )
        for one in night.judged
    }


def test_a_night_on_the_cluster_is_the_night_here_also_when_a_worker_is_killed(
    tmp_path: Path, workspace: Path, workers: Workers
) -> None:
    config = night_file(tmp_path)
    here = nightly(config, emulate=True, workspace=workspace, listener=Silent())
    assert here.exit_code is ExitCode.DONE and len(here.judged) == 6

    class Killer(Silent):
        """Kills a worker as soon as the first job came home."""

        killed = False

        def finished(
            self, step: str, subject: str, *, reused: bool, note: str, seconds: float
        ) -> None:
            if step == "device" and not self.killed:
                self.killed = True
                os.kill(workers.processes[0].pid, signal.SIGKILL)

    killer = Killer()
    there = nightly(config, scheduler=workers.address, workspace=workspace, listener=killer)
    assert killer.killed
    assert there.exit_code is ExitCode.DONE
    assert results(there) == results(here)
    cases = list((there.run_folder / "cases").iterdir())
    assert len(cases) == 6
    asked = Filter()
    found = [one.run for one in history.listed(history.place(None, workspace), asked, None)]
    assert found.count(there.run_folder.name) == 6
    # What the runner recorded on those machines came home.
    for one in there.judged:
        folder = there.run_folder / "devices" / one.case.device / one.case.model
        assert any(one.case.recipe in path.name for path in folder.rglob("*.json"))


def test_trials_judged_by_workers_are_those_judged_here(
    tmp_path: Path, workspace: Path, workers: Workers
) -> None:
    options: dict[str, Any] = {
        "recipes": ["codebook-3"], "trials": 3, "jobs": 2, "max_accuracy_drop": 2.0,
    }  # fmt: skip
    here = tune(made.DIGITS, workspace=workspace, **options)
    there = tune(made.DIGITS, workspace=tmp_path / "w", scheduler=workers.address, **options)

    def told(found: Any) -> list[tuple[Any, ...]]:
        return [(one.size_bytes, one.correct, one.cosine_mean) for one in found.candidates]

    assert told(there) == told(here)
    assert there.best is not None and there.best.size_bytes == here.best.size_bytes  # type: ignore[union-attr]
    assert list((tmp_path / "worker0" / ".blobs").rglob("*")) or list(
        (tmp_path / "worker1" / ".blobs").rglob("*")
    )


def test_no_scheduler_is_said_in_time() -> None:
    with (
        pytest.raises(SchedulerUnreachable, match=r"127\.0\.0\.1:1"),
        connect("tcp://127.0.0.1:1", timeout_s=1),
    ):
        pass
