"""The runner's contract: its command line and the JSON record of one run.

The command line is that of MindSpore Lite's ``benchmark`` tool, plus what ours adds
(device/runner/README.md). One contract serves the host, the emulated device and the phone.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from pipeline.core.tensors import ITEM_BYTES, TensorFacts

ValueT = TypeVar("ValueT")


@dataclass(frozen=True)
class RunnerOptions:
    """One run of the runner; paths are as the machine that runs it sees them."""

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


@dataclass(frozen=True)
class RunnerResult:
    """One run, as the runner recorded it. Times in nanoseconds, memory in bytes."""

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
        if _a(int, record["schema"]) != 1:
            raise ValueError(f"unknown schema {record['schema']!r}")
        if record["status"] != "success":
            error = record["error"]
            raise RunnerFailed(
                _a(str, error["stage"]), _a(int, error["code"]), _a(str, error["message"])
            )
        return RunnerResult(
            runner=_a(str, record["runner"]),
            runtime=_a(str, record["runtime"]["library"]),
            threads=_count(record["threads"]),
            bind_mode=_count(record["bind_mode"]),
            fp16=_a(bool, record["fp16"]),
            inputs=tuple(_tensor(item) for item in _a(list, record["inputs"])),
            outputs=tuple(_tensor(item) for item in _a(list, record["outputs"])),
            load_ns=_count(record["load_ns"]),
            first_inference_ns=_optional(record.get("first_inference_ns")),
            warm_up=_count(record["warm_up"]),
            samples_ns=tuple(_count(value) for value in _a(list, record["samples_ns"])),
            peak_memory_bytes=_optional(record.get("peak_memory_bytes")),
            non_finite_values=_optional(record.get("non_finite_values")) or 0,
        )
    except RunnerFailed:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"not a runner's record: {type(error).__name__}: {error}") from None


def _a(kind: type[ValueT], value: Any) -> ValueT:
    if type(value) is not kind:  # not isinstance: true is no number
        raise ValueError(f"{value!r:.80} where a {kind.__name__} was expected")
    return value


def _count(value: Any) -> int:
    number = _a(int, value)
    if not 0 <= number < 1 << 63:
        raise ValueError(f"{number!r:.80} is not a count")
    return number


def _optional(value: Any) -> int | None:
    return None if value is None else _count(value)


def _tensor(item: Any) -> TensorFacts:
    shape = tuple(_count(size) for size in _a(list, item["shape"]))
    dtype = _a(str, item["dtype"])
    if dtype not in ITEM_BYTES:
        raise ValueError(f"element type {dtype!r} cannot be handled")
    facts = TensorFacts(_a(str, item["name"]), dtype, shape, _a(str, item["format"]))
    if math.prod(shape) * ITEM_BYTES[dtype] != item["size_bytes"]:
        raise ValueError(f"size and shape of {facts.name!r} do not agree")
    return facts
