"""Versions of the runtimes that may be installed, found without importing them."""

from __future__ import annotations

import importlib.metadata
import importlib.util
from pathlib import Path

from pipeline.mindir.errors import MindSporeMissing
from pipeline.stages.source.errors import OnnxRuntimeMissing

_ONNXRUNTIMES = ("onnxruntime", "onnxruntime-gpu", "onnxruntime-openvino")


def mindspore_version(*, avoidable: bool) -> str:
    """MindSpore's. Raises ``MindSporeMissing``; ``avoidable`` is for its hint."""
    try:
        return importlib.metadata.version("mindspore")
    except importlib.metadata.PackageNotFoundError:
        raise MindSporeMissing(avoidable=avoidable) from None


def onnxruntime_version(model: Path) -> str:
    """ONNX Runtime's, which is to run ``model``. Raises ``OnnxRuntimeMissing``."""
    if importlib.util.find_spec("onnxruntime") is None:
        raise OnnxRuntimeMissing(model)
    for name in _ONNXRUNTIMES:
        try:
            return importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return "unknown"
