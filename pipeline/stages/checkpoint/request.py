"""What the worker is asked and what it answers: the types, and their form as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pipeline.core.tensors import TensorFacts


@dataclass(frozen=True)
class InputSpec:
    """An input of the network: the name it gets, its shape (batch included), numpy's dtype name."""

    name: str
    shape: tuple[int, ...]
    dtype: str

    def __str__(self) -> str:
        return f"{self.name} {self.dtype} {list(self.shape)}"


@dataclass(frozen=True)
class ExportRequest:
    """A network to export.

    ``factory`` is ``package.module:callable`` and is called with ``arguments`` (JSON values) as
    keywords; ``python_path`` goes before everything else on ``sys.path``. ``samples`` has one .npy
    for each input, [N, ...], each sample with as many elements as the input.
    """

    factory: str
    arguments: Mapping[str, object]
    checkpoint: Path
    python_path: tuple[Path, ...]
    inputs: tuple[InputSpec, ...]
    samples: tuple[Path, ...]

    def to_json(self, output: Path) -> dict[str, Any]:
        """The worker's request; paths are made absolute, ``output`` is where it writes."""
        return {
            "factory": self.factory,
            "arguments": dict(self.arguments),
            "checkpoint": str(self.checkpoint.absolute()),
            "python_path": [str(path.absolute()) for path in self.python_path],
            "inputs": [asdict(item) for item in self.inputs],
            "samples": [str(path.absolute()) for path in self.samples],
            "output": str(output.absolute()),
        }

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> ExportRequest:
        """What ``to_json`` wrote."""
        return ExportRequest(
            factory=value["factory"],
            arguments=value["arguments"],
            checkpoint=Path(value["checkpoint"]),
            python_path=tuple(map(Path, value["python_path"])),
            inputs=tuple(
                InputSpec(item["name"], tuple(item["shape"]), item["dtype"])
                for item in value["inputs"]
            ),
            samples=tuple(map(Path, value["samples"])),
        )


@dataclass(frozen=True)
class ExportResult:
    """An exported network.

    ``mindir``: MindIR version 1. ``outputs``: the network's own answers to every sample, one .npy
    for each of its outputs, [N, ...] without the batch of 1. ``parameter_count``: elements.
    ``operators`` and ``rewrites``: counts. ``skipped``: bookkeeping of the optimizer that was in
    the checkpoint. ``dependencies``: SHA-256 of each Python file of the user's that took part.
    """

    mindir: Path
    outputs: tuple[Path, ...]
    input_facts: tuple[TensorFacts, ...]
    output_facts: tuple[TensorFacts, ...]
    parameter_count: int
    mindspore_version: str
    mindir_version_before: int
    mindir_version_after: int
    operators: Mapping[str, int]
    rewrites: Mapping[str, int]
    skipped: tuple[str, ...]
    dependencies: Mapping[str, str]
    timings_s: Mapping[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The worker's answer: files by name."""
        value = asdict(self)
        value["mindir"] = self.mindir.name
        value["outputs"] = [path.name for path in self.outputs]
        return value

    @staticmethod
    def from_json(value: Mapping[str, Any], folder: Path) -> ExportResult:
        """What ``to_json`` wrote, of files in ``folder``."""
        return ExportResult(
            mindir=folder / value["mindir"],
            outputs=tuple(folder / name for name in value["outputs"]),
            input_facts=_facts(value["input_facts"]),
            output_facts=_facts(value["output_facts"]),
            parameter_count=value["parameter_count"],
            mindspore_version=value["mindspore_version"],
            mindir_version_before=value["mindir_version_before"],
            mindir_version_after=value["mindir_version_after"],
            operators=value["operators"],
            rewrites=value["rewrites"],
            skipped=tuple(value["skipped"]),
            dependencies=value["dependencies"],
            timings_s=value["timings_s"],
        )


def _facts(values: list[Mapping[str, Any]]) -> tuple[TensorFacts, ...]:
    return tuple(
        TensorFacts(item["name"], item["dtype"], tuple(item["shape"]), item["format"])
        for item in values
    )
