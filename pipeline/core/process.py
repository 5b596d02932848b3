"""Run a program with a deadline, in a session of its own, and leave nothing behind."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import IO

_TICK_S = 0.05


class Ending(str, Enum):
    """Why a program ended."""

    EXIT = "exit"
    DEADLINE = "deadline"
    OUTPUT_LIMIT = "output limit"


@dataclass(frozen=True)
class Completed:
    """What a program that has ended left: its code (negative: the signal) and its output."""

    command: tuple[str, ...]
    returncode: int
    stdout: bytes
    stderr: bytes
    duration_s: float
    ending: Ending = Ending.EXIT

    @property
    def text(self) -> str:
        """Standard output, then standard error, as text."""
        return (self.stdout + self.stderr).decode(errors="replace")


def run(
    command: Sequence[str | os.PathLike[str]],
    *,
    deadline_s: float,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    on_line: Callable[[str], None] | None = None,
    on_tick: Callable[[], None] | None = None,
    limit_bytes: int = 64 << 20,
    kill_group: bool = True,
) -> Completed:
    """Run ``command`` to its end or to ``deadline_s`` seconds, whichever is first.

    The program gets no standard input. When the deadline passes, when it has written more than
    ``limit_bytes`` to one of its streams, or when this process is interrupted, it is killed, with
    its children unless ``kill_group`` is false (hdc: its child is the server of other users too).
    ``on_line`` sees each line of standard output as it comes; ``on_tick`` is called some times a
    second meanwhile. ``env`` adds to the environment.
    Raises ``OSError`` when it cannot be started.
    """
    argv = tuple(os.fspath(part) for part in command)
    started = time.monotonic()
    # Files, not pipes: nothing blocks on a full pipe, and a grandchild cannot hold us up.
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            cwd=cwd,
            env={**os.environ, **env} if env is not None else None,
            start_new_session=True,
        )
        ticks = [on_tick] if on_tick else []
        if on_line:
            ticks.append(_LineFollower(out, on_line).poll)
        _LIVE[process] = kill_group
        try:
            ending = _wait(process, started + deadline_s, ticks, (out, err), limit_bytes)
            if ending is not Ending.EXIT:
                _kill(process, kill_group)
            for tick in ticks:
                tick()
        except BaseException:
            _kill(process, kill_group)
            raise
        finally:
            _LIVE.pop(process, None)
        return Completed(
            argv,
            process.wait(),
            _content(out, limit_bytes),
            _content(err, limit_bytes),
            time.monotonic() - started,
            ending,
        )


def python_environment() -> dict[str, str]:
    """Environment for a Python child that imports this package, installed or not."""
    root = str(Path(__file__).resolve().parents[2])
    inherited = os.environ.get("PYTHONPATH")
    return {"PYTHONPATH": f"{root}{os.pathsep}{inherited}" if inherited else root}


def kill_all() -> None:
    """Kill every program that ``run`` is waiting for in any thread; for an interrupted command."""
    for process, group in list(_LIVE.items()):
        _kill(process, group)


_LIVE: dict[subprocess.Popen[bytes], bool] = {}


def _wait(
    process: subprocess.Popen[bytes],
    deadline: float,
    ticks: Sequence[Callable[[], None]],
    streams: tuple[IO[bytes], ...],
    limit_bytes: int,
) -> Ending:
    # A pidfd wakes us at once; Popen.wait(timeout) would sleep up to 50 ms more.
    handle = os.pidfd_open(process.pid)
    try:
        while (left := deadline - time.monotonic()) > 0:
            ready, _, _ = select.select([handle], [], [], min(left, _TICK_S if ticks else 0.5))
            if ready:
                return Ending.EXIT
            for tick in ticks:
                tick()
            if any(os.fstat(stream.fileno()).st_size > limit_bytes for stream in streams):
                return Ending.OUTPUT_LIMIT
        return Ending.DEADLINE
    finally:
        os.close(handle)


def _content(stream: IO[bytes], limit: int) -> bytes:
    return os.pread(stream.fileno(), min(limit, os.fstat(stream.fileno()).st_size), 0)


def _kill(process: subprocess.Popen[bytes], group: bool) -> None:
    try:
        if group:
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    except (ProcessLookupError, PermissionError):
        pass
    process.wait()


class _LineFollower:
    """Reads what a file gained since the last look and hands over whole lines."""

    def __init__(self, stream: IO[bytes], on_line: Callable[[str], None]) -> None:
        self._handle = stream.fileno()
        self._on_line = on_line
        self._offset = 0
        self._rest = b""

    def poll(self) -> None:
        while chunk := os.pread(self._handle, 1 << 16, self._offset):
            self._offset += len(chunk)
            *lines, self._rest = (self._rest + chunk).split(b"\n")
            for line in lines:
                self._on_line(line.decode(errors="replace"))
