"""A night on workers against the same night here. Run by hand; not collected by pytest.

``python -m tests.measure.cluster FOLDER [--latency S]`` runs 3 models x 2 recipes on six emulated
devices, two of each of three kinds: one device after another, side by side in this process, by
one `pipeline worker` that has all six, by three that have two each, by three of which one is
killed (SIGKILL) when the first job has come home, and by these three again when the killed one was
started anew. Everything is built before, so that only the devices' part is timed.

``--latency`` is how long each call of a device waits. With 0 the devices compute, and share the
cores of this machine; with half a second they mostly wait, and the ratios tell how well jobs are
handed out. Ends with 1 where a result is lost, comes twice, or differs.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.chain import emulator, history
from pipeline.chain.cluster.client import Cluster, connect
from pipeline.chain.job import Job, Outcome
from pipeline.chain.nightly.night import nightly
from pipeline.chain.nightly.verdict import Night
from pipeline.chain.run import Run
from pipeline.chain.schedule import Local, Scheduler
from pipeline.chain.tools import install
from pipeline.config import places
from pipeline.core.errors import ExitCode
from pipeline.core.events import Listener, Silent
from pipeline.history.history import Filter
from tests.measure.networks import small

ROOT = Path(__file__).parents[2]
KINDS = ("phone", "watch", "tablet")
#: What each of three workers has; every kind is there twice.
LABS = (("phone", "watch"), ("watch", "tablet"), ("tablet", "phone"))
_MODELS, _RECIPES = ("dense", "lenet", "depthwise"), ("fp32", "weight-8")
_PLAN = "{warm_up: 1, max_warm_up: 1, runs: 1, samples: 11, time_s: 0, reference: false}"
_TYPES = {"phone": "phone", "watch": "wearable", "tablet": "tablet"}
_UP_S = 60.0


@dataclass
class Timed:
    """A scheduler, and how long its jobs took: all of them, and those it performed one by one."""

    inner: Scheduler
    one_by_one: bool = False
    seconds: float = 0.0
    came: list[str] = field(default_factory=list)

    def run(
        self, jobs: Sequence[Job], run: Run, listener: Listener
    ) -> Iterator[tuple[Job, tuple[Outcome, ...]]]:
        """Each job as it is done."""
        begun = time.monotonic()
        for part in [[job] for job in jobs] if self.one_by_one else [jobs]:
            for job, outcomes in self.inner.run(part, run, listener):
                self.came.append(f"{job.group} on {job.device}")
                yield job, outcomes
        self.seconds = time.monotonic() - begun


@dataclass
class Killer(Silent):
    """Kills a process as soon as the first job came home."""

    process: subprocess.Popen[bytes]
    killed: bool = False

    def finished(self, step: str, subject: str, *, reused: bool, note: str, seconds: float) -> None:
        """See ``Listener``."""
        if step == "device" and not self.killed:
            self.killed = True
            os.kill(self.process.pid, signal.SIGKILL)


@dataclass(frozen=True)
class Place:
    """The folder of all of it, and how slow a device's calls are."""

    folder: Path
    latency_s: float

    def lab(self, name: str, kinds: Sequence[str]) -> Path:
        """Emulated devices of these kinds, called KIND-NUMBER; the hdc that reaches them."""
        home = self.folder / name / ".emulator" / "lab"
        runtime = install(listener=Silent()).runtime
        hdc = Path()
        for number, kind in enumerate(kinds):
            twin = places.profile(kind).profile.emulated
            twin = twin.model_copy(update={"connection": "USB", "link_latency_s": self.latency_s})
            key = f"{kind.upper()}-{name.upper()}-{number}"
            hdc = emulator.add(twin, kind, home, runtime, key=key).hdc
        return hdc

    def config(self, keys: Sequence[str] = ()) -> Path:
        """The night; ``keys``: the very devices it is to use."""
        profiles = self.folder / "configs" / "devices"
        profiles.mkdir(parents=True, exist_ok=True)
        for kind, text in _TYPES.items():
            (profiles / f"{kind}.yaml").write_text(
                f"match: {{device_types: [{text}]}}\nrun: {{threads: 1}}\nplan: {_PLAN}\n"
            )
        models = ", ".join(str(small.deployment(self.folder, name)) for name in _MODELS)
        devices = "".join(
            f"  - {{profile: {kind}, name: {kind}-{number // 3}"
            + (f", target: {keys[number]}}}\n" if keys else "}\n")
            for number, kind in enumerate(KINDS * 2)
        )
        path = self.folder / ("keys.yaml" if keys else "kinds.yaml")
        path.write_text(
            f"models: [{models}]\nrecipes: [{', '.join(_RECIPES)}]\ndevices:\n{devices}"
        )
        return path

    def night(
        self, config: Path, scheduler: Scheduler, listener: Listener | None = None, **more: Any
    ) -> Night:
        """A new night in the one workspace."""
        return nightly(
            config, fresh=True, scheduler=scheduler, workspace=self.folder / "runs",
            listener=listener or Silent(), **more,
        )  # fmt: skip

    @contextmanager
    def scheduler(self) -> Iterator[str]:
        """A Dask scheduler's address."""
        found = self.folder / "scheduler.json"
        found.unlink(missing_ok=True)
        words = ("--no-dashboard", "--host", "127.0.0.1", "--port", "0", "--scheduler-file")
        with self.process("distributed.cli.dask_scheduler", *words, str(found)):
            deadline = time.monotonic() + _UP_S
            while not found.is_file():
                if time.monotonic() > deadline:
                    raise SystemExit("no scheduler came up")
                time.sleep(0.1)
            yield str(json.loads(found.read_text())["address"])

    @contextmanager
    def process(self, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
        """A Python module that runs until the end of the block."""
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        with (self.folder / f"{arguments[0]}.log").open("ab") as log:
            started = subprocess.Popen(
                [sys.executable, "-m", *arguments],
                cwd=ROOT, env=environment, stdout=log, stderr=log,
            )  # fmt: skip
        try:
            yield started
        finally:
            started.kill()
            started.wait()

    def worker(self, stack: ExitStack, address: str, name: str, hdc: Path) -> Any:
        """A worker with the devices of a lab."""
        arguments = ("worker", address, "--hdc", str(hdc), "-w", str(self.folder / name))
        return stack.enter_context(self.process("pipeline", *arguments))


def main() -> None:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--latency", type=float, default=0.0)
    asked = parser.parse_args()
    place = Place(asked.folder.absolute(), asked.latency)
    place.folder.mkdir(parents=True, exist_ok=True)
    # The run folders hear Ctrl-C themselves.
    all_six = place.lab("here", KINDS * 2)
    keys = [f"{kind.upper()}-HERE-{number}" for number, kind in enumerate(KINDS * 2)]
    by_key, by_kind = place.config(keys), place.config()
    place.night(by_key, Local(), hdc=all_six)  # builds everything, sends every file
    print(f"Each call of a device waits {asked.latency:g} s; load {os.getloadavg()[0]:.1f}.\n")
    print("| how | devices' part, s | of one after another | cases | twice | as here |")
    print("|---|--:|--:|--:|--:|---|")
    rows = Rows()
    one = Timed(Local(), one_by_one=True)
    rows.add("one device after another", place.night(by_key, one, hdc=all_six), one)
    six = Timed(Local())
    rows.add("six side by side, in one process", place.night(by_key, six, hdc=all_six), six)
    with ExitStack() as stack:
        address = stack.enter_context(place.scheduler())
        place.worker(stack, address, "here", all_six)
        _cluster(place, rows, "one worker that has all six", by_kind, address, 1)
    with ExitStack() as stack:
        address = stack.enter_context(place.scheduler())
        labs = [place.lab(f"w{number}", kinds) for number, kinds in enumerate(LABS)]
        workers = [
            place.worker(stack, address, f"w{number}", hdc) for number, hdc in enumerate(labs)
        ]
        _cluster(place, Rows(silent=True), "", by_kind, address, 3)  # sends every file
        _cluster(place, rows, "three workers with two each", by_kind, address, 3)
        killer = Killer(workers[0])
        _cluster(place, rows, "three, one of them killed", by_kind, address, 3, killer)
        assert killer.killed
        place.worker(stack, address, "w0", labs[0])
        _cluster(place, rows, "three, the killed one started anew", by_kind, address, 3)
    found = history.listed(history.place(None, place.folder / "runs"), Filter(), None)
    runs = {(one.run, one.conditions.model, one.conditions.recipe, one.conditions.profile)
            for one in found}  # fmt: skip
    print(f"\nThe history has {len(found)} results, {len(found) - len(runs)} of them twice.")
    sys.exit(rows.wrong or len(found) != len(runs))


@dataclass
class Rows:
    """The table, and whether something in it must not be."""

    silent: bool = False
    wrong: bool = False
    first: dict[str, Any] = field(default_factory=dict)
    first_s: float = 0.0

    def add(self, how: str, night: Night, timed: Timed) -> None:
        """A row, printed; the first is what the others are held against."""
        if self.silent:
            return
        found = _results(night)
        self.first = self.first or found
        self.first_s = self.first_s or timed.seconds
        twice = len(timed.came) - len(set(timed.came))
        good = found == self.first and night.exit_code is ExitCode.DONE and not twice
        good = good and len(list((night.run_folder / "cases").iterdir())) == len(found)
        self.wrong = self.wrong or not good
        print(f"| {how} | {timed.seconds:.1f} | {timed.seconds / self.first_s:.2f} | {len(found)} "
              f"| {twice} | {'yes' if good else '**NO**'} |", flush=True)  # fmt: skip
        for red in night.red:
            print(f"  {red.case.text}: {red.arrived.reasons}", file=sys.stderr)


def _cluster(
    place: Place,
    rows: Rows,
    how: str,
    config: Path,
    address: str,
    workers: int,
    listener: Listener | None = None,
) -> None:
    with connect(address) as client:
        client.wait_for_workers(workers, timeout=_UP_S)
        timed = Timed(Cluster(client))
        rows.add(how, place.night(config, timed, listener), timed)


def _results(night: Night) -> dict[str, Any]:
    """What does not depend on the moment."""
    return {
        one.case.text: (
            one.arrived.status,
            one.arrived.row["sha256"],
            one.arrived.row["size_bytes"],
            one.arrived.row["accuracy_percent"],
            one.arrived.row["benchmark"]["where"],
            one.arrived.row["benchmark"]["device_parity"]["cosine_min"],
        )
        for one in night.judged
        if one.arrived.row
    }


if __name__ == "__main__":
    main()
