"""A configured network: what decides about it, and how a worker is told of it."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path
from typing import Any

from pipeline.config.deployment import Input, Network
from pipeline.core import files
from pipeline.stages.checkpoint.errors import CheckpointMissing, MindSporeMissing
from pipeline.stages.checkpoint.request import ExportRequest, InputSpec


def settings(
    network: Network, inputs: tuple[Input, ...], python_path: tuple[Path, ...]
) -> dict[str, Any]:
    """JSON-able. Raises CheckpointMissing and MindSporeMissing."""
    if not network.checkpoint.is_file():
        raise CheckpointMissing(network.checkpoint)
    return {
        "factory": network.factory,
        "arguments": network.arguments,
        "checkpoint": files.sha256_file(network.checkpoint),
        "inputs": [item.model_dump(mode="json") for item in inputs],
        "python_path": [str(path) for path in python_path],
        "mindspore": _mindspore_version(),
    }


def request(
    network: Network,
    inputs: tuple[Input, ...],
    python_path: tuple[Path, ...],
    samples: tuple[Path, ...],
) -> ExportRequest:
    """The network over ``samples``, an ``.npy`` an input."""
    return ExportRequest(
        factory=network.factory,
        arguments=network.arguments,
        checkpoint=network.checkpoint,
        python_path=python_path,
        inputs=tuple(InputSpec(item.name, item.shape, item.dtype) for item in inputs),
        samples=samples,
    )


def _mindspore_version() -> str:
    """The installed version, found without importing it."""
    try:
        return importlib.metadata.version("mindspore")
    except importlib.metadata.PackageNotFoundError:
        raise MindSporeMissing() from None
