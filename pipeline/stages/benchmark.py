"""Benchmark stage: a model on a device. Never reused: a latency is only true of its moment.

The outputs on the device are compared with this machine's first; a latency of wrong answers is
worth nothing.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from device.device import Device, DeviceFacts, Pushed
from device.errors import PullFailed
from device.quote import quote
from pipeline.config.profile import Profile
from pipeline.core import files
from pipeline.core.errors import DeviceError, NoDataError, one_line
from pipeline.core.events import Listener
from pipeline.core.runner import RunnerFailed, RunnerOptions, RunnerResult, parse_result
from pipeline.core.statistics import Summary, summarize
from pipeline.stages.parity import Parity, compare

_NAME = "benchmark"
_RUNTIMES = (
    "/system/lib64/ndk/libmindspore_lite_ndk.so",
    "/system/lib/ndk/libmindspore_lite_ndk.so",
)
_QUESTION_DEADLINE_S = 30.0


@dataclass(eq=False)
class RunnerRefused(DeviceError):
    """The device does not let unsigned programs run."""

    key: str

    @property
    def message(self) -> str:
        return f"{self.key} does not execute the runner: permission denied"

    @property
    def hint(self) -> str:
        return "consumer devices run signed code only: use a board, a debug image or --emulate"


@dataclass(eq=False)
class RunFailed(DeviceError):
    """The runner on the device failed."""

    key: str
    model: str
    reason: str

    @property
    def message(self) -> str:
        return f"running {self.model} on {self.key} failed: {self.reason}"

    @property
    def hint(self) -> str:
        return "the runner's output is in the run folder's logs; 'hdc hilog' may tell more"


@dataclass(eq=False)
class RecordUnreadable(NoDataError):
    """The runner's record came back, and is not one."""

    key: str
    reason: str

    @property
    def message(self) -> str:
        return f"the record of the run on {self.key} cannot be used: {self.reason}"

    @property
    def hint(self) -> str:
        return "run again; if it stays, clean the device: pipeline devices --clean"


@dataclass(frozen=True)
class Workload:
    """A model and what it is run with. ``inputs``: a file an input with ``count`` samples in the
    model's layout; ``expected``: this machine's outputs of the same model, arrays [count, ...]."""

    name: str
    model: Path
    sha256: str
    size_bytes: int
    inputs: tuple[Path, ...]
    count: int
    expected: tuple[Any, ...]
    fp16: bool = False


@dataclass(frozen=True)
class Measurement:
    """What one benchmark gave. ``parity``: the device's outputs against this machine's."""

    workload: Workload
    facts: DeviceFacts
    parity: Parity
    latency: Summary
    run: RunnerResult
    runner_sha256: str
    runtime_sha256: str | None
    pushed: tuple[Pushed, ...]
    telemetry: Mapping[str, Any]

    def as_json(self) -> dict[str, Any]:
        """The result record, without the samples themselves."""
        return {
            "schema": 1,
            "model": self.workload.name,
            "model_sha256": self.workload.sha256,
            "size_bytes": self.workload.size_bytes,
            "where": self.facts.where.value,
            "device": self.facts.as_json(),
            "runner": self.run.runner,
            "runner_sha256": self.runner_sha256,
            "runtime": self.run.runtime,
            "runtime_sha256": self.runtime_sha256,
            "threads": self.run.threads,
            "bind_mode": self.run.bind_mode,
            "fp16": self.run.fp16,
            "warm_up": self.run.warm_up,
            "latency_ns": self.latency.as_json(),
            "load_ns": self.run.load_ns,
            "first_inference_ns": self.run.first_inference_ns,
            "peak_memory_bytes": self.run.peak_memory_bytes,
            "device_parity": self.parity.as_json(),
            "sent_bytes": sum(item.sent_bytes for item in self.pushed),
            "telemetry": self.telemetry,
        }


def measure(
    device: Device,
    facts: DeviceFacts,
    workload: Workload,
    runner: Path,
    profile: Profile,
    raw: Path,
    listener: Listener,
) -> Measurement:
    """Push, compare outputs, time; every sample lands in ``raw`` as the runner's own record.

    All that was made on the device for it is removed, also after a failure; the runner and the
    model stay there under their hash, so that the next push sends nothing.
    """
    listener.started(_NAME, workload.name)
    pushed_runner = device.push(runner, executable=True, on_progress=_follow(listener, workload))
    pushed_model = device.push(workload.model, on_progress=_follow(listener, workload))
    before = device.telemetry().as_json()
    base = RunnerOptions(
        model=pushed_model.path,
        result="",
        threads=profile.run.threads,
        bind_mode=profile.run.binding.number,
        fp16=workload.fp16,
    )
    launch = _Launch(device, pushed_runner.path, workload.name, profile.plan.deadline_s, raw)
    with device.scratch() as scratch:
        inputs = _send_inputs(device, workload, scratch)
        parity = _compare(launch, base, workload, inputs, scratch)
        timed = replace(
            base,
            result=f"{scratch}/latency.json",
            inputs=tuple(f"{path}.first" for path in inputs),
            warm_up=profile.plan.warm_up,
            loops=profile.plan.samples,
        )
        run = launch(timed, raw / f"{workload.name}.json")
    if len(run.samples_ns) != profile.plan.samples:
        reason = f"{len(run.samples_ns)} samples, {profile.plan.samples} were asked for"
        raise RecordUnreadable(device.key, reason)
    measurement = Measurement(
        workload=workload,
        facts=facts,
        parity=parity,
        latency=summarize(run.samples_ns),
        run=run,
        runner_sha256=pushed_runner.sha256,
        runtime_sha256=_runtime_hash(device),
        pushed=(pushed_runner, pushed_model),
        telemetry={"before": before, "after": device.telemetry().as_json()},
    )
    listener.finished(
        _NAME,
        workload.name,
        reused=False,
        note=f"p50 {measurement.latency.p50_ns / 1e6:.4g} ms of {measurement.latency.n}",
        seconds=sum(run.samples_ns) / 1e9,
    )
    return measurement


@dataclass(frozen=True)
class _Launch:
    """One start of the runner on the device, and its record brought home."""

    device: Device
    runner: str
    model: str
    deadline_s: float
    raw: Path

    def __call__(self, options: RunnerOptions, record: Path) -> RunnerResult:
        command = " ".join(quote(part) for part in (self.runner, *options.arguments()))
        done = self.device.run(f"exec {command}", deadline_s=self.deadline_s)
        files.write_bytes(record.with_suffix(".log"), done.output)
        if done.code == 126 or (done.code != 0 and "Permission denied" in done.last_line):
            raise RunnerRefused(self.device.key)
        try:
            self.device.pull(options.result, record)
        except PullFailed:
            if done.code == 0:
                raise
            reason = f"it ended with code {done.code}: {done.last_line}"
            raise RunFailed(self.device.key, self.model, one_line(reason)) from None
        try:
            return parse_result(record.read_bytes())
        except RunnerFailed as error:
            raise RunFailed(self.device.key, self.model, str(error)) from None
        except ValueError as error:
            raise RecordUnreadable(self.device.key, str(error)) from None


def _send_inputs(device: Device, workload: Workload, scratch: str) -> tuple[str, ...]:
    """The samples, and beside each file its first sample: what the timed loop runs on."""
    remote = []
    for index, path in enumerate(workload.inputs):
        pushed = device.push(path)
        link = f"{scratch}/input_{index}.bin"
        size = path.stat().st_size // workload.count
        command = (
            f"ln -s {quote(pushed.path)} {quote(link)} && "
            f"head -c {size} {quote(pushed.path)} > {quote(link + '.first')}"
        )
        done = device.run(command, deadline_s=_QUESTION_DEADLINE_S)
        if done.code != 0:
            raise RunFailed(device.key, workload.name, done.last_line)
        remote.append(link)
    return tuple(remote)


def _compare(
    launch: _Launch,
    base: RunnerOptions,
    workload: Workload,
    inputs: tuple[str, ...],
    scratch: str,
) -> Parity:
    from pipeline.data import layout

    options = replace(
        base,
        result=f"{scratch}/parity.json",
        samples=inputs,
        outputs=f"{scratch}/outputs.bin",
        warm_up=0,
    )
    with tempfile.TemporaryDirectory(prefix="pipeline-device.") as folder:
        run = launch(options, Path(folder) / "parity.json")
        output = Path(folder) / "outputs.bin"
        launch.device.pull(f"{scratch}/outputs.bin", output)
        try:
            return compare(
                layout.read_outputs(output, run.outputs, workload.count), workload.expected
            )
        except ValueError as error:
            raise RecordUnreadable(launch.device.key, str(error)) from None


def _runtime_hash(device: Device) -> str | None:
    for path in _RUNTIMES:
        done = device.run(f"sha256sum {quote(path)}", deadline_s=_QUESTION_DEADLINE_S)
        words = done.text.split()
        if done.code == 0 and words and len(words[0]) == 64:
            return words[0]
    return None


def _follow(listener: Listener, workload: Workload) -> Callable[[int, int], None]:
    return lambda done, total: listener.progress("push", workload.name, done, total)
