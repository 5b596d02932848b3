"""The texts of the ``hdc`` client, read. Pure functions: nothing here runs anything.

hdc's exit code says nothing, its messages go to stdout, end in CRLF or LF depending on who
wrote them, and may stand among log lines of the client.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from device.errors import (
    DeviceConnecting,
    DeviceOffline,
    DeviceUnauthorized,
    DeviceUnknown,
    HdcRefused,
    HdcServerUnreachable,
    RemoteDiskFull,
)
from pipeline.core.errors import DeviceError, one_line

_LOG = re.compile(r"\[[A-Z]\]\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[.\d]*\].*")
_CODE = re.compile(r"\[(E[0-9A-F]{6})\]")
_FINISH = re.compile(
    r"FileTransfer finish, Size:(\d{1,18}), File count = (\d{1,9}), "
    r"time:(-?\d{1,9})ms rate:(?:[\d.]+|inf|-?nan)kB/s"
)
_STOPPED = re.compile(r"Transfer Stop at:(\d+)/(\d+)\(Bytes\), Reason: (.*)")
_LONGEST_KEY = 200
_VERSION = re.compile(r"Ver: (\S+)")


class State(str, Enum):
    """The states that hdc lists a device in."""

    CONNECTED = "Connected"
    READY = "Ready"
    OFFLINE = "Offline"
    UNAUTHORIZED = "Unauthorized"
    UNKNOWN = "Unknown"


@dataclass(frozen=True)
class Listed:
    """A line of ``hdc list targets -v``."""

    key: str
    connection: str
    state: State


@dataclass(frozen=True)
class Finished:
    """The line of a transfer that ended well, in hdc's opinion."""

    size_bytes: int
    files: int
    time_ms: int


def lines(text: str) -> list[str]:
    """The lines of hdc's own messages: no blank ones, no log lines, no CR."""
    stripped = (line.strip("\r ") for line in text.split("\n"))
    return [line for line in stripped if line and not _LOG.fullmatch(line)]


def last_line(output: bytes) -> str:
    """The last of them in the output of a call, in a form to be told."""
    tail = lines(output[-4096:].decode(errors="replace"))
    return one_line(tail[-1]) if tail else ""


def version(text: str) -> str | None:
    """The version that ``hdc -v`` prints, as ``3.2.0f``."""
    found = _VERSION.search(text)
    return found.group(1) if found else None


def listed(text: str) -> list[Listed]:
    """The devices in the output of ``hdc list targets -v``, in its order."""
    found = []
    for line in lines(text):
        fields = [field.strip() for field in line.split("\t")]
        if line.startswith("[") or len(fields) < 4 or not _is_key(fields[0]):
            continue
        found.append(Listed(fields[0], fields[2], _state(fields[3])))
    return found


def _is_key(text: str) -> bool:
    """Whether a device may be called so: its name goes to terminals and command lines."""
    return 0 < len(text) <= _LONGEST_KEY and text.isprintable()


def is_connected(text: str) -> bool:
    """Whether ``hdc tconn`` reached the device, now or before."""
    return any(
        line == "Connect OK" or line.startswith("[Info]Target is connected") for line in lines(text)
    )


def finished(text: str) -> Finished | None:
    """The finish line of a transfer; None when there is none or anything in it failed."""
    if failure(text) is not None:
        return None
    found = next((match for line in lines(text) if (match := _FINISH.fullmatch(line))), None)
    return Finished(*(int(found.group(n)) for n in (1, 2, 3))) if found else None


def failure(text: str) -> str | None:
    """The first line by which hdc says that something failed, without its ``[Fail]``."""
    for line in lines(text):
        if line.startswith("[Fail]"):
            return line.removeprefix("[Fail]")
        if _CODE.match(line) or line.startswith(("Unknown operation command", "Incorrect command")):
            return line
    return None


def code(text: str) -> str | None:
    """The E-code in a message."""
    found = _CODE.search(text)
    return found.group(1) if found else None


def error(key: str, stdout: str, stderr: str = "") -> DeviceError | None:
    """The error that hdc reports about device ``key``; None when it reports none."""
    if "Connect server failed" in stderr:
        return HdcServerUnreachable("no answer")
    if "OHOS_HDC_SERVER_PORT" in stderr:
        return HdcServerUnreachable(stderr.strip().splitlines()[0])
    text = failure(stdout)
    if text is None:
        return None
    return _by_code(key, code(text) or "", text) or _by_text(key, text)


def _by_code(key: str, name: str, text: str) -> DeviceError | None:
    if name in ("E000002", "E000003"):
        return DeviceUnauthorized(key, refused=name == "E000003")
    if name == "E000004":
        return DeviceConnecting(key)
    if name == "E001005":
        return DeviceOffline(key)
    return HdcRefused(key, name, text) if name else None


def _by_text(key: str, text: str) -> DeviceError:
    lowered = text.lower()
    if "not match target" in lowered or "need connect-key" in lowered:
        return DeviceUnknown(key)
    if "not founded or connected" in lowered or "no any connected target" in lowered:
        return DeviceOffline(key)
    if "unauthorized" in lowered:
        return DeviceUnauthorized(key)
    stopped = _STOPPED.search(text)
    if "no space left on device" in lowered:
        return RemoteDiskFull(key, "the file", int(stopped.group(2)) if stopped else None)
    return HdcRefused(key, "", text)


def _state(text: str) -> State:
    return next((state for state in State if state.value == text), State.UNKNOWN)
