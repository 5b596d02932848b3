"""A device made ready, and the models that are run on it, taking turns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from device.device import Device, DeviceFacts, Where
from device.quote import quote
from device.watch import watch
from pipeline.config.profile import Profile
from pipeline.core import files
from pipeline.core.events import Listener
from pipeline.core.runner import RunnerOptions, RunnerResult
from pipeline.stages.benchmark import counting, reference
from pipeline.stages.benchmark.cooling import Cooling
from pipeline.stages.benchmark.launcher import Launcher
from pipeline.stages.benchmark.measurement import Measurement
from pipeline.stages.benchmark.outcome import Observed, measurements
from pipeline.stages.benchmark.pilot import pilot
from pipeline.stages.benchmark.plan import Plan, plan_for
from pipeline.stages.benchmark.prepared import Prepared
from pipeline.stages.benchmark.turns import take_turns
from pipeline.stages.benchmark.way import open_way
from pipeline.stages.benchmark.workload import Inputs, Workload

NAME = "benchmark"
_RUNTIMES = (
    "/system/lib64/ndk/libmindspore_lite_ndk.so",
    "/system/lib/ndk/libmindspore_lite_ndk.so",
)
_QUESTION_DEADLINE_S = 30.0
#: From one look at the device to the next. A look at an emulated one takes time from what runs.
_WATCH_S, _WATCH_EMULATED_S = 2.0, 10.0


@dataclass(frozen=True)
class Bench:
    """A device made ready: the inputs are there, and a folder for what comes.

    ``inputs`` and ``first_inputs``: for each input the file with all ``count`` samples, and that
    with the first, on the device.
    """

    launcher: Launcher
    facts: DeviceFacts
    profile: Profile
    plan: Plan
    raw: Path
    listener: Listener
    runtime_sha256: str | None
    inputs: tuple[str, ...]
    first_inputs: tuple[str, ...]
    count: int
    usual_reference_ns: float | None = None

    @property
    def device(self) -> Device:
        """The device."""
        return self.launcher.device

    @property
    def scratch(self) -> str:
        """A folder on the device, removed at the end."""
        return self.launcher.way.scratch

    def measure(self, workloads: Sequence[Workload]) -> list[Measurement]:
        """Push the models, compare their outputs, then time them in turns.

        Every sample lands in ``raw``, a file a model, as the runner's own records. Raises
        RunFailed, RunnerRefused, RecordUnreadable and the errors of ``device.errors``.
        """
        if self.facts.where is Where.EMULATED_ARM64:
            return counting.measure(self, workloads)
        before = self.device.telemetry()
        emulated = self.facts.where is not Where.DEVICE
        with watch(
            self.device,
            interval_s=_WATCH_EMULATED_S if emulated else _WATCH_S,
            record=self.raw / "telemetry.jsonl",
        ) as watching:
            models = [self._prepare(workload) for workload in workloads]
            cooling = Cooling(before, self.device.telemetry, self.plan.cool_down_s)
            turns = take_turns(
                self.launcher,
                self.plan,
                models,
                self._reference() if self.plan.reference else None,
                cooling,
                self.listener,
                watching.began_ns / 1e9,
            )
            profiled = [self._profiled(model) for model in models]
        observed = Observed(
            self.facts,
            self.profile,
            self.plan,
            before,
            self.device.telemetry(),
            watching.series,
            self.launcher.way.runner_sha256,
            self.runtime_sha256,
            self.usual_reference_ns,
        )
        found = measurements(observed, models, turns, profiled, self.raw)
        for one in found:
            self._tell(one)
        return found

    def _prepare(self, workload: Workload) -> Prepared:
        """Put the model on the device and make its first launches."""
        self.listener.started(NAME, workload.name)
        way = self.launcher.way
        pushed = way.put(workload.model, self._progress(workload))
        beside = tuple(way.put(path).path for path in workload.beside)
        settings = workload.settings or self.plan.settings
        samples = RunnerOptions(
            model=pushed.path,
            result=f"{self.scratch}/parity.json",
            samples=self.inputs,
            outputs=f"{self.scratch}/outputs.bin",
            warm_up=0,
            threads=settings.threads,
            bind_mode=settings.bind_mode,
            pin_cores=settings.pin_cores,
            fp16=workload.fp16,
            also_load=beside,
        )
        timed = replace(
            samples,
            result=f"{self.scratch}/pilot.json",
            samples=(),
            inputs=self.first_inputs,
            outputs=None,
        )
        first = pilot(self.launcher, workload, self.plan, samples, timed, self.count)
        return Prepared(workload, settings, timed, first, pushed.sent_bytes)

    def _reference(self) -> RunnerOptions:
        settings = self.plan.settings
        return RunnerOptions(
            model=self.launcher.way.put(reference.MODEL).path,
            result=f"{self.scratch}/{{round}}-reference.json",
            warm_up=reference.WARM_UP,
            loops=reference.LOOPS,
            threads=settings.threads,
            bind_mode=settings.bind_mode,
        )

    def _profiled(self, model: Prepared) -> RunnerResult | None:
        if not self.plan.operators:
            return None
        options = model.profiled(self.plan, self.scratch)
        name = model.workload.name
        (record,) = self.launcher.launch(f"{name} by operator", [options])
        return self.launcher.parse(name, record)

    def _tell(self, found: Measurement) -> None:
        where, latency = self.facts.where, found.latency
        assert latency is not None  # else it was counted
        figure = "p50" if where is Where.DEVICE else f"{where.value} p50"
        runs = f" in {len(found.runs)} runs" if len(found.runs) > 1 else ""
        self.listener.finished(
            NAME,
            found.workload.name,
            reused=False,
            note=f"{figure} {latency.p50_ns / 1e6:.4g} ms of {latency.n}{runs}",
            seconds=sum(sum(run.result.samples_ns) for run in found.runs) / 1e9,
        )

    def _progress(self, workload: Workload) -> Callable[[int, int], None]:
        return lambda done, total: self.listener.progress("push", workload.name, done, total)


@contextmanager
def bench(
    device: Device,
    facts: DeviceFacts,
    runner: Callable[[], Path],
    inputs: Inputs,
    profile: Profile,
    raw: Path,
    listener: Listener,
    plan: Plan | None = None,
    usual_reference_ns: float | None = None,
) -> Iterator[Bench]:
    """Make ``device`` ready for models that take ``inputs``; ``raw`` gets the runner's records.

    ``runner`` gives the program for the device. What was made on the device is removed at the
    end, also after a failure; runner, models and inputs stay there under their hash, so that the
    next push of the same sends nothing.
    """
    plan = plan or plan_for(profile, where=facts.where)
    with open_way(device, facts, profile.run.way, runner, profile.run.app) as way:
        firsts = [_first(path, inputs.count) for path in inputs.paths]
        there = [pushed.path for pushed in way.put_all((*inputs.paths, *firsts))]
        yield Bench(
            launcher=Launcher(device, way, raw, plan.deadline_s),
            facts=facts,
            profile=profile,
            plan=plan,
            raw=raw,
            listener=listener,
            runtime_sha256=_runtime_hash(device),
            inputs=tuple(there[: len(firsts)]),
            first_inputs=tuple(there[len(firsts) :]),
            count=inputs.count,
            usual_reference_ns=usual_reference_ns,
        )


def _first(path: Path, count: int) -> Path:
    """The first sample of a file: what timed loops run on."""
    target = path.with_name(f"{path.name}.first")
    with files.disk_errors(path), path.open("rb") as stream:
        files.write_bytes(target, stream.read(path.stat().st_size // count))
    return target


def _runtime_hash(device: Device) -> str | None:
    command = " ".join(("sha256sum", *map(quote, _RUNTIMES)))
    done = device.run(f"{command} 2>/dev/null", deadline_s=_QUESTION_DEADLINE_S)
    hashes = [line.split()[0] for line in done.text.splitlines() if line.strip()]
    return next((value for value in hashes if len(value) == 64), None)
