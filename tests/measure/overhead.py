"""Benchmarks of the pipeline itself: figures in one run, as ratios. Not collected by pytest.

``python -m tests.measure.overhead [--rounds N]`` prints

* the wall time of a cold ``pipeline deploy`` over that of the same tools called by hand, one after
  another, as a shell script would;
* the p50 that ``pipeline benchmark`` reports over that of the runner called by hand on the same
  device with the same options.

Runs alternate, and medians are compared, for machines are shared and noisy.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from device.emulator import EmulatedSpec, create, hdc_command
from device.runner import SOURCES
from pipeline.config import places
from pipeline.core import files, process
from pipeline.core.events import Silent
from pipeline.toolchain import ini, toolchain

ROOT = Path(__file__).parents[2]
DIGITS = ROOT / "examples" / "digits" / "deploy.yaml"
DEVICE = "/data/local/tmp/by-hand"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    tools = toolchain.resolve(None, SOURCES, Silent())
    ours, by_hand = [], []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as name:
            by_hand.append(_timed(lambda: ByHand(Path(name), tools).deploy()))
        with tempfile.TemporaryDirectory() as name:
            ours.append(_timed(lambda: _pipeline("deploy", str(DIGITS), workspace=name)))
    _print("cold deploy, s", ours, by_hand, 1.10)
    _p50(rounds * 2, tools)


def _p50(rounds: int, tools: toolchain.Toolchain) -> None:
    ours, by_hand = [], []
    with tempfile.TemporaryDirectory() as name, tempfile.TemporaryDirectory() as other:
        _pipeline("deploy", str(DIGITS), "-r", "fp32", workspace=name)
        hand = ByHand(Path(other), tools)
        hand.start_device()
        model = next(Path(name).glob("*-deploy-*/models/digits.fp32.ms"))
        inputs = next(Path(name).glob("*-deploy-*/inputs/input_0.bin"))
        first = Path(other) / "input.bin"
        first.write_bytes(inputs.read_bytes()[: 28 * 28 * 4])
        for path in (tools.runner, model, first):
            hand.send(path)
        hand.shell(f"chmod 755 {DEVICE}/runner")
        for _ in range(rounds):
            by_hand.append(_median(hand.run("digits.fp32.ms", "input.bin", Path(other))))
            record = json.loads(_pipeline("benchmark", workspace=name))
            ours.append(record["models"][0]["benchmark"]["latency_ns"]["p50_ns"] / 1e3)
    _print("p50 of fp32, us", ours, by_hand, 1.03)


class ByHand:
    """What a person would type: the tools' own command lines, one after another."""

    def __init__(self, folder: Path, tools: toolchain.Toolchain) -> None:
        self.folder = folder
        self.tools = tools
        self.hdc: tuple[str, ...] = ()

    def deploy(self) -> None:
        """Export, convert, evaluate, push and run every recipe of the example."""
        loaded = places.deployment(DIGITS)
        self._export(loaded)
        self._call(self.tools.converter, *self._conversion("fp32"))
        self._python(_LAYOUT)
        for named in loaded.recipes:
            if named.name != "fp32":
                text = ini.config_text(named.recipe, {"images": "calibration"}, 100)
                extra = ["--fp16=on"] if named.recipe.fp16 else []
                if text:
                    (self.folder / f"{named.name}.ini").write_text(text)
                    extra.append(f"--configFile={named.name}.ini")
                self._call(self.tools.converter, *self._conversion(named.name), *extra)
            self._call(
                self.tools.runner, f"--runtime={self.tools.runtime}",
                f"--modelFile={named.name}.ms", "--samplesFile=test.bin", "--numThreads=1",
                "--cpuBindMode=0", "--warmUpLoopCount=0", f"--outputsFile={named.name}.out",
                f"--resultFile={named.name}.json",
            )  # fmt: skip
            self._python(_SCORE, named.name)
        self.start_device()
        for name in (self.tools.runner, self.folder / "first.bin", self.folder / "some.bin"):
            self.send(Path(name))
        self.shell(f"chmod 755 {DEVICE}/runner")
        for named in loaded.recipes:
            self.send(self.folder / f"{named.name}.ms")
            self._on_device(
                f"--modelFile={named.name}.ms --samplesFile=some.bin --outputsFile=some.out "
                "--warmUpLoopCount=0 --numThreads=2 --cpuBindMode=1 --resultFile=some.json"
            )
            self._recv("some.out", self.folder)
            self.run(f"{named.name}.ms", "first.bin", self.folder)

    def start_device(self) -> None:
        """An emulated phone of its own, as empty as the pipeline's."""
        home = self.folder / "lab"
        create(home, EmulatedSpec(key="PHONE", runtime_library=self.tools.runtime))
        self.hdc = (*hdc_command(home), "-t", "PHONE")
        self.shell(f"mkdir -p {DEVICE}")

    def run(self, model: str, inputs: str, target: Path) -> Any:
        """One benchmark on the device; its record."""
        self._on_device(
            f"--modelFile={model} --inDataFile={inputs} --loopCount=1000 --warmUpLoopCount=20 "
            "--numThreads=2 --cpuBindMode=1 --resultFile=latency.json"
        )
        self._recv("latency.json", target)
        return json.loads((target / "latency.json").read_text())

    def send(self, path: Path) -> None:
        """hdc file send."""
        subprocess.run([*self.hdc, "file", "send", path, f"{DEVICE}/{path.name}"], **_QUIET)

    def shell(self, command: str) -> None:
        """hdc shell."""
        subprocess.run([*self.hdc, "shell", command], **_QUIET)

    def _on_device(self, options: str) -> None:
        self.shell(f"cd {DEVICE} && ./runner {options}")

    def _recv(self, name: str, target: Path) -> None:
        subprocess.run([*self.hdc, "file", "recv", f"{DEVICE}/{name}", target / name], **_QUIET)

    def _conversion(self, name: str) -> tuple[str, ...]:
        return ("--fmk=MINDIR", "--modelFile=model.mindir", f"--outputFile={name}")

    def _export(self, loaded: places.LoadedDeployment) -> None:
        from pipeline.stages.checkpoint.request import ExportRequest, InputSpec

        self._python(_DATA)
        deployment = loaded.deployment
        request = ExportRequest(
            factory=deployment.network.factory,
            arguments={},
            checkpoint=deployment.network.checkpoint,
            python_path=(ROOT,),
            inputs=tuple(InputSpec(i.name, i.shape, i.dtype) for i in deployment.inputs),
            samples=(self.folder / "test.npy",),
        )
        files.write_json(self.folder / "request.json", request.to_json(self.folder))
        self._call(
            sys.executable, "-m", "pipeline.stages.checkpoint.worker", "request.json", "answer.json"
        )

    def _python(self, text: str, *arguments: str) -> None:
        self._call(sys.executable, "-c", text, *arguments)

    def _call(self, *command: object) -> None:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "GLOG_v": "3"}
        subprocess.run(list(map(str, command)), cwd=self.folder, env=environment, **_QUIET)


_QUIET: dict[str, Any] = {"check": True, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}

_DATA = """
import numpy as np
from examples.digits import data
for name in ("test", "calibration"):
    images, labels = getattr(data, name)()
    np.save(f"{name}.npy", images); np.save(f"{name}_labels.npy", labels)
"""

_LAYOUT = """
import numpy as np, os
test = np.load("test.npy").transpose(0, 2, 3, 1)
test.tofile("test.bin"); test[:16].tofile("some.bin"); test[:1].tofile("first.bin")
os.mkdir("calibration")
for number, image in enumerate(np.load("calibration.npy").transpose(0, 2, 3, 1)):
    image.tofile(f"calibration/{number:05d}.bin")
"""

_SCORE = """
import numpy as np, sys
scores = np.fromfile(sys.argv[1] + ".out", np.float32).reshape(-1, 10)
print((scores.argmax(1) == np.load("test_labels.npy")).mean())
"""


def _pipeline(*arguments: str, workspace: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "pipeline", *arguments, "--emulate=host", "--json", "-w", workspace],
        cwd=ROOT, env={**os.environ, **process.python_environment()},
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True,
    )  # fmt: skip
    return done.stdout


def _timed(work: Any) -> float:
    started = time.monotonic()
    work()
    return time.monotonic() - started


def _median(record: Any) -> float:
    return statistics.median(record["samples_ns"]) / 1e3


def _print(what: str, ours: list[float], by_hand: list[float], goal: float) -> None:
    one, other = statistics.median(ours), statistics.median(by_hand)
    spread = " ".join(f"{a / b:.3f}" for a, b in zip(ours, by_hand, strict=True))
    print(f"{what}: pipeline {one:.4g}, by hand {other:.4g}, ratio {one / other:.3f}", end=" ")
    print(f"(goal {goal:.2f}; pairs {spread})")


if __name__ == "__main__":
    main()
