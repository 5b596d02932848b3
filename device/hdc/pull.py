"""Files from a device: whole, proved by the device's own hash, or not at all."""

from __future__ import annotations

import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from device.errors import (
    ConnectionLost,
    HdcRefused,
    PullFailed,
    RemoteDiskFull,
)
from device.hdc.attempts import DamagedError, attempts
from device.hdc.remote import Remote
from device.quote import is_sendable, quote
from pipeline.core.errors import LocalDiskFull
from pipeline.core.files import disk_errors, sha256_file

#: No file that is fetched is larger; a device that says so is not believed.
_MOST_BYTES = 4 << 30
_ANSWER = re.compile(r"([0-9a-f]{64}) +(\d{1,18})")


def pull(remote: Remote, source: str, target: Path) -> None:
    """See ``Device.pull``."""
    if not is_sendable(source):
        reason = "hdc carries no path with a double quote, TAB or line break"
        raise PullFailed(remote.key, source, reason)
    with _landing(target) as landing:
        if not is_sendable(str(landing)):
            raise PullFailed(remote.key, source, f"hdc cannot write to {landing.parent}")
        pauses_s = remote.client.patience.pauses_s
        try:
            attempts(pauses_s, lambda: _fetch(remote, source, landing, target))
        except DamagedError:
            reason = f"it arrived damaged {len(pauses_s) + 1} times"
            raise PullFailed(remote.key, source, reason) from None


def _fetch(remote: Remote, source: str, landing: Path, target: Path) -> None:
    sha256, size_bytes = _ask(remote, source)
    try:
        deadline_s = remote.deadlines.transfer(size_bytes)
        remote.client.file_recv(
            remote.key,
            source,
            landing,
            deadline_s=deadline_s,
            on_tick=lambda: _bounded(landing, size_bytes),
        )
    except HdcRefused as error:
        raise PullFailed(remote.key, source, error.text) from error
    except RemoteDiskFull as error:
        # The side that writes is this one.
        raise LocalDiskFull(target) from error
    except ConnectionLost as error:
        raise ConnectionLost(remote.key, f"the fetch of {source}", error.last_line) from error
    with disk_errors(landing):
        found = landing.lstat()
    whole = stat.S_ISREG(found.st_mode) and found.st_size == size_bytes
    if not whole or sha256_file(landing) != sha256:
        raise DamagedError


def _bounded(landing: Path, size_bytes: int) -> None:
    """A device that sends more than it said is cut off before it fills the disk."""
    try:
        if landing.lstat().st_size > size_bytes:
            raise DamagedError
    except FileNotFoundError:
        pass


def _ask(remote: Remote, source: str) -> tuple[str, int]:
    """Hash and size in bytes that the file has on the device."""
    path = quote(source)
    # The size is not known yet, so the deadline is that of the largest file one would fetch.
    result = remote.ask(
        f'h=$(sha256sum <{path}) && n=$(wc -c <{path}) && echo "${{h%% *}}" $n',
        deadline_s=remote.deadlines.hashing(1 << 30),
    )
    answer = _ANSWER.fullmatch(result.last_line)
    if result.code != 0 or answer is None:
        raise PullFailed(remote.key, source, result.last_line or "the device cannot read it")
    size_bytes = int(answer.group(2))
    if size_bytes > _MOST_BYTES:
        raise PullFailed(remote.key, source, f"it is said to have {size_bytes} bytes")
    return answer.group(1), size_bytes


@contextmanager
def _landing(target: Path) -> Iterator[Path]:
    """A new file that becomes ``target`` when all went well and disappears otherwise."""
    with disk_errors(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        beside = target.parent.absolute()
        folder = beside if is_sendable(str(beside)) else Path(tempfile.gettempdir())
        handle, name = tempfile.mkstemp(dir=folder, prefix=".pull-")
        os.close(handle)
    landing = Path(name)
    try:
        yield landing
        with disk_errors(target):
            _place(landing, target)
    finally:
        landing.unlink(missing_ok=True)


def _place(landing: Path, target: Path) -> None:
    if landing.parent != target.parent.absolute():
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=".pull-")
        os.close(handle)
        copy = Path(name)
        try:
            shutil.copyfile(landing, copy)
            _finish(copy, target)
        finally:
            copy.unlink(missing_ok=True)
        return
    _finish(landing, target)


def _finish(landing: Path, target: Path) -> None:
    os.chmod(landing, 0o644)
    for path in (landing, target.parent):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
        if path == landing:
            os.replace(landing, target)
