"""What is run: models, and the inputs that they are run with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Inputs:
    """What models are run with: a file an input, ``count`` samples each, in the model's layout."""

    paths: tuple[Path, ...]
    count: int


@dataclass(frozen=True)
class Workload:
    """A model, and this machine's outputs of it for the same inputs: arrays [count, ...]."""

    name: str
    model: Path
    sha256: str
    size_bytes: int
    expected: tuple[Any, ...]
    fp16: bool = False
