"""Devices: what a push costs beside a plain ``hdc file send``, and 16 devices beside one.

``python -m tests.measure.devices [--rounds N] [--output devices.md]``; figures are ratios of
medians in one run, for machines are shared and noisy. The devices are emulated ones, behind
links as fast as the table says; time that they compute is this machine's.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from device.emulator import EmulatedSpec, create, hdc_command
from device.hdc.client import HdcClient
from device.hdc.device import HdcDevice
from device.runner import SOURCES
from pipeline.chain import fleet
from pipeline.core.events import Silent
from pipeline.toolchain.toolchain import resolve

ROOT = Path(__file__).parents[2]
DIGITS = ROOT / "examples" / "digits" / "deploy.yaml"
SIZE = 100_000_000
LINKS = {
    "Wi-Fi, 20 MB/s": 20e6,
    "USB 2, 35 MB/s": 35e6,
    "100 MB/s": 100e6,
    "USB 3, 280 MB/s": 280e6,
}
LATENCY_S = 0.04
MANY = 16
PLAN = "plan: {warm_up: 5, max_warm_up: 5, runs: 8, samples: 400, time_s: 0, percentile: 90}"
_PUSHES = (
    "Medians of {rounds} rounds, taken in turns. *speed*: that of a push of a changed file over "
    "that of a plain `hdc file send` of the same, round by round. The device hashes what arrives "
    "while it arrives; here it does so on the cores that also send, which a fast link shows."
)
_DEVICES = (
    "Two models of the digits, built before, pushed and measured (8 runs of 50 inferences each) "
    "on devices that answer {late_ms} ms late, as over Wi-Fi. This machine has {cores} cores and "
    "does what all of them compute."
)


def main() -> None:
    """Measure, print, and keep what was printed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--output", type=Path, default=Path(__file__).with_suffix(".md"))
    options = parser.parse_args()
    os.environ.setdefault("PIPELINE_CACHE", str(Path.home() / ".cache" / "mslite-pipeline"))
    lines = [
        "Made by `python -m tests.measure.devices`.",
        "",
        f"## A push of {SIZE:,} bytes",
        "",
        _PUSHES.format(rounds=options.rounds),
        "",
        "| link | plain send s | push, changed s | speed | push, unchanged s | bytes sent for it |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    lines += [_pushed(name, rate, options.rounds).row for name, rate in LINKS.items()]
    lines += ["", f"## {MANY} devices at once", "", *_fleet()]
    text = "\n".join(lines) + "\n"
    options.output.write_text(text)
    sys.stdout.write(text)


@dataclass(frozen=True)
class Pushed:
    """Seconds of each way, by round."""

    name: str
    plain: list[float]
    changed: list[float]
    unchanged: list[float]
    sent_bytes: int

    @property
    def speed(self) -> float:
        """Of a changed file, over that of a plain send: the median of the rounds."""
        pairs = zip(self.plain, self.changed, strict=True)
        return statistics.median(plain / changed for plain, changed in pairs)

    @property
    def row(self) -> str:
        """A line of the table."""
        plain, changed, unchanged = map(
            statistics.median, (self.plain, self.changed, self.unchanged)
        )
        return (
            f"| {self.name} | {plain:.3f} | {changed:.3f} | {self.speed:.2f} | "
            f"{unchanged:.3f} | {self.sent_bytes} |"
        )


def _pushed(name: str, rate: float, rounds: int) -> Pushed:
    found = Pushed(name, [], [], [], 0)
    sent = 0
    with tempfile.TemporaryDirectory(prefix="measure-push-") as folder:
        home, source = Path(folder) / "home", Path(folder) / "model.ms"
        create(home, EmulatedSpec(key="K", link_bytes_per_s=rate))
        source.write_bytes(os.urandom(SIZE))
        device = HdcDevice(HdcClient(hdc_command(home)), "K")
        plain = [*hdc_command(home), "-t", "K", "file", "send", str(source), "/data/local/tmp/p"]
        for _ in range(rounds):
            _new_content(source)
            found.plain.append(_seconds(lambda: _must(plain)))
            found.changed.append(_seconds(lambda: _sends(device, source)))
            began = time.monotonic()
            sent += device.push(source).sent_bytes
            found.unchanged.append(time.monotonic() - began)
            device.clean()
    return Pushed(name, found.plain, found.changed, found.unchanged, sent)


def _new_content(path: Path) -> None:
    """Another model of the same size: other bytes all over it."""
    with path.open("r+b") as stream:
        for at in range(0, SIZE, SIZE // 100):
            stream.seek(at)
            stream.write(os.urandom(64))


def _sends(device: HdcDevice, source: Path) -> None:
    if device.push(source).sent_bytes != SIZE:
        raise AssertionError("the changed file was not sent")


def _must(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    if "FileTransfer finish" not in done.stdout:
        raise AssertionError(done.stdout)


def _seconds(call: Callable[[], None]) -> float:
    began = time.monotonic()
    call()
    return time.monotonic() - began


def _fleet() -> list[str]:
    runtime = resolve(None, SOURCES, Silent()).runtime
    rows = [
        _DEVICES.format(late_ms=round(LATENCY_S * 1000), cores=os.cpu_count()),
        "",
        "| devices | wall s | of one | one after another would take |",
        "|--:|--:|--:|--:|",
    ]
    with tempfile.TemporaryDirectory(prefix="measure-fleet-") as folder:
        home, workspace = Path(folder) / "home", Path(folder) / "runs"
        profile = Path(folder) / "quick.yaml"
        profile.write_text(f"match: {{device_types: [phone]}}\nrun: {{threads: 1}}\n{PLAN}\n")
        hdc = Path(folder) / "hdc"
        hdc.write_text(f'#!/bin/sh\nexec {" ".join(hdc_command(home))} "$@"\n')
        hdc.chmod(0o755)
        keys = [f"K{number:02}" for number in range(MANY)]
        for key in keys:
            create(home, EmulatedSpec(key=key, runtime_library=runtime, link_latency_s=LATENCY_S))

        def deploy(targets: list[str]) -> float:
            began = time.monotonic()
            found = fleet.deploy_fleet(
                DIGITS,
                devices=[str(profile)],
                targets=targets,
                recipes=["fp32", "weight-8"],
                hdc=hdc,
                workspace=workspace,
            )
            if found.exit_code or len(found.reports) != len(targets):
                raise AssertionError(found.troubles)
            return time.monotonic() - began

        deploy(keys[:1])  # builds
        alone = statistics.median(deploy([key]) for key in keys[:3])
        for count in (1, 4, MANY):
            wall = alone if count == 1 else deploy(keys[:count])
            rows.append(f"| {count} | {wall:.1f} | {wall / alone:.2f}x | {count * alone:.1f} s |")
    return rows


if __name__ == "__main__":
    main()
