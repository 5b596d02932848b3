"""Results of stages, kept by the hash of all that they were made from.

An entry is a folder that appears whole by one rename, with a record of every file's size and
hash, and a hash of the record itself. What is handed out was checked against them, so an entry
that a crash, a full disk or a curious hand damaged is made again, never trusted.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
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
            sealed = files.read_json(folder / _RECORD)
            record = sealed["record"]
            if sealed["sha256"] != files.sha256_json(record):
                return None
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
        if entry := self.fetch(stage, key):
            return entry
        final = self._folder(stage, key)
        with files.making(final) as temporary:
            if entry := self.fetch(stage, key):  # another process was faster
                return entry
            facts, seconds = work(temporary)
            record = {
                "schema": _SCHEMA,
                "stage": stage,
                "key": key,
                "facts": _plain(facts),
                "seconds": seconds,
                "files": {
                    str(path.relative_to(temporary)): [path.stat().st_size, files.sha256_file(path)]
                    for path in sorted(temporary.rglob("*"))
                    if path.is_file()
                },
            }
            sealed = {"record": record, "sha256": files.sha256_json(record)}
            files.write_json(temporary / _RECORD, sealed)
            files.fsync_tree(temporary)
            files.remove_tree(final)
            with files.disk_errors(final):
                os.replace(temporary, final)
            return Entry(final, key, record["facts"], seconds, reused=False)

    def _folder(self, stage: str, key: str) -> Path:
        return self.root / stage / key[:32]


def _plain(facts: Mapping[str, Any]) -> Any:
    """The facts as a later fetch will find them: lists for tuples, text for keys."""
    return json.loads(json.dumps(facts, allow_nan=False))
