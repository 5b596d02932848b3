"""One pipeline at a time on a device.

On this machine a lease is a file below the cache folder with a lock of the kernel's, which ends
with the process however that ends. For other machines it is a folder ``lease`` in our folder on
the device (making a folder is atomic everywhere), with the holder's record, renewed as long as
the holder lives. A mark whose holder is known to have ended, or that nobody renewed for
``STALE_S`` by the device's own clock, counts no more.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from device.errors import DeviceBusy, RemoteCommandFailed, RemoteDiskFull
from device.hdc import holder as record
from device.hdc.holder import Holder
from device.hdc.remote import Remote
from device.quote import quote, safe_name
from pipeline.core.errors import DeviceError
from pipeline.core.files import disk_errors, sha256_json
from pipeline.core.places import cache_root

#: Seconds after which a mark that nobody renewed counts no more.
STALE_S = 900.0
#: Seconds between renewals; a call of some tens of milliseconds on the device.
_RENEWAL_S = STALE_S / 3
#: Seconds that making a mark may take at most: one without a record is older only by accident.
_UNWRITTEN_S = 60.0
_TRIES = 3
_TAKEN = 93


class _Mine(threading.local):
    """The leases of one thread."""

    def __init__(self) -> None:
        self.paths: set[Path] = set()


_mine = _Mine()
#: Tokens of the leases of all threads of this process.
_live: set[str] = set()


@contextmanager
def lease(remote: Remote) -> Iterator[None]:
    """See ``Device.lease``."""
    path = lock_path(remote)
    if path in _mine.paths:
        yield
        return
    holder = Holder.current()
    with _locked(remote.key, path, holder):
        _mine.paths.add(path)
        _live.add(holder.token)
        try:
            _mark(remote, holder)
            with _renewing(remote, holder):
                yield
        finally:
            _mine.paths.discard(path)
            try:
                _unmark(remote, holder)
            finally:
                _live.discard(holder.token)


def marked(remote: Remote) -> Holder | None:
    """The holder that the mark on the device names, unless that one is known to have ended."""
    text = remote.ask_again(f"cat {quote(remote.marker)}/owner 2>/dev/null").text
    holder = record.read(text.strip())
    return None if holder is None or holder.has_ended else holder


def lock_path(remote: Remote) -> Path:
    """The file on this machine that is locked for the device."""
    digest = sha256_json([remote.client.identity, remote.key])[:16]
    return cache_root() / "leases" / f"{safe_name(remote.key, limit=40)}-{digest}.lock"


@contextmanager
def _locked(key: str, path: Path, holder: Holder) -> Iterator[None]:
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        stream = _lock(key, path)
    with stream:
        try:
            with disk_errors(path):
                stream.truncate(0)
                stream.write(holder.as_text())
                stream.flush()
            yield
        finally:
            path.unlink(missing_ok=True)


def _lock(key: str, path: Path) -> IO[str]:
    """The file, locked; one that its last holder removed meanwhile is made again."""
    while True:
        stream = path.open("a+", encoding="utf-8", errors="replace")
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_at(path, stream):
                return stream
        except BlockingIOError:
            stream.seek(0)
            with stream:
                raise _busy(key, record.read(stream.read())) from None
        except BaseException:
            stream.close()
            raise
        stream.close()


def _is_at(path: Path, stream: IO[str]) -> bool:
    try:
        return os.path.samestat(os.fstat(stream.fileno()), os.stat(path))
    except FileNotFoundError:
        return False


def _mark(remote: Remote, holder: Holder) -> None:
    """Leave our mark on the device, instead of one that counts no more."""
    age_s, text = 0.0, ""
    for _ in range(_TRIES):
        result = remote.ask_again(_marking(remote, holder))
        if result.code == 0:
            return
        if result.code != _TAKEN:
            if "no space left" in result.text.lower():
                raise RemoteDiskFull(remote.key, remote.marker)
            raise RemoteCommandFailed(remote.key, "mkdir lease", result.code, result.last_line)
        first, _, text = result.text.partition("\n")
        age_s, text = _seconds(first), text.strip()
        other = record.read(text)
        if other == holder:  # the answer that said so was cut
            return
        if not _counts_no_more(other, age_s):
            raise _busy(remote.key, other, remote.marker, age_s)
        remote.must_again(_if_marked(remote, text, f"rm -rf {quote(remote.marker)}"))
    raise _busy(remote.key, record.read(text), remote.marker, age_s)


def _marking(remote: Remote, holder: Holder) -> str:
    marker = quote(remote.marker)
    return (
        f"mkdir -p {quote(remote.workdir)} || exit 1; "
        f"if mkdir {marker} 2>/dev/null; then "
        f"echo {quote(holder.as_text())} >{marker}/owner || {{ rm -rf {marker}; exit 1; }}; "
        f"elif [ -d {marker} ]; then "
        f"t=$(stat -c %Y {marker}/owner 2>/dev/null || stat -c %Y {marker}); "
        f"n=$(date +%s); echo $((n - ${{t:-$n}})); cat {marker}/owner 2>/dev/null; exit {_TAKEN}; "
        f"else mkdir {marker}; fi"
    )


def _if_marked(remote: Remote, text: str, command: str) -> str:
    """``command``, unless the mark on the device is another one than ``text`` by now."""
    owner = quote(f"{remote.marker}/owner")
    return f'if [ "$(cat {owner} 2>/dev/null)" = {quote(text)} ]; then {command}; fi'


def _unmark(remote: Remote, holder: Holder) -> None:
    """Remove our mark as well as the device lets us; then it ends with this process."""
    command = _if_marked(remote, holder.as_text(), f"rm -rf {quote(remote.marker)}")
    tidied = f"{command}; rmdir {quote(remote.workdir)} 2>/dev/null; true"
    with suppress(DeviceError):
        remote.ask(tidied, deadline_s=remote.deadlines.tidy_s)


@contextmanager
def _renewing(remote: Remote, holder: Holder) -> Iterator[None]:
    command = _if_marked(remote, holder.as_text(), f"touch {quote(f'{remote.marker}/owner')}")
    ended = threading.Event()

    def renew() -> None:
        while not ended.wait(_RENEWAL_S):
            with suppress(DeviceError):
                remote.ask(command, deadline_s=remote.deadlines.tidy_s)

    thread = threading.Thread(target=renew, name=f"lease of {remote.key}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _counts_no_more(other: Holder | None, age_s: float) -> bool:
    if other is None:
        return age_s > _UNWRITTEN_S
    # A mark of this very process may be of a lease that could not be ended on the device.
    left = other.is_here and other.pid == os.getpid() and other.token not in _live
    return left or other.has_ended or age_s > STALE_S


def _busy(
    key: str, other: Holder | None, marker: str | None = None, age_s: float = 0.0
) -> DeviceBusy:
    where = None if other is not None and other.is_here else marker
    if other is None:
        return DeviceBusy(key, marker=where, lapses_s=max(0.0, _UNWRITTEN_S - age_s))
    return DeviceBusy(
        key, other.who, other.since, other.pid, where, lapses_s=max(0.0, STALE_S - age_s)
    )


def _seconds(text: str) -> float:
    """An age that the device printed; one that cannot be read is none."""
    digits = text.strip()
    return float(digits) if digits.isascii() and digits.isdigit() and len(digits) < 12 else 0.0
