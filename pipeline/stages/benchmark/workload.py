"""What is run: models, and the inputs that they are run with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.stages.benchmark.plan import Settings


@dataclass(frozen=True)
class Inputs:
    """What models are run with: a file an input, ``count`` samples each, in the model's layout."""

    paths: tuple[Path, ...]
    count: int


@dataclass(frozen=True)
class Workload:
    """A model, and this machine's outputs of it for the same inputs: arrays [count, ...].

    ``settings``: instead of the plan's, for a sweep. ``beside``: models that stay loaded meanwhile.
    """

    name: str
    model: Path
    sha256: str
    size_bytes: int
    expected: tuple[Any, ...]
    fp16: bool = False
    settings: Settings | None = None
    beside: tuple[Path, ...] = ()
