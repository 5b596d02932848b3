"""The ``hdc`` command, called with deadlines, its texts turned into values and errors."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

from device.device import OnLine, RemoteResult
from device.errors import (
    CommandTooLong,
    ConnectionLost,
    HdcMissing,
    HdcServerUnreachable,
)
from device.hdc import messages
from device.hdc.patience import Patience, patiently
from device.hdc.program import ANSWER_BYTES, Program
from device.hdc.sentinel import LineFilter, Sentinel, Stage
from device.hdc.silence import Watchdog
from pipeline.core import process
from pipeline.core.errors import DeviceError, one_line

#: The longest remote command that hdc carries; beyond it the output is empty, without an error.
COMMAND_LIMIT_BYTES = 61_437
_DEFAULT_PORT = "8710"

_T = TypeVar("_T")


@dataclass(frozen=True)
class HdcClient:
    """The way to one hdc server.

    ``command`` starts hdc, ``env`` adds to its environment, ``server`` (``IP:PORT``) is another
    server than the local one. Every call may raise ``HdcMissing``, ``HdcServerUnreachable``,
    ``DeviceTimeout`` and, when it is about a device, one of the errors of that device.
    """

    command: tuple[str, ...]
    env: Mapping[str, str] | None = None
    server: str | None = None
    patience: Patience = field(default_factory=Patience)
    limit_bytes: int = 64 << 20

    @property
    def identity(self) -> tuple[str, ...]:
        """What tells this way to a server from others."""
        port = {**os.environ, **(self.env or {})}.get("OHOS_HDC_SERVER_PORT", _DEFAULT_PORT)
        return (*self.command, self.server or f"127.0.0.1:{port}")

    def version(self) -> str:
        """The client's version, as ``3.2.0f``."""
        text = _text(self.program.call(("-v",), "hdc -v", deadline_s=self.patience.call_s))
        found = messages.version(text)
        if found is None:
            raise HdcMissing(named=f"{self.command[0]} does not answer as hdc does")
        return found

    def list_targets(self) -> list[messages.Listed]:
        """Every device that hdc knows, in whatever state.

        Right after the server was started the list is empty for a while; only then it is asked
        for again.
        """
        started = time.monotonic()
        found, seconds = self._list_once()
        if not found and seconds > self.patience.server_started_s:
            until = started + seconds + self.patience.server_start_s
            while not found and time.monotonic() < until:
                time.sleep(0.2)
                found, _ = self._list_once()
        return found

    def tconn(self, address: str) -> bool:
        """Connect to a device over the network; whether it is connected now."""
        done = self.program.call(("tconn", address), "hdc tconn", deadline_s=self.patience.call_s)
        if messages.is_connected(_text(done)):
            return True
        if done.stderr:
            self._raise_failure(done, address)
        return False

    def shell(
        self, key: str, command: str, *, deadline_s: float, on_line: OnLine | None = None
    ) -> RemoteResult:
        """Run ``command`` on the device to its end; its exit code is in the result.

        Raises ``ConnectionLost`` when the output has no end, ``DeviceTimeout``, ``OutputTooLong``
        and ``CommandTooLong``. A device on the network whose connection dropped is connected
        again, once: for the command when it had not begun, else for what comes after it.
        """
        sentinel = Sentinel.fresh()
        return self.shell_marked(
            key,
            command,
            sentinel=sentinel,
            deadline_s=deadline_s,
            on_line=on_line,
            limit_bytes=min(ANSWER_BYTES, self.limit_bytes),
        )

    def shell_marked(
        self,
        key: str,
        command: str,
        *,
        sentinel: Sentinel,
        deadline_s: float,
        on_line: OnLine | None = None,
        silence_s: float | None = None,
        limit_bytes: int | None = None,
    ) -> RemoteResult:
        """``shell`` with marks of the caller's, who can then stop what the call left behind.

        Raises ``DeviceSilent`` when no line comes for ``silence_s`` seconds.
        """
        wrapped = sentinel.wrap(command)
        size = len(wrapped.encode())
        if size > COMMAND_LIMIT_BYTES:
            raise CommandTooLong(size, COMMAND_LIMIT_BYTES)
        what = f"'{one_line(command)[:80]}'"

        def once() -> RemoteResult:
            listener: OnLine | None = LineFilter(sentinel, on_line) if on_line else None
            watchdog = Watchdog(key, what, silence_s, listener) if silence_s else None
            done = self.program.call(
                ("shell", wrapped),
                what,
                key=key,
                deadline_s=deadline_s,
                on_line=watchdog.line if watchdog else listener,
                on_tick=watchdog.tick if watchdog else None,
                limit_bytes=limit_bytes or self.limit_bytes,
            )
            answer = sentinel.read(done.stdout)
            if answer.stage is Stage.DONE:
                return RemoteResult(answer.code, answer.output, done.duration_s)
            if answer.stage is Stage.NEVER_BEGAN:
                self._raise_failure(done, key)
            raise ConnectionLost(key, what, messages.last_line(answer.output))

        return self._patiently(key, once)

    def file_send(
        self, key: str, local: Path, remote: str, *, deadline_s: float, bundle: str | None = None
    ) -> None:
        """Copy a local file to ``remote``; hdc says that it arrived, which proves nothing yet.

        With ``bundle`` the path is one of that debug app's sandbox, without a leading slash.
        """
        self._transfer(key, "send", (str(local), remote), deadline_s, bundle)

    def file_recv(
        self,
        key: str,
        remote: str,
        local: Path,
        *,
        deadline_s: float,
        bundle: str | None = None,
        on_tick: Callable[[], None] | None = None,
    ) -> None:
        """Copy the file ``remote`` to a local one; a broken call leaves a part of it there.

        ``on_tick`` is called some times a second; what it raises ends the call.
        """
        self._transfer(key, "recv", (remote, str(local)), deadline_s, bundle, on_tick)

    def call(self, key: str, *arguments: str, deadline_s: float) -> str:
        """Another command of hdc's about a device, as ``install``; what it printed."""

        def once() -> str:
            what = " ".join(("hdc", *arguments))[:80]
            done = self.program.call(arguments, what, key=key, deadline_s=deadline_s)
            self._raise_failure(done, key)
            return _text(done)

        return self._patiently(key, once)

    def _transfer(
        self,
        key: str,
        way: str,
        paths: tuple[str, str],
        deadline_s: float,
        bundle: str | None,
        on_tick: Callable[[], None] | None = None,
    ) -> None:
        what = f"file {way} {paths[0]}"
        options = ("-b", bundle) if bundle else ()

        def once() -> None:
            done = self.program.call(
                ("file", way, *options, *paths),
                what,
                key=key,
                deadline_s=deadline_s,
                on_tick=on_tick,
            )
            if messages.finished(_text(done)) is None:
                self._raise_failure(done, key)
                raise ConnectionLost(key, what)

        self._patiently(key, once)

    def _list_once(self) -> tuple[list[messages.Listed], float]:
        done = self.program.call(
            ("list", "targets", "-v"), "hdc list", deadline_s=self.patience.call_s
        )
        self._raise_failure(done, "")
        return messages.listed(_text(done)), done.duration_s

    def _patiently(self, key: str, once: Callable[[], _T]) -> _T:
        connect = partial(self._connect_again, key) if is_address(key) else None
        return patiently(self.patience, once, connect)

    def _connect_again(self, address: str) -> bool:
        try:
            return self.tconn(address)
        except DeviceError:  # the cut is what is to be told
            return False

    @property
    def program(self) -> Program:
        """The program behind it, for calls that need no more than its text."""
        return Program(self.command, self.env, self.server)

    def _raise_failure(self, done: process.Completed, key: str) -> None:
        """Raise what hdc itself reports, if it does."""
        error = messages.error(key, _text(done), done.stderr.decode(errors="replace"))
        if isinstance(error, HdcServerUnreachable):
            error.server = self.server
        if error is not None:
            raise error


def is_address(key: str) -> bool:
    """Whether a key is of a device on the network: ``IP:PORT``."""
    host, colon, port = key.rpartition(":")
    return bool(host and colon) and port.isascii() and port.isdigit()


def _text(done: process.Completed) -> str:
    return done.stdout.decode(errors="replace")
