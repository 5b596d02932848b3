"""Do repeated benchmarks agree, and with whom? Run by hand; not collected by pytest.

``python -m tests.measure.agreement [--repeats N] [--calm]`` deploys the digits, and then, for
some models and profiles, calls ``pipeline benchmark`` five times with the default plan: once as
calm as this machine is, each call followed by as many launches by hand of the runner and of the
shortest loop over the same runtime (``direct_loop.cc``), and once beside a loop that keeps one core
busy. It prints, as Markdown,

* the p50 of every call, and which said that it does not know it to 2.5 % or that the device moved;
* how far those differ that said nothing;
* the median of the ratios to the runner and to the direct loop, and the ratio of the least of each,
  which neighbours on the same machine disturb less.

It ends with 1 where two calls differ by more than 5 % and neither said a word.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from device.runner import SOURCES
from pipeline.config import places
from pipeline.core import process
from pipeline.core.events import Silent
from pipeline.core.runner import RunnerOptions, parse_result
from pipeline.toolchain.toolchain import Toolchain, resolve
from tests.measure.runner import _build_loop

ROOT = Path(__file__).parents[2]
DIGITS = ROOT / "examples" / "digits" / "deploy.yaml"
_AGREE = 0.05
_LAUNCHES, _WARM_UP, _LOOPS = 8, 20, 83
_HEAD = """\
| model, profile | p50 of each call, us | said nothing | apart | over the runner | direct loop |
|---|---|--:|--:|--:|--:|"""
_CASES = (("fp32", "watch"), ("full-8", "watch"), ("fp32", "phone"), ("full-8", "phone"))


@dataclass(frozen=True)
class Round:
    """A call of the benchmark, and what the runner and the direct loop gave then; p50 in us."""

    p50: float
    said: tuple[str, ...]
    by_hand: tuple[float, float] | None

    @property
    def quiet(self) -> bool:
        """Whether it claims to be repeatable."""
        return not self.said


@dataclass(frozen=True)
class By:
    """How to measure by hand: the same model, threads and binding, without the pipeline."""

    tools: Toolchain
    loop: Path
    folder: Path
    model: Path
    first: Path
    threads: int
    bind_mode: int

    def runner(self) -> float:
        """Launches of the runner itself; the median of all samples, in us."""
        result = self.folder / "result.json"
        options = RunnerOptions(
            model=str(self.model),
            result=str(result),
            runtime=str(self.tools.runtime),
            inputs=(str(self.first),),
            warm_up=_WARM_UP,
            loops=_LOOPS,
            threads=self.threads,
            bind_mode=self.bind_mode,
        )
        environment = {**os.environ, **self.tools.environment()}
        samples: list[int] = []
        for _ in range(_LAUNCHES):
            command = [str(self.tools.runner), *options.arguments()]
            subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)
            samples += parse_result(result.read_bytes()).samples_ns
        return statistics.median(samples) / 1e3

    def direct(self) -> float:
        """Launches of the shortest loop; it binds nothing."""
        command = [str(self.loop), str(self.model), *map(str, (self.threads, _WARM_UP, _LOOPS))]
        samples: list[int] = []
        for _ in range(_LAUNCHES):
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            samples += map(int, done.stdout.split())
        return statistics.median(samples) / 1e3


def main() -> None:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--calm", action="store_true", help="without the busy core")
    parser.add_argument("--core", type=int, default=min(os.sched_getaffinity(0)))
    asked = parser.parse_args()
    tools = resolve(None, SOURCES, Silent())
    silent = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        loop = _build_loop(folder)
        _pipeline(folder, "deploy", str(DIGITS), "-r", "fp32", "-r", "full-8")
        (run,) = folder.glob("runs/*-deploy-*")
        first = folder / "first.bin"
        first.write_bytes((run / "inputs/input_0.bin").read_bytes()[: 28 * 28 * 4])
        for calm in (True,) if asked.calm else (True, False):
            print(f"\n{'Calm' if calm else f'Beside a busy core {asked.core}'}, load "
                  f"{os.getloadavg()[0]:.1f} before:\n")  # fmt: skip
            print(_HEAD)
            with nullcontext() if calm else _busy(asked.core):
                for recipe, device in _CASES:
                    profile = places.profile(device).profile
                    by = By(tools, loop, folder, run / f"models/digits.{recipe}.ms", first,
                            profile.run.threads, profile.run.binding.number)  # fmt: skip
                    rounds = [_round(by, device, calm) for _ in range(asked.repeats)]
                    silent += _row(f"{recipe}, {device}", rounds)
    sys.exit(bool(silent))


def _round(by: By, device: str, calm: bool) -> Round:
    found = json.loads(_pipeline(by.folder, "benchmark", str(by.model), "--device", device))
    record = found["models"][0]["benchmark"]
    said = [*record["doubts"], *filter(None, [record["reason"]])]
    by_hand = (by.runner(), by.direct()) if calm else None
    return Round(record["latency_ns"]["p50_ns"] / 1e3, tuple(said), by_hand)


def _row(what: str, rounds: list[Round]) -> bool:
    """Print; whether some that said nothing are too far apart."""
    quiet = [one.p50 for one in rounds if one.quiet]
    apart = max(quiet) / min(quiet) - 1 if len(quiet) > 1 else None
    figures = ", ".join(f"{one.p50:.1f}{'' if one.quiet else ' ~'}" for one in rounds)
    runner, direct = (_against(rounds, which) for which in (0, 1))
    told = f"{100 * apart:.1f} %" if apart is not None else ""
    print(f"| {what} | {figures} | {len(quiet)} of {len(rounds)} | {told} | {runner} | {direct} |",
          flush=True)  # fmt: skip
    return apart is not None and apart > _AGREE


def _against(rounds: list[Round], which: int) -> str:
    """The median of the ratios to what was measured by hand, and the ratio of the least."""
    pairs = [(one.p50, one.by_hand[which]) for one in rounds if one.by_hand]
    if not pairs:
        return ""
    ours, by_hand = zip(*pairs, strict=True)
    middle = statistics.median(one / other for one, other in pairs)
    return f"{middle:.3f}, {min(ours) / min(by_hand):.3f}"


@contextmanager
def _busy(core: int) -> Iterator[None]:
    """A process that never rests, on one core."""
    command = ["taskset", "-c", str(core), sys.executable, "-c", "while True: pass"]
    busy = subprocess.Popen(command)
    try:
        yield
    finally:
        busy.kill()
        busy.wait()


def _pipeline(folder: Path, *arguments: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-m", "pipeline", *arguments, "--emulate=host", "--json",
         "-w", str(folder / "runs")],
        cwd=ROOT, env={**os.environ, **process.python_environment()},
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False,
    )  # fmt: skip
    return done.stdout


if __name__ == "__main__":
    main()
