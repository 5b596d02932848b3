"""Local files on their way to a device."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from device.errors import PushFailed
from device.hdc import names
from device.hdc.attempts import DamagedError, attempts
from device.hdc.remote import Remote
from device.quote import safe_name
from pipeline.core.errors import FileMissing
from pipeline.core.files import disk_errors, sha256_file


@dataclass(frozen=True)
class Parcel:
    """A local file and what it has to be on the device."""

    source: Path
    sha256: str
    size_bytes: int
    executable: bool

    @classmethod
    def of(cls, source: Path, *, executable: bool = False) -> Parcel:
        """The parcel of a file; raises FileMissing."""
        if not source.is_file():
            raise FileMissing(source, "file to push")
        with disk_errors(source):
            size = source.stat().st_size
        return cls(source, sha256_file(source), size, executable)

    @property
    def mode(self) -> str:
        """The permissions it gets."""
        return "755" if self.executable else "644"

    @property
    def place(self) -> str:
        """Where it goes, below the folder of objects: a word that needs no quoting."""
        return f"{self.sha256}/{safe_name(self.source.name)}"

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
