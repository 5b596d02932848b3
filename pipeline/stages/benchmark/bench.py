"""A device made ready, and the models that are run on it one after another."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from device.device import Device, DeviceFacts, Pushed, Telemetry, Where
from device.errors import PullFailed
from device.quote import quote
from pipeline.config.profile import Profile
from pipeline.core import files
from pipeline.core.errors import one_line
from pipeline.core.events import Listener
from pipeline.core.runner import RunnerFailed, RunnerOptions, RunnerResult, parse_result
from pipeline.stages.benchmark.errors import RecordUnreadable, RunFailed, RunnerRefused
from pipeline.stages.benchmark.measurement import Measurement
from pipeline.stages.benchmark.workload import Inputs, Workload
from pipeline.stages.parity import Parity, compare
from pipeline.statistics.summary import summarize

_NAME = "benchmark"
_RUNTIMES = (
    "/system/lib64/ndk/libmindspore_lite_ndk.so",
    "/system/lib/ndk/libmindspore_lite_ndk.so",
)
_QUESTION_DEADLINE_S = 30.0
_NOT_EXECUTABLE = 126


@dataclass(frozen=True)
class Bench:
    """A device made ready: the runner and the inputs are there, and a folder for what comes."""

    device: Device
    facts: DeviceFacts
    profile: Profile
    raw: Path
    listener: Listener
    runner: Pushed
    runtime_sha256: str | None
    scratch: str
    inputs: tuple[str, ...]
    count: int

    def measure(self, workload: Workload, before: Telemetry) -> Measurement:
        """Push the model, compare its outputs, time it.

        Every sample lands in ``raw`` as the runner's own record. ``before`` is how the device is
        now. Raises RunFailed, RunnerRefused, RecordUnreadable and the errors of ``device.errors``.
        """
        self.listener.started(_NAME, workload.name)
        pushed = self.device.push(workload.model, on_progress=self._progress(workload))
        run, parity = self._run(workload, pushed.path)
        if len(run.samples_ns) != self.profile.plan.samples:
            reason = f"{len(run.samples_ns)} samples, {self.profile.plan.samples} were asked for"
            raise RecordUnreadable(self.device.key, reason)
        latency = summarize(run.samples_ns)
        self.listener.finished(
            _NAME,
            workload.name,
            reused=False,
            note=f"{self._figure()} {latency.p50_ns / 1e6:.4g} ms of {latency.n}",
            seconds=sum(run.samples_ns) / 1e9,
        )
        return Measurement(
            workload=workload,
            facts=self.facts,
            parity=parity,
            latency=latency,
            run=run,
            runner_sha256=self.runner.sha256,
            runtime_sha256=self.runtime_sha256,
            sent_bytes=pushed.sent_bytes,
            before=before,
            after=self.device.telemetry(),
        )

    def _run(self, workload: Workload, model: str) -> tuple[RunnerResult, Parity]:
        """All samples once for their outputs, then the timed loop: one remote command."""
        plan = self.profile.plan
        samples = RunnerOptions(
            model=model,
            result=f"{self.scratch}/parity.json",
            samples=self.inputs,
            outputs=f"{self.scratch}/outputs.bin",
            warm_up=0,
            threads=self.profile.run.threads,
            bind_mode=self.profile.run.binding.number,
            fp16=workload.fp16,
        )
        timed = replace(
            samples,
            result=f"{self.scratch}/latency.json",
            samples=(),
            inputs=tuple(map(_first, self.inputs)),
            outputs=None,
            warm_up=plan.warm_up,
            loops=plan.samples,
        )
        # What the model before left must not be taken for this one's.
        produced = (samples.result, samples.outputs or "", timed.result)
        commands = [" ".join(("rm -f", *map(quote, produced)))]
        commands += [
            " ".join(quote(part) for part in (self.runner.path, *options.arguments()))
            for options in (samples, timed)
        ]
        done = self.device.run(" && ".join(commands), deadline_s=plan.deadline_s)
        log = self.raw / f"{workload.name}.log"
        files.write_bytes(log, done.output)
        if done.code == _NOT_EXECUTABLE:
            raise RunnerRefused(self.device.key)
        if done.code != 0:
            reason = self._reason(produced) or f"exit code {done.code}: {done.last_line}"
            raise RunFailed(self.device.key, workload.name, one_line(reason))
        record = self.raw / f"{workload.name}.json"
        self.device.pull(timed.result, record)
        run = self._parse(workload, record)
        return run, self._compare(workload, run, samples.outputs or "")

    def _reason(self, produced: tuple[str, ...]) -> str | None:
        """What the runner's own record says of a failure, if it wrote one."""
        for remote in reversed(produced):
            if not remote.endswith(".json"):
                continue
            with tempfile.TemporaryDirectory(prefix="pipeline-device.") as folder:
                record = Path(folder) / "record.json"
                try:
                    self.device.pull(remote, record)
                    parse_result(record.read_bytes())
                except RunnerFailed as error:
                    return str(error)
                except (PullFailed, ValueError):
                    continue
        return None

    def _parse(self, workload: Workload, record: Path) -> RunnerResult:
        try:
            return parse_result(record.read_bytes())
        except RunnerFailed as error:
            raise RunFailed(self.device.key, workload.name, str(error)) from None
        except ValueError as error:
            raise RecordUnreadable(self.device.key, str(error)) from None

    def _compare(self, workload: Workload, run: RunnerResult, remote: str) -> Parity:
        from pipeline.data import layout

        with tempfile.TemporaryDirectory(prefix="pipeline-device.") as folder:
            output = Path(folder) / "outputs.bin"
            self.device.pull(remote, output)
            try:
                outputs = layout.read_outputs(output, run.outputs, self.count)
                return compare(outputs, workload.expected)
            except ValueError as error:
                raise RecordUnreadable(self.device.key, str(error)) from None

    def _figure(self) -> str:
        return "p50" if self.facts.where is Where.DEVICE else f"{self.facts.where.value} p50"

    def _progress(self, workload: Workload) -> Callable[[int, int], None]:
        return lambda done, total: self.listener.progress("push", workload.name, done, total)


@contextmanager
def bench(
    device: Device,
    facts: DeviceFacts,
    runner: Path,
    inputs: Inputs,
    profile: Profile,
    raw: Path,
    listener: Listener,
) -> Iterator[Bench]:
    """Make ``device`` ready for models that take ``inputs``; ``raw`` gets the runner's records.

    What was made on the device is removed at the end, also after a failure; runner, models and
    inputs stay there under their hash, so that the next push of the same sends nothing.
    """
    pushed = device.push(runner, executable=True)
    with device.scratch() as scratch:
        yield Bench(
            device=device,
            facts=facts,
            profile=profile,
            raw=raw,
            listener=listener,
            runner=pushed,
            runtime_sha256=_runtime_hash(device),
            scratch=scratch,
            inputs=_send(device, inputs, scratch),
            count=inputs.count,
        )


def _send(device: Device, inputs: Inputs, scratch: str) -> tuple[str, ...]:
    """Send the samples, and lay beside them their first: what the timed loop runs on."""
    links = []
    commands = []
    for index, path in enumerate(inputs.paths):
        pushed = device.push(path)
        links.append(f"{scratch}/input_{index}.bin")
        size = path.stat().st_size // inputs.count
        commands.append(f"ln -s {quote(pushed.path)} {quote(links[-1])}")
        commands.append(f"head -c {size} {quote(pushed.path)} > {quote(_first(links[-1]))}")
    done = device.run(" && ".join(commands), deadline_s=_QUESTION_DEADLINE_S)
    if done.code != 0:
        raise RunFailed(device.key, "the preparation", done.last_line)
    return tuple(links)


def _first(samples: str) -> str:
    return f"{samples}.first"


def _runtime_hash(device: Device) -> str | None:
    command = " ".join(("sha256sum", *map(quote, _RUNTIMES)))
    done = device.run(f"{command} 2>/dev/null", deadline_s=_QUESTION_DEADLINE_S)
    hashes = [line.split()[0] for line in done.text.splitlines() if line.strip()]
    return next((value for value in hashes if len(value) == 64), None)
