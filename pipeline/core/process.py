"""Run a program with a deadline, in a session of its own, and leave nothing behind."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import IO

_TICK_S = 0.05
_PR_SET_PDEATHSIG = 1
_FULL_BYTES = 64 << 10
#: A line that has no end is handed on in pieces.
_LONGEST_LINE = 1 << 20
_PARENT = "PIPELINE_PARENT"


class Ending(str, Enum):
    """Why a program ended."""

    EXIT = "exit"
    DEADLINE = "deadline"
    OUTPUT_LIMIT = "output limit"


@dataclass(frozen=True)
class Completed:
    """What a program that has ended left: its code (negative: the signal) and its output.

    ``disk_full``: there was next to no space left for temporary files or in its folder, so that
    what it did not say, or did not write, is no surprise.
    """

    command: tuple[str, ...]
    returncode: int
    stdout: bytes
    stderr: bytes
    duration_s: float
    ending: Ending = Ending.EXIT
    disk_full: bool = False

    @property
    def lacked_space(self) -> bool:
        """Whether a failure of it is to be blamed on a full disk."""
        return self.disk_full or "No space left on device" in self.text

    @property
    def text(self) -> str:
        """Standard output, then standard error, as text."""
        return (self.stdout + self.stderr).decode(errors="replace")

    @property
    def how(self) -> str:
        """How it ended, in words that follow its name: ``ended with code 3``."""
        if self.ending is Ending.DEADLINE:
            return f"was not done after {self.duration_s:.3g} s"
        if self.ending is Ending.OUTPUT_LIMIT:
            return "wrote without end"
        if self.returncode < 0:
            return f"was ended by {signal_name(-self.returncode)}"
        return f"ended with code {self.returncode}"


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
    ``limit_bytes`` to one of its streams, or when this process is interrupted, it is killed. So
    are its children, also when it ends by itself, unless ``kill_group`` is false (hdc: its child
    is the server of other users too). ``on_line`` sees each line of standard output as it comes;
    ``on_tick`` is called some times a second meanwhile. ``env`` adds to the environment.
    Raises ``OSError`` when it cannot be started.
    """
    argv = tuple(os.fspath(part) for part in command)
    started = time.monotonic()
    # Files, not pipes: nothing blocks on a full pipe, and a grandchild cannot hold us up.
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        follower = _LineFollower(out, on_line, limit_bytes) if on_line else None
        ticks = [tick for tick in (on_tick, follower and follower.poll) if tick]
        process: subprocess.Popen[bytes] | None = None
        try:
            with _STARTING, _uninterrupted():
                process = subprocess.Popen(
                    argv,
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=err,
                    cwd=cwd,
                    env={**os.environ, **env} if env is not None else None,
                    start_new_session=True,
                )
                _LIVE[process] = kill_group
            ending = _wait(process, started + deadline_s, ticks, (out, err), limit_bytes)
            if kill_group or ending is not Ending.EXIT:
                _kill(process, kill_group)
            for tick in ticks:
                tick()
            if follower:
                follower.finish()
        except BaseException:
            if process:
                _kill(process, kill_group)
            raise
        finally:
            if process:
                _LIVE.pop(process, None)
        return Completed(
            argv,
            process.wait(),
            _content(out, limit_bytes),
            _content(err, limit_bytes),
            time.monotonic() - started,
            ending,
            disk_full=_is_full(Path(tempfile.gettempdir())) or _is_full(cwd or Path()),
        )


def python_environment() -> dict[str, str]:
    """Environment for a Python child that imports this package, installed or not."""
    root = str(Path(__file__).resolve().parents[2])
    inherited = os.environ.get("PYTHONPATH")
    path = f"{root}{os.pathsep}{inherited}" if inherited else root
    # Bytecode that is written now would hide a change that is made within the same second.
    return {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1", _PARENT: str(os.getpid())}


def die_with_parent() -> None:
    """In a child that was started with ``python_environment``: be killed when the parent is.

    What it would go on writing would end up beside the next call's work. Does nothing in a
    process that was started otherwise.
    """
    import ctypes

    parent = os.environ.get(_PARENT)
    if parent is None:
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != int(parent):  # it was killed before we asked
        os.kill(os.getpid(), signal.SIGKILL)


def kill_all() -> None:
    """Kill every program that ``run`` has started in any thread; for an interrupted command."""
    with _STARTING:
        live = list(_LIVE.items())
    for process, group in live:
        _kill(process, group)


_LIVE: dict[subprocess.Popen[bytes], bool] = {}
#: Held from a program's start until it is among the live ones, so that none is overlooked.
_STARTING = threading.Lock()


def _is_full(folder: Path) -> bool:
    try:
        disk = os.statvfs(folder)
    except OSError:
        return False
    return disk.f_bavail * disk.f_frsize < _FULL_BYTES


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Signals that Python hears of wait for the end of the block: a program whose start they
    broke off would run on, known to nobody."""
    if threading.current_thread() is not threading.main_thread():  # only that one is interrupted
        yield
        return
    arrived: list[int] = []
    kept = {}
    try:
        for number in (signal.SIGINT, signal.SIGTERM):
            handler = signal.getsignal(number)
            if callable(handler):
                kept[number] = handler
                signal.signal(number, lambda number, frame: arrived.append(number))
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)
    for late in arrived:
        signal.raise_signal(late)


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
            if any(os.fstat(stream.fileno()).st_size > limit_bytes for stream in streams):
                return Ending.OUTPUT_LIMIT
            if ready:
                return Ending.EXIT
            for tick in ticks:
                tick()
        return Ending.DEADLINE
    finally:
        os.close(handle)


def _content(stream: IO[bytes], limit: int) -> bytes:
    return os.pread(stream.fileno(), min(limit, os.fstat(stream.fileno()).st_size), 0)


def _kill(process: subprocess.Popen[bytes], group: bool) -> None:
    if process.returncode is not None:  # reaped: its number may be another's by now
        return
    try:
        if group:
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    except (ProcessLookupError, PermissionError):
        pass
    process.wait()


def signal_name(number: int) -> str:
    """``SIGKILL`` for 9; a number that is no signal, as it is."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


class _LineFollower:
    """Reads what a file gained since the last look and hands over whole lines."""

    def __init__(self, stream: IO[bytes], on_line: Callable[[str], None], limit_bytes: int) -> None:
        self._handle = stream.fileno()
        self._on_line = on_line
        self._limit = limit_bytes
        self._offset = 0
        self._rest = b""

    def poll(self) -> None:
        # What is there now, not what comes meanwhile: one who writes faster than this reads
        # would never be stopped.
        until = min(os.fstat(self._handle).st_size, self._limit)
        while self._offset < until:
            chunk = os.pread(self._handle, min(1 << 16, until - self._offset), self._offset)
            self._offset += len(chunk)
            *lines, self._rest = (self._rest + chunk).split(b"\n")
            for line in lines:
                self._on_line(line.decode(errors="replace"))
            if len(self._rest) > _LONGEST_LINE:
                self.finish()

    def finish(self) -> None:
        """Hand over the last line, which no line break ends."""
        if self._rest:
            self._on_line(self._rest.decode(errors="replace"))
            self._rest = b""
