"""What can be wrong with a model file that somebody brings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.core.errors import PipelineError, ToolchainError, UsageError
from pipeline.mindir.errors import NotAMindIR
from pipeline.stages.checkpoint import errors as checkpoint_errors


@dataclass(eq=False)
class ModelFileUnusable(UsageError):
    """The file is not a model of the format that it is taken for."""

    path: Path
    format: str
    reason: str

    @property
    def message(self) -> str:
        return f"{self.path} cannot be used as {self.format}: {self.reason}"

    @property
    def hint(self) -> str:
        return "export or copy it again; `format:` under `model:` says what it is"


@dataclass(eq=False)
class InputsDiffer(UsageError):
    """The configuration names other inputs than the model file."""

    path: Path
    configured: tuple[str, ...]
    found: tuple[str, ...]

    @property
    def message(self) -> str:
        return (
            f"{self.path} has the inputs {', '.join(self.found) or 'none'}; "
            f"the configuration names {', '.join(self.configured)}"
        )

    @property
    def hint(self) -> str:
        return "name them under `inputs:` as the file does and in its order, or leave them out"


@dataclass(eq=False)
class InputShapeOpen(UsageError):
    """The model file leaves a dimension of an input open and the configuration does not say it."""

    path: Path
    found: tuple[str, ...]

    @property
    def message(self) -> str:
        return f"{self.path} leaves shapes open: {', '.join(self.found)}"

    @property
    def hint(self) -> str:
        return "say them: `inputs:` with each input's name and shape, batch 1 included"


@dataclass(eq=False)
class OnnxRuntimeMissing(ToolchainError):
    """ONNX Runtime, which gives the right outputs of an ONNX model, is not installed."""

    path: Path

    @property
    def message(self) -> str:
        return f"ONNX Runtime is not installed, which tells what {self.path.name} should answer"

    @property
    def hint(self) -> str:
        return (
            "pip install 'mslite-pipeline[onnx]', or set `reference: fp32` under `model:` to "
            "compare with the fp32 .ms only"
        )


@dataclass(eq=False)
class RuntimeRefused(ToolchainError):
    """The runtime of the model's own format does not load or run it."""

    path: Path
    runtime: str
    reason: str

    @property
    def message(self) -> str:
        return f"{self.runtime} does not run {self.path}: {self.reason}"

    @property
    def hint(self) -> str:
        return (
            "check the file and `inputs:`; `reference: fp32` under `model:` compares with the "
            "fp32 .ms only"
        )


_BY_NAME: Mapping[str, type[PipelineError]] = {
    kind.__name__: kind for kind in (NotAMindIR, RuntimeRefused)
}


def decode(value: Mapping[str, Any]) -> PipelineError:
    """The error that the worker met."""
    kind = _BY_NAME.get(value["class"])
    if kind is None:
        return checkpoint_errors.decode(value)
    fields = dict(value["fields"])
    return kind(**{**fields, "path": Path(fields["path"])})
