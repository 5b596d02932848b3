"""Files by their hash: what travels between machines, each once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.core import files


@dataclass(frozen=True)
class Blobs:
    """A folder of files that are called by their SHA-256."""

    root: Path

    def path(self, digest: str) -> Path:
        """Where the file is, or would be."""
        if len(digest) != 64 or not digest.isalnum():
            raise ValueError(f"no SHA-256: {digest!r}")
        return self.root / digest[:2] / digest

    def lacking(self, digests: Iterable[str]) -> tuple[str, ...]:
        """Those that are not here."""
        return tuple(one for one in dict.fromkeys(digests) if not self.path(one).is_file())

    def put(self, contents: Mapping[str, bytes]) -> None:
        """Keep files; ValueError for one that is not what its name says."""
        for digest, data in contents.items():
            if hashlib.sha256(data).hexdigest() != digest:
                raise ValueError(f"{digest} arrived damaged")
            files.write_bytes(self.path(digest), data)
