"""Local files on their way to a device."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from device.errors import PushFailed
from device.hdc import names
from device.hdc.attempts import DamagedError, attempts
from device.hdc.remote import Remote
from device.quote import safe_name
from pipeline.core.errors import FileMissing
from pipeline.core.files import disk_errors, sha256_file

#: How much of a file's beginning and end tells that it is another one.
EDGE_BYTES = 64 << 10
#: Hashing less is over before a thread has begun.
_WHILE_WAITING_BYTES = 1 << 20


@dataclass(frozen=True)
class Parcel:
    """A local file and what it has to be on the device."""

    source: Path
    hashing: Future[str]
    size_bytes: int
    executable: bool

    @classmethod
    def of(cls, source: Path, *, executable: bool = False) -> Parcel:
        """The parcel of a file; raises FileMissing. It is hashed while others work."""
        if not source.is_file():
            raise FileMissing(source, "file to push")
        with disk_errors(source):
            size = source.stat().st_size
        hashing: Future[str] = Future()
        if size < _WHILE_WAITING_BYTES:
            hashing.set_result(sha256_file(source))
            return cls(source, hashing, size, executable)
        pool = ThreadPoolExecutor(1)
        hashing = pool.submit(sha256_file, source)
        pool.shutdown(wait=False)
        return cls(source, hashing, size, executable)

    @property
    def sha256(self) -> str:
        """The hash of its content; waits for it. Raises LocalFileError."""
        return self.hashing.result()

    @property
    def name(self) -> str:
        """What it is called on the device: a word that needs no quoting."""
        return safe_name(self.source.name)

    def edges(self) -> str:
        """The hash of its first and its last bytes: another one has another content."""
        with disk_errors(self.source), self.source.open("rb") as stream:
            first = stream.read(EDGE_BYTES)
            stream.seek(max(0, self.size_bytes - EDGE_BYTES))
            return hashlib.sha256(first + stream.read(EDGE_BYTES)).hexdigest()

    @property
    def mode(self) -> str:
        """The permissions it gets."""
        return "755" if self.executable else "644"

    @property
    def place(self) -> str:
        """Where it goes, below the folder of objects: a word that needs no quoting."""
        return f"{self.sha256}/{self.name}"

    def path(self, remote: Remote) -> str:
        """Where it goes."""
        return f"{remote.objects}/{self.place}"


def deliver(remote: Remote, once: Callable[[], None], what: str) -> None:
    """A few attempts at a push of ``what``; raises PushFailed when all arrive damaged."""
    pauses_s = remote.client.patience.pauses_s
    try:
        attempts(pauses_s, once)
    except DamagedError:
        reason = f"it arrived damaged {len(pauses_s) + 1} times"
        raise PushFailed(remote.key, what, reason) from None


def tidy(remote: Remote, listed: list[str]) -> None:
    """Remove what a push that was cut left in ``incoming``, where it has these names."""
    if stale := [name for name in listed if names.is_stale(name)]:
        remote.forget(*(f"{remote.incoming}/{name}" for name in stale))
