"""A big night, killed half-way, and the night after it. Run by hand; not collected by pytest.

``python -m tests.measure.night FOLDER`` trains five small networks there and runs 5 x 6 recipes x
3 emulated devices: once through, once killed (SIGKILL) when half of the cases have arrived and
called again, and a second night on unchanged inputs. It prints what came, as Markdown, and ends
with 1 where a case was lost or measured twice, or something was left behind.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from device.device import DEFAULT_WORKDIR
from device.emulator import devices, hdc_command
from device.hdc.client import HdcClient
from device.hdc.lease import lock_path
from device.hdc.remote import Deadlines, Remote
from pipeline.chain import history
from pipeline.history.history import Filter
from tests.measure.networks import small

ROOT = Path(__file__).parents[2]
RECIPES = ("fp32", "fp16", "weight-8", "dynamic-8", "full-8-max-min", "codebook-4")
DEVICES = ("phone", "watch", "tablet")
_PAGE_BYTES = 1_000_000
_ENDED_S = 10.0
#: Imported by every Python process at its start: notes each program that one starts.
_NOTING = """
import os, sys
def note(event, values):
    if event == "subprocess.Popen":
        words = [os.fsdecode(word) for word in values[1]]
        with open(os.environ["STARTED"], "a") as stream:
            stream.write("\\t".join(words[:4]).replace("\\n", " ") + "\\n")
sys.addaudithook(note)
"""


@dataclass(frozen=True)
class Called:
    """A night that was run: what it printed, how long it took, and the programs it started."""

    night: Any
    seconds: float
    started: Counter[str]

    @property
    def folder(self) -> Path:
        """Its run folder."""
        return Path(self.night["run_folder"])

    def results(self) -> dict[str, Any]:
        """Of each case what must not depend on the moment."""
        return {
            "/".join(one["case"].values()): tuple(
                one["row"].get(key) for key in ("sha256", "size_bytes", "accuracy_percent")
            )
            for one in self.night["cases"]
        }


@dataclass(frozen=True)
class Killed:
    """A night that was killed: after how long, with what, and what ran on; ``own`` are temporary
    files of the killed process. ``cases`` and ``samples`` of these with the time of writing."""

    after_s: float
    cases: dict[Path, int]
    samples: dict[Path, int]
    orphans: list[str]
    own: frozenset[str]


@dataclass(frozen=True)
class Place:
    """A folder with a workspace, and the configuration of a night."""

    folder: Path
    config: Path

    @property
    def workspace(self) -> Path:
        return self.folder / "runs"

    def start(self) -> subprocess.Popen[str]:
        """The night as a process, its output into files."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "tmp").mkdir(exist_ok=True)
        noting = self.folder / "noting"
        noting.mkdir(exist_ok=True)
        (noting / "sitecustomize.py").write_text(_NOTING)
        (self.folder / "started.txt").write_text("")
        environment = {
            **os.environ,
            "PYTHONPATH": f"{noting}:{ROOT}",
            "STARTED": str(self.folder / "started.txt"),
            "TMPDIR": str(self.folder / "tmp"),
        }
        command = [sys.executable, "-m", "pipeline", "nightly", str(self.config), "--json"]
        with (self.folder / "out.json").open("w") as out, (self.folder / "err").open("w") as err:
            return subprocess.Popen(
                [*command, "-w", str(self.workspace)],
                cwd=ROOT, env=environment, stdout=out, stderr=err, text=True,
            )  # fmt: skip

    def run(self) -> Called:
        """The night to its end."""
        begun = time.monotonic()
        self.start().wait()
        seconds = time.monotonic() - begun
        night = json.loads((self.folder / "out.json").read_text())
        lines = (self.folder / "started.txt").read_text().splitlines()
        return Called(night, seconds, Counter(map(_program, lines)))

    def case_files(self) -> dict[Path, int]:
        """The cases that have arrived, and when."""
        found = self.workspace.glob("*-nightly-*/cases/*.json")
        return {path: path.stat().st_mtime_ns for path in found}

    def sample_files(self) -> dict[Path, int]:
        """The runner's records, and when each came."""
        found = self.workspace.glob("*-nightly-*/devices/*/*/samples/*.json")
        return {path: path.stat().st_mtime_ns for path in found}

    def history(self) -> Counter[tuple[str, str, str, str]]:
        """How often each result of each night is in the history."""
        found = history.listed(history.place(None, self.workspace), Filter(), None)
        return Counter(
            (one.run, one.conditions.model, one.conditions.recipe, one.conditions.profile)
            for one in found
            if "-nightly-" in one.run
        )

    def processes(self) -> list[str]:
        """Programs that are of this workspace and still run."""
        mark, found = os.fsencode(self.folder), []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and int(entry.name) != os.getpid():
                try:
                    line = (entry / "cmdline").read_bytes()
                    environment = (entry / "environ").read_bytes()
                except OSError:
                    continue
                if mark in line or mark in environment:
                    found.append(os.fsdecode(line).replace("\0", " ")[:160])
        return found

    def left(self) -> Iterator[str]:
        """What a night must not leave: processes, marks on devices, temporary files, leases."""
        yield from (f"process {line}" for line in self.processes())
        home = self.workspace / ".emulator"
        for device in devices(home):
            ours = device.root / DEFAULT_WORKDIR.lstrip("/")
            parts = {one.relative_to(ours).parts[0] for one in ours.rglob("*") if one.is_file()}
            yield from (f"{device.key}: {part}" for part in sorted(parts - {"objects"}))
        yield from (f"temporary {path.name}" for path in (self.folder / "tmp").iterdir())
        for path in (self.workspace / ".store").glob("*/.*"):
            if not path.name.endswith(".lock"):
                yield f"store {path.name}"
        for one in devices(home):
            client = HdcClient(hdc_command(home))
            path = lock_path(Remote(client, one.key, DEFAULT_WORKDIR, Deadlines()))
            if path.exists():
                yield f"lease {path.name}"

    def kill_at(self, count: int) -> Killed:
        """Start a night and kill it as soon as ``count`` cases have arrived."""
        begun = time.monotonic()
        process = self.start()
        while len(self.case_files()) < count:
            if process.poll() is not None:
                raise SystemExit(f"it ended by itself: {(self.folder / 'err').read_text()}")
            time.sleep(0.02)
        os.kill(process.pid, signal.SIGKILL)  # it alone; its children have groups of their own
        process.wait()
        after_s = time.monotonic() - begun
        orphans = self._orphans()
        cases = self.case_files()
        noted = {_parts(json.loads(path.read_text())["case"]) for path in cases}
        samples = {
            path: when
            for path, when in self.sample_files().items()
            if (*path.parts[-4:-2], path.stem) in noted
        }
        own = frozenset(line for line in self.left() if line.startswith("temporary"))
        return Killed(after_s, cases, samples, orphans, own)

    def _orphans(self) -> list[str]:
        """What still runs some seconds after the night was killed."""
        deadline = time.monotonic() + _ENDED_S
        while (found := self.processes()) and time.monotonic() < deadline:
            time.sleep(0.2)
        return found


def main() -> None:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--models", type=int, default=len(small.NAMES))
    parser.add_argument("--recipes", type=int, default=len(RECIPES))
    asked = parser.parse_args()
    folder = asked.folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    names, recipes = small.NAMES[: asked.models], RECIPES[: asked.recipes]
    config = _config(folder, names, recipes)
    count = len(names) * len(recipes) * len(DEVICES)
    wrong: list[str] = []

    def check(said: str, true: bool) -> None:
        print(f"- {said}: {'yes' if true else '**NO**'}", flush=True)
        if not true:
            wrong.append(said)

    whole = Place(folder / "whole", config)
    first = whole.run()
    print("| night | cases | passed | resumed | s | s, of the first | programs started |")
    print("|---|--:|--:|--:|--:|--:|---|")
    _row("first", first, first)
    killed = Place(folder / "killed", config)
    at = killed.kill_at(count // 2)
    resumed = killed.run()
    _row("killed and resumed", resumed, first)
    second = whole.run()
    _row("second, unchanged", second, first)
    print(f"\nKilled after {at.after_s:.0f} s with {len(at.cases)} of {count} cases.\n")
    check(f"each night has all {count} cases, passed", all(
        len(one.results()) == count == one.night["counts"]["passed"]
        for one in (first, resumed, second)
    ))  # fmt: skip
    check("hashes, sizes and accuracies of the killed night are those of the first",
          resumed.results() == first.results())  # fmt: skip
    check(f"the resumed night took over all {len(at.cases)}",
          resumed.night["resumed"] == len(at.cases))  # fmt: skip
    check("what had arrived was not written again, nor measured again",
          at.cases.items() <= killed.case_files().items()
          and at.samples.items() <= killed.sample_files().items())  # fmt: skip
    check("one run folder, one file a case", len(killed.case_files()) == count)
    check("the history has each result once", (
        sorted(whole.history().values()) == [1] * (2 * count)
        and sorted(killed.history().values()) == [1] * count
    ))  # fmt: skip
    check("the program that was running when the night was killed has ended", not at.orphans)
    check("nothing left behind by the first", not list(whole.left()))
    left = [one for one in killed.left() if one not in at.own]
    check("nothing left behind by the resumed, but the temporary files of the killed", not left)
    check("the second night converts nothing", not second.started["converter"])
    reused = [line["reused"] for line in _manifest(second)["stages"]]
    check(f"its {len(reused)} stages are all taken from the store", all(reused))
    size = (second.folder / "report.html").stat().st_size
    check(f"its page has {size:,} bytes, less than 1 MB", size < _PAGE_BYTES)
    junit = ElementTree.parse(second.folder / "junit.xml").getroot()
    check(f"JUnit has {junit.get('tests')} cases, no failure, no error",
          (junit.get("tests"), junit.get("failures"), junit.get("errors"))
          == (str(count), "0", "0"))  # fmt: skip
    print("\nTemporary files of the killed process:", ", ".join(sorted(at.own)) or "none")
    for one in (*at.orphans, *whole.left(), *left):
        print(f"  left: {one}")
    sys.exit(bool(wrong))


def _parts(case: dict[str, str]) -> tuple[str, str, str]:
    """A case as it stands in the path of its samples."""
    return case["device"], case["model"], case["recipe"]


def _config(folder: Path, names: tuple[str, ...], recipes: tuple[str, ...]) -> Path:
    models = ", ".join(str(small.deployment(folder, name)) for name in names)
    devices = ", ".join(f"{{profile: {name}, emulate: host}}" for name in DEVICES)
    path = folder / "night.yaml"
    path.write_text(f"models: [{models}]\nrecipes: [{', '.join(recipes)}]\ndevices: [{devices}]\n")
    return path


def _row(what: str, one: Called, first: Called) -> None:
    started = ", ".join(f"{count} {name}" for name, count in sorted(one.started.items()))
    night = one.night
    print(f"| {what} | {night['expected']} | {night['counts']['passed']} | {night['resumed']} "
          f"| {one.seconds:.0f} | {one.seconds / first.seconds:.2f} | {started} |",
          flush=True)  # fmt: skip


def _program(line: str) -> str:
    """What kind of program a line of those started is."""
    words = line.split("\t")
    name = Path(words[0]).name
    if "converter" in name:
        return "converter"
    if "hdc" in line:
        return "hdc"
    if name.startswith("python"):
        return next((word.split(".")[-2] for word in words if word.count(".") > 1), "python")
    return name


def _manifest(one: Called) -> Any:
    return json.loads((one.folder / "manifest.json").read_text())


if __name__ == "__main__":
    main()
