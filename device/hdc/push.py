"""Files to a device: by content, whole, and only when they are not there yet.

A file goes to a name that nobody uses, is hashed by the device, and only then gets the name
``objects/SHA256/NAME``. So whatever has such a name is whole, and a push that was cut leaves
nothing but a file in ``incoming``, which the next push removes.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from device.device import OnProgress, Pushed
from device.errors import (
    ConnectionLost,
    HdcRefused,
    PushFailed,
    RemoteDiskFull,
)
from device.hdc import names
from device.hdc.attempts import DamagedError
from device.hdc.parcel import EDGE_BYTES, Parcel, deliver, tidy
from device.hdc.remote import Remote
from device.hdc.witness import is_worth, witness
from device.quote import is_sendable, quote, safe_name
from pipeline.core.errors import DeviceError
from pipeline.core.files import disk_errors

#: Exit codes of the settling script, away from those of its commands.
_NO_HASH, _OTHER_HASH = 91, 92


def push(
    remote: Remote, source: Path, *, executable: bool, on_progress: OnProgress | None
) -> Pushed:
    """See ``Device.push``."""
    started = time.monotonic()
    parcel = Parcel.of(source, executable=executable)
    progress = on_progress or (lambda done, total: None)
    progress(0, parcel.size_bytes)
    sent_bytes = _deliver(remote, parcel, progress)
    progress(parcel.size_bytes, parcel.size_bytes)
    seconds = time.monotonic() - started
    return Pushed(parcel.path(remote), parcel.sha256, parcel.size_bytes, sent_bytes, seconds)


def _is_absent(remote: Remote, parcel: Parcel) -> bool:
    """Whether the device is known not to have a large file, though its hash is not known yet.

    It has none of this name and size that begins and ends so.
    """
    if not is_worth(parcel.size_bytes):
        return False
    incoming, objects = quote(remote.incoming), quote(remote.objects)
    command = (
        f"mkdir -p {incoming} {objects} && ls {incoming} && cd {objects} && "
        f"for f in */{parcel.name}; do "
        f'if [ "$(stat -c %s "$f" 2>/dev/null)" = {parcel.size_bytes} ]; then '
        f'{{ head -c {EDGE_BYTES} "$f"; tail -c {EDGE_BYTES} "$f"; }} | sha256sum; fi; done; true'
    )
    try:
        lines = remote.must(command).text.splitlines()
    except DeviceError:  # it is asked again, and tells what is wrong
        return False
    tidy(remote, lines)
    return parcel.edges() not in {line.split()[0] for line in lines if line.strip()}


def _is_there(remote: Remote, parcel: Parcel) -> bool:
    """Whether the device has the file, whole; makes it ready to receive, and tidies up."""
    path, incoming = quote(parcel.path(remote)), quote(remote.incoming)
    answer = remote.must(
        f"mkdir -p {incoming} && ls {incoming} && {{ [ ! -f {path} ] || "
        f'{{ h=$(sha256sum <{path}) && chmod {parcel.mode} {path} && echo "= ${{h%% *}}"; }}; }}',
        deadline_s=remote.deadlines.hashing(parcel.size_bytes),
    )
    lines = answer.text.splitlines()
    tidy(remote, lines)
    return f"= {parcel.sha256}" in lines


def _deliver(remote: Remote, parcel: Parcel, progress: OnProgress) -> int:
    """Get the file there in a few attempts; the bytes that had to be sent for it."""
    sent_bytes = 0
    absent = _is_absent(remote, parcel)

    def once() -> None:
        nonlocal sent_bytes, absent
        # Asked at each further attempt: the cut may have hit the answer and not the file.
        if not absent and _is_there(remote, parcel):
            return
        absent = False
        sent_bytes = parcel.size_bytes
        _send(remote, parcel, progress)

    deliver(remote, once, str(parcel.source))
    return sent_bytes


def _send(remote: Remote, parcel: Parcel, progress: OnProgress) -> None:
    name = names.take()
    temporary = f"{remote.incoming}/{name}"
    try:
        with sendable(remote, parcel.source) as local, _explained(remote, parcel):
            if not _sent_whole(remote, parcel, local, temporary, progress):
                _settle(remote, parcel, temporary)
    except BaseException:
        remote.forget(temporary)
        raise
    finally:
        names.give_back(name)


def _sent_whole(
    remote: Remote, parcel: Parcel, local: Path, temporary: str, progress: OnProgress
) -> bool:
    """Send it; whether it is known to be whole and to have its name already."""

    def send() -> None:
        deadline_s = remote.deadlines.transfer(parcel.size_bytes)
        remote.client.file_send(remote.key, local, temporary, deadline_s=deadline_s)

    if not is_worth(parcel.size_bytes):
        send()
        return False
    with witness(remote, parcel, temporary, progress) as seen:
        send()
    # A witness whose answer was lost may have given the file its name all the same.
    return seen.settled or _is_there(remote, parcel)


def _settle(remote: Remote, parcel: Parcel, temporary: str) -> None:
    """Give the file its name if it is whole."""
    path = parcel.path(remote)
    folder, moved = quote(path.rpartition("/")[0]), quote(path)
    result = remote.ask(
        f"h=$(sha256sum <{quote(temporary)}) || exit {_NO_HASH}; "
        f'[ "${{h%% *}}" = {parcel.sha256} ] || exit {_OTHER_HASH}; '
        f"chmod {parcel.mode} {quote(temporary)} && mkdir -p {folder} && "
        f"mv -f {quote(temporary)} {moved}",
        deadline_s=remote.deadlines.hashing(parcel.size_bytes),
    )
    if result.code == _OTHER_HASH:
        raise DamagedError
    if result.code != 0:
        if _is_there(remote, parcel):  # a witness that was cut off may go on for a moment
            return
        if "no space left" in result.text.lower():
            raise RemoteDiskFull(remote.key, str(parcel.source), parcel.size_bytes)
        reason = result.last_line or f"the device's shell ended with {result.code}"
        raise PushFailed(remote.key, str(parcel.source), reason)


@contextmanager
def _explained(remote: Remote, parcel: Parcel) -> Iterator[None]:
    """Say of which file hdc's complaint is."""
    source = str(parcel.source)
    try:
        yield
    except HdcRefused as error:
        raise PushFailed(remote.key, source, error.text) from error
    except RemoteDiskFull as error:
        raise RemoteDiskFull(remote.key, source, parcel.size_bytes) from error
    except ConnectionLost as error:
        raise ConnectionLost(remote.key, f"the push of {source}", error.last_line) from error


@contextmanager
def sendable(remote: Remote, source: Path) -> Iterator[Path]:
    """``source`` by a path that hdc can carry: a copy when its own has a quote or a TAB."""
    absolute = source.absolute()
    if is_sendable(str(absolute)):
        yield absolute
        return
    with tempfile.TemporaryDirectory(prefix="mslite-push-") as folder:
        copy = Path(folder) / safe_name(source.name)
        if not is_sendable(str(copy)):
            reason = "hdc carries no path with a double quote, TAB or line break"
            raise PushFailed(remote.key, str(source), reason)
        with disk_errors(copy):
            shutil.copyfile(source, copy)
        yield copy
