"""The runner's contract: its command line and the JSON record of one run.

The command line is that of MindSpore Lite's ``benchmark`` tool, plus what ours adds
(device/runner/README.md). One contract serves the host, the emulated device and the phone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pipeline.core import runner_parts as parts
from pipeline.core.instructions import Instructions, OperatorCount, instructions, operator_count
from pipeline.core.runner_parts import LoadedModel, NnrtDevice, OperatorTime
from pipeline.core.tensors import TensorFacts


@dataclass(frozen=True)
class RunnerOptions:
    """One run of the runner; paths are as the machine that runs it sees them.

    The timed loop goes on until ``loops`` and ``duration_s`` are both reached. With an
    ``interval_ms`` it is paced: an inference begins every so many milliseconds. ``also_load``
    names models that stay loaded meanwhile. ``profile`` times every operator, which slows the
    samples. ``nnrt`` runs on the first accelerator, and fails where there is none.
    """

    model: str
    result: str
    runtime: str | None = None
    inputs: tuple[str, ...] = ()
    samples: tuple[str, ...] = ()
    outputs: str | None = None
    warm_up: int = 3
    loops: int = 10
    threads: int = 2
    bind_mode: int = 1
    pin_cores: tuple[int, ...] = ()
    fp16: bool = False
    describe: bool = False
    dump: str | None = None
    interval_ms: float = 0.0
    duration_s: float = 0.0
    timestamps: bool = False
    also_load: tuple[str, ...] = ()
    profile: bool = False
    nnrt: bool = False

    def arguments(self) -> tuple[str, ...]:
        """The arguments, one flag each; the caller quotes where a shell is between."""
        return tuple(f"--{name}={value}" for name, value in self._flags()) + (
            ("--describe",) if self.describe else ()
        )

    def _flags(self) -> Iterator[tuple[str, str]]:
        yield "modelFile", self.model
        yield "modelType", "MindIR_Lite"
        yield "resultFile", self.result
        if self.runtime:
            yield "runtime", self.runtime
        if self.inputs:
            yield "inDataFile", ",".join(self.inputs)
        if self.samples:
            yield "samplesFile", ",".join(self.samples)
        if self.outputs:
            yield "outputsFile", self.outputs
        if self.dump:
            yield "dumpDir", self.dump
        yield "warmUpLoopCount", str(self.warm_up)
        yield "loopCount", str(self.loops)
        yield "numThreads", str(self.threads)
        yield "cpuBindMode", str(self.bind_mode)
        if self.pin_cores:
            yield "pinCores", ",".join(map(str, self.pin_cores))
        yield "enableFp16", "true" if self.fp16 else "false"
        yield from self._modes()

    def _modes(self) -> Iterator[tuple[str, str]]:
        """What an earlier runner does not know is sent only when it is asked for."""
        if self.interval_ms:
            yield "intervalMs", f"{self.interval_ms:.9g}"
        if self.duration_s:
            yield "durationS", f"{self.duration_s:.9g}"
        if self.timestamps:
            yield "timestamps", "true"
        if self.also_load:
            yield "alsoLoad", ",".join(self.also_load)
        if self.profile:
            yield "timeProfiling", "true"
        if self.nnrt:
            yield "device", "NNRT"


@dataclass(frozen=True)
class RunnerResult:
    """One run, as the runner recorded it. Times in nanoseconds, memory in bytes.

    ``starts_ns`` says when each sample began, counted from the first; it is empty unless the run
    was paced, had a duration, or was asked. A very long run keeps one inference in
    ``sample_stride``, of ``inferences`` in all. ``late_starts`` were due while the one before
    was still running. ``operators`` are in the order of execution, and only of a profiled run.
    ``instructions`` of each sample, and ``operator_counts``, are there where they are counted.
    """

    runner: str
    runtime: str
    threads: int
    bind_mode: int
    fp16: bool
    inputs: tuple[TensorFacts, ...]
    outputs: tuple[TensorFacts, ...]
    load_ns: int
    first_inference_ns: int | None
    warm_up: int
    samples_ns: tuple[int, ...]
    peak_memory_bytes: int | None
    non_finite_values: int = 0
    starts_ns: tuple[int, ...] = ()
    inferences: int | None = None
    sample_stride: int = 1
    span_ns: int | None = None
    late_starts: int = 0
    memory_before_load_bytes: int | None = None
    memory_after_load_bytes: int | None = None
    also_loaded: tuple[LoadedModel, ...] = ()
    operators: tuple[OperatorTime, ...] = ()
    nnrt_device: NnrtDevice | None = None
    nnrt_devices: tuple[NnrtDevice, ...] = ()
    instructions: tuple[Instructions, ...] = ()
    operator_counts: tuple[OperatorCount, ...] = ()


class RunnerFailed(ValueError):
    """The runner's record says that the run failed; ``stage`` and ``code`` are its own."""

    def __init__(self, stage: str, code: int, reason: str) -> None:
        super().__init__(f"{stage}: {reason} (status {code})")
        self.stage = stage
        self.code = code
        self.reason = reason


def parse_result(data: bytes) -> RunnerResult:
    """Read a runner's JSON record.

    Raises RunnerFailed when it records a failure, and ValueError when it is not a whole record:
    a missing key, a wrong type, a time that is negative or not a number.
    """
    try:
        record = json.loads(data)
        if parts.a(int, record["schema"]) != 1:
            raise ValueError(f"unknown schema {record['schema']!r}")
        if record["status"] != "success":
            raise _failure(record["error"])
        return _result(record)
    except RunnerFailed:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"not a runner's record: {type(error).__name__}: {error}") from None


def _failure(error: Any) -> RunnerFailed:
    return RunnerFailed(
        parts.a(str, error["stage"]), parts.a(int, error["code"]), parts.a(str, error["message"])
    )


def _result(record: Any) -> RunnerResult:
    samples = parts.counts(record["samples_ns"])
    starts = parts.counts(record.get("starts_ns", []))
    if starts and len(starts) != len(samples):
        raise ValueError(f"{len(starts)} starts of {len(samples)} samples")
    on_nnrt = record.get("nnrt_device")
    operators = parts.a(list, record.get("operators", []))
    return RunnerResult(
        runner=parts.a(str, record["runner"]),
        runtime=parts.a(str, record["runtime"]["library"]),
        threads=parts.count(record["threads"]),
        bind_mode=parts.count(record["bind_mode"]),
        fp16=parts.a(bool, record["fp16"]),
        inputs=tuple(map(parts.tensor, parts.a(list, record["inputs"]))),
        outputs=tuple(map(parts.tensor, parts.a(list, record["outputs"]))),
        load_ns=parts.count(record["load_ns"]),
        first_inference_ns=parts.optional(record.get("first_inference_ns")),
        warm_up=parts.count(record["warm_up"]),
        samples_ns=samples,
        peak_memory_bytes=parts.optional(record.get("peak_memory_bytes")),
        non_finite_values=parts.optional(record.get("non_finite_values")) or 0,
        starts_ns=starts,
        inferences=parts.optional(record.get("inferences")),
        sample_stride=parts.count(record.get("sample_stride", 1)),
        span_ns=parts.optional(record.get("span_ns")),
        late_starts=parts.count(record.get("late_starts", 0)),
        memory_before_load_bytes=parts.optional(record.get("memory_before_load_bytes")),
        memory_after_load_bytes=parts.optional(record.get("memory_after_load_bytes")),
        also_loaded=tuple(map(parts.loaded_model, parts.a(list, record.get("also_loaded", [])))),
        operators=tuple(map(parts.operator, operators)),
        nnrt_device=None if on_nnrt is None else parts.nnrt_device(on_nnrt),
        nnrt_devices=tuple(map(parts.nnrt_device, parts.a(list, record.get("nnrt_devices") or []))),
        instructions=tuple(map(instructions, parts.a(list, record.get("instructions", [])))),
        operator_counts=tuple(operator_count(one) for one in operators if "instructions" in one),
    )
