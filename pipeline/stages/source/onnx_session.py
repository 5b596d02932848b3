"""ONNX Runtime, in the process that may import it."""

from __future__ import annotations

import importlib
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.core.errors import one_line
from pipeline.stages.checkpoint import mindspore_text
from pipeline.stages.convert import Runtime
from pipeline.stages.source.errors import RuntimeRefused

_FOLDER_OF_WEIGHTS = "session.model_external_initializers_file_folder_path"


class Session:
    """The model of ``path`` on the CPU, or ``data`` in its place. Raises ``RuntimeRefused``.

    ``data`` is run node by node as it is written, without the runtime's own optimizations.
    """

    def __init__(self, path: Path, data: bytes | None = None) -> None:
        onnxruntime = importlib.import_module("onnxruntime")  # has no types
        onnxruntime.set_default_logger_severity(3)
        options = onnxruntime.SessionOptions()
        if data is not None:
            options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
            options.add_session_config_entry(_FOLDER_OF_WEIGHTS, str(path.parent))
        self._path = path
        try:
            self._session: Any = onnxruntime.InferenceSession(
                str(path) if data is None else data, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:
            traceback.print_exception(error)
            raise RuntimeRefused(path, Runtime.ONNXRUNTIME.value, reason(error)) from error

    def outputs(self, inputs: Mapping[str, Any]) -> list[Any]:
        """The outputs in the model's order; raises whatever ONNX Runtime does."""
        found: list[Any] = self._session.run(None, dict(inputs))
        return found

    def run(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """The outputs by name. Raises ``RuntimeRefused``."""
        try:
            values = self.outputs(inputs)
        except Exception as error:
            traceback.print_exception(error)
            raise RuntimeRefused(self._path, Runtime.ONNXRUNTIME.value, reason(error)) from error
        names = [output.name for output in self._session.get_outputs()]
        return dict(zip(names, values, strict=True))


def reason(error: Exception) -> str:
    """What a runtime has to say, in one line."""
    return one_line(mindspore_text.boil_down(str(error))) or type(error).__name__
