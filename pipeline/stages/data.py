"""Data stage: what the configuration names, as arrays on disk."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.config.data import Preprocess, Source
from pipeline.core import files
from pipeline.core.errors import FileMissing
from pipeline.core.events import Listener
from pipeline.data import dataset, images
from pipeline.data.errors import PillowMissing


@dataclass(frozen=True)
class DataStage:
    """Fetch one source. Redone when an image changes, or a source file that it imported."""

    source: Source
    python_path: tuple[Path, ...]
    purpose: str
    logs: Path
    name: str = "data"

    @property
    def subject(self) -> str:
        return self.purpose

    def settings(self) -> Mapping[str, Any]:
        source = self.source
        read = [*source.files, *(path for path in (source.file, source.label_file) if path)]
        for path in read:
            if not path.is_file():
                raise FileMissing(path, f"{self.purpose} data")
        if source.images is not None:
            return {**self._images(source.images), "files": _digests(read)}
        return {
            "function": source.function,
            "files": _digests(read),
            "limit": source.limit,
            "python_path": [str(path) for path in self.python_path],
        }

    def execute(self, folder: Path, listener: Listener) -> Mapping[str, Any]:
        log = self.logs / f"data-{self.purpose}.log"
        return dataset.fetch(self.source, self.python_path, folder, log)

    def load(self, folder: Path, facts: Mapping[str, Any]) -> dataset.Dataset:
        return dataset.from_facts(self.source, folder, facts)

    def note(self, facts: Mapping[str, Any]) -> str:
        return f"{facts['count']} samples"

    def _images(self, folder: Path) -> dict[str, Any]:
        if not folder.is_dir():
            raise FileMissing(folder, f"folder of {self.purpose} images")
        found = images.listing(self.source)
        how = self.source.preprocess or Preprocess()
        return {
            "images": images.fingerprint(found),
            "count": len(found.names),
            "preprocess": how.model_dump(mode="json"),
            "pillow": _pillow_version(),
        }


def _digests(paths: list[Path]) -> list[str]:
    return [files.sha256_file(path) for path in paths]


def _pillow_version() -> str:
    """The installed version, found without importing it."""
    try:
        return importlib.metadata.version("pillow")
    except importlib.metadata.PackageNotFoundError:
        raise PillowMissing() from None
