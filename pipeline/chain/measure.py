"""Models on a device: with which inputs, by which runner, and what they should answer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from device.device import DeviceFacts, Where
from device.runner import SOURCES as RUNNER_SOURCES
from pipeline.chain import arm64, half
from pipeline.chain.half import has_fp16 as has_fp16
from pipeline.chain.run import Run
from pipeline.chain.targets import Connection
from pipeline.chain.usual import usual
from pipeline.config.profile import Profile
from pipeline.core import files
from pipeline.core.events import Listener
from pipeline.core.runner import RunnerResult
from pipeline.stages.benchmark import Inputs, Measurement, Wanted, Workload, bench, plan_for
from pipeline.stages.benchmark.way import find_runner
from pipeline.stages.samples import Samples
from pipeline.toolchain import host, native, versions
from pipeline.toolchain.errors import ModelUnusable
from pipeline.toolchain.toolchain import Toolchain

if TYPE_CHECKING:
    from pipeline.chain.build import Build, Built

_COUNT = 16
_SEED = 0
_USUAL_ABI = "arm64-v8a"


def real_inputs(samples: Samples, rows: Sequence[int], run: Run) -> tuple[Inputs, tuple[int, ...]]:
    """Some samples of the test set, kept in the run folder, and which ones they are."""
    chosen = tuple(rows[:_COUNT])
    paths = []
    for index, path in enumerate(samples.inputs):
        size = path.stat().st_size // samples.count
        with files.disk_errors(path), path.open("rb") as stream:
            parts = []
            for row in chosen:
                stream.seek(row * size)
                parts.append(stream.read(size))
        paths.append(run.folder / "inputs" / f"input_{index}.bin")
        files.write_bytes(paths[-1], b"".join(parts))
    return Inputs(tuple(paths), len(chosen)), chosen


def random_inputs(facts: RunnerResult, run: Run) -> Inputs:
    """Seeded inputs for a model without data: as the official tool draws them, by element type.

    Floats are uniform in [0.1, 1), int32 and int64 are 0 or 1, int8 and uint8 use their range.
    """
    import numpy as np

    generator = np.random.Generator(np.random.PCG64(_SEED))
    paths = []
    for index, tensor in enumerate(facts.inputs):
        shape = (_COUNT, *tensor.shape)
        if tensor.dtype.startswith("float"):
            array: Any = generator.uniform(0.1, 1.0, shape)
        elif tensor.dtype in ("int8", "uint8"):
            array = generator.integers(
                *((-127, 128) if tensor.dtype == "int8" else (0, 255)), shape
            )
        else:
            array = generator.integers(0, 2, shape)
        paths.append(run.folder / "inputs" / f"input_{index}.bin")
        files.write_bytes(paths[-1], array.astype(tensor.dtype).tobytes())
    return Inputs(tuple(paths), _COUNT)


def built_workload(
    built: Built, made: Build, rows: tuple[int, ...], facts: DeviceFacts | None = None
) -> Workload:
    """A model that was just built; what it should answer is known from its evaluation.

    Without ``facts`` its fp16 is what the recipe wishes, whatever the device can.
    """
    from pipeline.data import layout

    model = built.model
    outputs = layout.read_outputs(built.accuracy.outputs, model.outputs, made.samples.count)
    return Workload(
        name=built.recipe.name,
        model=built.kept,
        sha256=model.sha256,
        size_bytes=model.size_bytes,
        expected=tuple(array[list(rows)] for array in outputs),
        fp16=built.recipe.recipe.fp16 and (facts is None or has_fp16(facts)),
    )


def file_workload(
    model: Path, name: str, inputs: Inputs, toolchain: Toolchain, run: Run, fp16: bool
) -> Workload:
    """Any model; what it should answer is asked of this machine's runtime."""
    from pipeline.data import layout

    output = run.folder / "inputs" / f"{name}.expected.bin"
    result = host.infer(toolchain, model, inputs.paths, output)
    try:
        expected = layout.read_outputs(output, result.outputs, inputs.count)
    except ValueError as error:
        raise ModelUnusable(name, str(error)) from None
    return Workload(
        name=name,
        model=model,
        sha256=files.sha256_file(model),
        size_bytes=model.stat().st_size,
        expected=expected,
        fp16=fp16,
    )


def run_all(
    connection: Connection,
    workloads: Sequence[Workload],
    inputs: Inputs,
    toolchain: Toolchain,
    profile: Profile,
    run: Run,
    listener: Listener,
    wanted: Wanted | None = None,
) -> list[Measurement]:
    """Benchmark models, which take turns, with the runner that fits the device's ABI.

    Raises WrongInHalf for a model that must not be run in fp16.
    """
    for workload in workloads:
        if workload.fp16:
            half.check(workload.name, workload.model)
    device, facts = connection.device, connection.facts
    if text := versions.newer_than_runtime(toolchain.version, facts.api_level):
        listener.warning(text)
    plan = plan_for(profile, wanted, facts.where)
    known = usual(run.workspace, facts, plan)
    with (
        device.lease(),
        bench(
            device,
            facts,
            lambda: device_runner(facts, listener) or toolchain.runner,
            inputs,
            profile,
            run.samples,
            listener,
            plan,
            known.p50_ns,
        ) as ready,
    ):
        measurements = ready.measure(workloads)
    known.note(measurements)
    return measurements


def prepare(connection: Connection, profile: Profile, listener: Listener) -> None:
    """Build what a device will need, before any long work; what that may be, it raises."""
    device, facts = connection.device, connection.facts
    find_runner(
        device,
        facts,
        profile.run.way,
        lambda: device_runner(facts, listener) or Path(),
        profile.run.app,
    )


def device_runner(facts: DeviceFacts, listener: Listener) -> Path | None:
    """The runner built for a device's ABI; None where this machine's own is the right one.

    Raises CompilerMissing or BuildFailed, and for an emulated processor those of ``arm64``.
    """
    if facts.where is Where.EMULATED_HOST:
        return None
    if facts.where is Where.EMULATED_ARM64:
        return arm64.install(listener).runner
    program = native.runner(RUNNER_SOURCES, facts.abi or _USUAL_ABI)
    native.build((program,), lambda done, total: listener.progress("build", "runner", done, total))
    return program.path
