"""Processes of emulated devices that end before their time."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator

_SHELLS = ("", "sh", "/bin/sh")
_TRIES, _PAUSE_S = 500, 0.01


def end_all(variable: str) -> None:
    """Kill every process that has ``variable`` (NAME=VALUE) in its environment, but this one."""
    mark = os.fsencode(f"{variable}\0")
    for pid in _all():
        try:
            with open(f"/proc/{pid}/environ", "rb") as stream:
                is_one = mark in stream.read() + b"\0"
            if is_one and pid != os.getpid():
                os.kill(pid, signal.SIGKILL)
        except OSError:  # it ended meanwhile, or is another user's
            continue


def kill_leaf(session: int, containing: str) -> bool:
    """Kill the program that a session's shells are waiting for, once one is there.

    ``containing``: only one that has this text in its command line. False when none came.
    """
    for _ in range(_TRIES):
        there = dict(_members(session))
        for pid in there.keys() - there.values():
            words = _words(pid)
            if words and words[0] not in _SHELLS and containing in " ".join(words):
                os.kill(pid, signal.SIGKILL)
                return True
        if not os.path.isdir(f"/proc/{session}"):
            return False
        time.sleep(_PAUSE_S)
    return False


def _members(session: int) -> Iterator[tuple[int, int]]:
    """Each process of a session but its leader, and its parent (proc(5) stat, fields 4 and 6)."""
    for pid in _all():
        try:
            with open(f"/proc/{pid}/stat", "rb") as stream:
                fields = stream.read().rpartition(b")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session and pid != session and fields[0] != b"Z":
            yield pid, int(fields[1])


def _words(pid: int) -> list[str]:
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as stream:
            return os.fsdecode(stream.read()).split("\0")
    except OSError:
        return []


def _all() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]
