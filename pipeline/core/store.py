"""Results of stages, kept by the hash of all that they were made from.

An entry is a folder that appears whole by one rename, with a record of every file's size and
hash. What is handed out was checked against that record, so an entry that a crash, a full disk or
a curious hand damaged is made again, never trusted.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.core import files
from pipeline.core.errors import LocalFileError

_RECORD = "record.json"
_SCHEMA = 1


@dataclass(frozen=True)
class Entry:
    """A finished result: its folder, its key and the facts that its stage recorded."""

    folder: Path
    key: str
    facts: Mapping[str, Any]
    seconds: float
    reused: bool


class Store:
    """Entries below ``root``, safe for several processes at once."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def fetch(self, stage: str, key: str) -> Entry | None:
        """The entry of ``stage`` with ``key``, if it is there, whole and as it was made."""
        folder = self._folder(stage, key)
        try:
            record = files.read_json(folder / _RECORD)
            if record["schema"] != _SCHEMA or record["key"] != key:
                return None
            for name, (size, digest) in record["files"].items():
                path = folder / name
                if path.stat().st_size != size or files.sha256_file(path) != digest:
                    return None
            for name, digest in record["facts"].get("dependencies", {}).items():
                if files.sha256_file(Path(name)) != digest:
                    return None
            return Entry(folder, key, record["facts"], record["seconds"], reused=True)
        except (LocalFileError, OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def make(
        self, stage: str, key: str, work: Callable[[Path], tuple[Mapping[str, Any], float]]
    ) -> Entry:
        """Fetch the entry, or let ``work`` fill a folder and keep it.

        ``work`` gets an empty folder and returns its facts (JSON-able; ``dependencies`` among them
        maps further files to their hashes, checked at every fetch) and the seconds it took. When
        it raises, or this process dies, nothing of it stays under the key.
        """
        with self._lock(stage, key):
            entry = self.fetch(stage, key)
            if entry:
                return entry
            return self._fill(stage, key, work)

    def _fill(
        self, stage: str, key: str, work: Callable[[Path], tuple[Mapping[str, Any], float]]
    ) -> Entry:
        final = self._folder(stage, key)
        with files.disk_errors(final):
            temporary = Path(tempfile.mkdtemp(dir=final.parent, prefix=f".{key[:16]}."))
        try:
            facts, seconds = work(temporary)
            record = {
                "schema": _SCHEMA,
                "stage": stage,
                "key": key,
                "facts": facts,
                "seconds": seconds,
                "files": {
                    str(path.relative_to(temporary)): [path.stat().st_size, files.sha256_file(path)]
                    for path in sorted(temporary.rglob("*"))
                    if path.is_file()
                },
            }
            files.write_json(temporary / _RECORD, record)
            files.fsync_tree(temporary)
            files.remove_tree(final)
            with files.disk_errors(final):
                os.replace(temporary, final)
        except BaseException:
            files.remove_tree(temporary)
            raise
        return Entry(final, key, dict(facts), seconds, reused=False)

    def _folder(self, stage: str, key: str) -> Path:
        return self.root / stage / key[:32]

    @contextmanager
    def _lock(self, stage: str, key: str) -> Iterator[None]:
        folder = self._folder(stage, key)
        lock = folder.parent / f".{folder.name}.lock"
        with files.disk_errors(lock):
            lock.parent.mkdir(parents=True, exist_ok=True)
            stream = lock.open("w")
        with stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            _sweep(folder)
            yield


def _sweep(folder: Path) -> None:
    """Remove what a killed process left half-made; only the holder of the lock may."""
    for leftover in folder.parent.glob(f".{folder.name[:16]}.*"):
        if leftover.is_dir():
            files.remove_tree(leftover)
