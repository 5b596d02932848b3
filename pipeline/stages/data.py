"""Data stage: what the configuration names, as arrays on disk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.config.deployment import Source
from pipeline.core import files
from pipeline.core.errors import FileMissing
from pipeline.core.events import Listener
from pipeline.data import dataset


@dataclass(frozen=True)
class DataStage:
    """Fetch one source. Redone when a source file of the user's that it imported changes."""

    source: Source
    python_path: tuple[Path, ...]
    purpose: str
    logs: Path
    name: str = "data"

    @property
    def subject(self) -> str:
        return self.purpose

    def settings(self) -> Mapping[str, Any]:
        read = (*self.source.files, *([self.source.file] if self.source.file else []))
        for path in read:
            if not path.is_file():
                raise FileMissing(path, f"{self.purpose} data")
        return {
            "function": self.source.function,
            "files": [files.sha256_file(path) for path in read],
            "python_path": [str(path) for path in self.python_path],
        }

    def execute(self, folder: Path, listener: Listener) -> Mapping[str, Any]:
        log = self.logs / f"data-{self.purpose}.log"
        return dataset.fetch(self.source, self.python_path, folder, log)

    def load(self, folder: Path, facts: Mapping[str, Any]) -> dataset.Dataset:
        return dataset.from_facts(self.source, folder, facts)

    def note(self, facts: Mapping[str, Any]) -> str:
        return f"{facts['count']} samples"
