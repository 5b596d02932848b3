"""Names of passing files and folders on a device, which tell whether their owner still lives."""

from __future__ import annotations

import itertools
import os
import re
import socket
import threading
import zlib
from pathlib import Path

_NAME = re.compile(r"([0-9a-f]{8})-(\d{1,10})-(\d{1,10})")
_count = itertools.count(1)
_in_use: set[str] = set()
_lock = threading.Lock()


def machine() -> str:
    """This machine, and this container of it, for process ids mean something only there."""
    return f"{zlib.crc32(f'{socket.gethostname()} {_pid_namespace()}'.encode()):08x}"


def _pid_namespace() -> str:
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""


def owner() -> str:
    """This process, as all names begin that it takes."""
    return f"{machine()}-{os.getpid()}"


def owner_of(name: str) -> str:
    """The ``owner`` that took a name."""
    return name.rpartition("-")[0]


def take() -> str:
    """A new name; it counts as in use until ``give_back`` or the end of this process."""
    name = f"{owner()}-{next(_count)}"
    with _lock:
        _in_use.add(name)
    return name


def give_back(name: str) -> None:
    """What has this name was removed, or may be by anybody."""
    with _lock:
        _in_use.discard(name)


def is_stale(name: str) -> bool:
    """Whether nobody needs what has this name: it is ours and its process ended, or let go.

    Names of another machine are left alone, for nobody here can know.
    """
    found = _NAME.fullmatch(name)
    if found is None or found.group(1) != machine():
        return False
    pid = int(found.group(2))
    if pid == os.getpid():
        with _lock:
            return name not in _in_use
    return not is_alive(pid)


def is_alive(pid: int) -> bool:
    """Whether this machine has a process of this number that has not ended.

    One that has ended keeps its number until its parent asks: state Z of proc(5) stat.
    """
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return True
    return not stat.rpartition(")")[2].lstrip().startswith(("Z", "X"))
