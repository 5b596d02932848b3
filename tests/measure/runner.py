"""What the runner itself costs: ratios to the shortest loop over the same runtime. Run by hand.

``python -m tests.measure.runner [--rounds N] MODEL.ms ...`` prints, for each model, the p50 of

* the runner's samples over those of ``direct_loop.cc``, which calls the runtime's C++ API itself;
* a sustained run, with starts and a growing timeline, over a counted one;
* a run with every operator timed over one without;
* a run paced at 5 ms over one back to back: caches and clock are not warm then.

Ways alternate in each round, on one core, and the ratio is the median over rounds, with the least
and the greatest.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from device.runner import SOURCES
from pipeline.core.events import Silent
from pipeline.core.runner import RunnerOptions, parse_result
from pipeline.toolchain import native, package
from pipeline.toolchain.toolchain import Toolchain, resolve

_WARM_UP, _LOOPS = 50, 500
_TITLES = (
    "model", "p50", "runner / direct loop", "sustained / counted", "profiled / not",
    "paced / back to back",
)  # fmt: skip


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("models", nargs="+", type=Path)
    asked = parser.parse_args()
    tools = resolve(None, SOURCES, Silent())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        loop = _build_loop(folder)
        print(f"| {' | '.join(_TITLES)} |\n|{'---|' * len(_TITLES)}")
        for model in asked.models:
            print(_row(tools, loop, model.absolute(), folder, asked.rounds), flush=True)


def _row(tools: Toolchain, loop: Path, model: Path, folder: Path, rounds: int) -> str:
    core = min(os.sched_getaffinity(0))
    counted = RunnerOptions(
        str(model), str(folder / "result.json"), runtime=str(tools.runtime), warm_up=_WARM_UP,
        loops=_LOOPS, threads=1, bind_mode=0, pin_cores=(core,),
    )  # fmt: skip
    ways: dict[str, Callable[[], float]] = {
        "direct": lambda: _direct(loop, model, core),
        "counted": lambda: _runner(tools, counted),
        "sustained": lambda: _runner(tools, replace(counted, loops=2, duration_s=0.05)),
        "profiled": lambda: _runner(tools, replace(counted, profile=True)),
        "paced": lambda: _runner(tools, replace(counted, loops=100, interval_ms=5)),
    }
    found: dict[str, list[float]] = {name: [] for name in ways}
    names = list(ways)
    for number in range(rounds):
        for name in names[number % len(names) :] + names[: number % len(names)]:
            found[name].append(ways[name]())
    cells = [
        _ratio(found["counted"], found["direct"]),
        _ratio(found["sustained"], found["counted"]),
        _ratio(found["profiled"], found["counted"]),
        _ratio(found["paced"], found["counted"]),
    ]
    p50 = statistics.median(found["counted"]) / 1e3
    return f"| {model.stem} | {p50:.1f} us | {' | '.join(cells)} |"


def _ratio(one: list[float], other: list[float]) -> str:
    ratios = [a / b for a, b in zip(one, other, strict=True)]
    return f"{statistics.median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f})"


def _runner(tools: Toolchain, options: RunnerOptions) -> float:
    command = [str(tools.runner), *options.arguments()]
    environment = {**os.environ, **tools.environment()}
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)
    return statistics.median(parse_result(Path(options.result).read_bytes()).samples_ns)


def _direct(loop: Path, model: Path, core: int) -> float:
    command = ["taskset", "-c", str(core), str(loop), str(model), "1", str(_WARM_UP), str(_LOOPS)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return statistics.median(map(int, done.stdout.split()))


def _build_loop(folder: Path) -> Path:
    home = package.installed(package.wheel_for())
    assert home is not None
    loop, library = folder / "direct_loop", home / "lib"
    subprocess.run(
        ["g++", "-std=c++17", "-O2", "-D_GLIBCXX_USE_CXX11_ABI=0", "-I", home,
         Path(__file__).with_name("direct_loop.cc"), native.SOURCES / "pack_weight_manager.cc",
         "-rdynamic", "-o", loop, "-L", library,
         "-Wl,--no-as-needed", "-lmindspore_converter", "-lmindspore_core",
         "-Wl,--allow-shlib-undefined,--disable-new-dtags", f"-Wl,-rpath,{library}"],
        check=True,
    )  # fmt: skip
    return loop


if __name__ == "__main__":
    main()
