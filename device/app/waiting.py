"""Waiting for the app's answer to a call, and telling a slow app from one that is no more.

The app goes on while nobody listens, so a cable that is out for a moment costs nothing. Each
look at the device disturbs what it measures a little: looks become rare while a call lasts.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from device.app.answer import Answer, parse_answer
from device.app.app import App
from device.app.errors import AnswerUnreadable, AppFailed, AppStopped
from device.app.log import Kind, Reader
from device.device import OnLine
from device.errors import ConnectionLost, DeviceOffline, DeviceSilent, DeviceTimeout
from pipeline.core.files import sha256_file

#: Of so many looks one is for the answer though the log does not tell of it.
_BLIND_LOOKS = 3


@dataclass(frozen=True)
class Pace:
    """Seconds: between looks at first and at most, and without any sign of life."""

    first_s: float = 0.1
    longest_s: float = 2.0
    growth: float = 1.3
    lifeless_s: float = 20.0


@dataclass
class Waiting:
    """One call that was begun; ``silence_s`` is how long it may print nothing."""

    app: App
    session: str
    call: int
    on_line: OnLine | None = None
    silence_s: float | None = None
    pace: Pace = field(default_factory=Pace)

    def __post_init__(self) -> None:
        self._log = Reader(f"{self.session}-{self.call}")
        self._ended = False
        self._looks = 0
        self._last_line = ""
        self._alive_at = self._printed_at = time.monotonic()
        self._beat = b""
        self._printed = 0

    def answer(self, deadline_s: float) -> Answer:
        """The answer. Raises ``AppFailed``, ``AppStopped``, ``AnswerUnreadable``,
        ``DeviceSilent`` and ``DeviceTimeout``.
        """
        until = time.monotonic() + deadline_s
        pause_s = self.pace.first_s
        while True:
            found = self._look()
            if found is not None:
                return found
            if time.monotonic() > until:
                raise DeviceTimeout(self.app.key, "the bench app's call", deadline_s)
            time.sleep(min(pause_s, max(0.0, until - time.monotonic())))
            pause_s = min(pause_s * self.pace.growth, self.pace.longest_s)

    def _look(self) -> Answer | None:
        try:
            self._listen()
            found = self._fetch() if self._may_be_there else None
            if found is None:
                self._check_life()
                self._check_silence()
            return found
        except (ConnectionLost, DeviceOffline):
            if time.monotonic() - self._alive_at > self.pace.lifeless_s:
                raise
            return None

    @property
    def _may_be_there(self) -> bool:
        """Whether it is worth to ask for the answer: the log said so, or it may have lost it."""
        self._looks += 1
        return self._ended or self._looks % _BLIND_LOOKS == 0

    def _listen(self) -> None:
        for said in self._log.read(self.app.said()):
            self._alive_at = time.monotonic()
            if said.kind is Kind.FAILED:
                raise AppFailed(self.app.key, said.text)
            self._ended = self._ended or said.kind is Kind.ENDS
            if said.kind is Kind.SAYS:
                self._printed_at, self._last_line = self._alive_at, said.text
                if self.on_line:
                    self.on_line(said.text)

    def _fetch(self) -> Answer | None:
        """The answer, if it is there; one that does not agree with its hash is asked for again."""
        with tempfile.TemporaryDirectory(prefix="mslite-answer-") as folder:
            proof, record = Path(folder) / "answer.sha256", Path(folder) / "answer.json"
            if not self.app.receive(self._place("sha256"), proof):
                return None
            if not self.app.receive(self._place("json"), record):
                return None
            if proof.read_bytes().strip() != sha256_file(record).encode():
                return None
            try:
                found = parse_answer(record.read_bytes())
            except ValueError as error:
                raise AnswerUnreadable(self.app.key, str(error)) from None
        if (found.session, found.call) != (self.session, self.call):
            raise AnswerUnreadable(self.app.key, "it is of another call")
        return found

    def _check_life(self) -> None:
        if time.monotonic() - self._alive_at <= self.pace.lifeless_s:
            return
        beat = self._content(f"calls/{self.session}/beat")
        if beat is None or beat == self._beat:
            seconds = time.monotonic() - self._alive_at
            running = self.app.is_running
            raise AppStopped(self.app.key, seconds, running, self._last_line)
        self._beat, self._alive_at = beat, time.monotonic()

    def _check_silence(self) -> None:
        if self.silence_s is None or time.monotonic() - self._printed_at <= self.silence_s:
            return
        # The system's log may have lost what was printed; the app's own has it.
        printed = len(self._content(self._place("log")) or b"")
        if printed <= self._printed:
            what = "the bench app"
            raise DeviceSilent(self.app.key, what, self.silence_s, self._last_line, answers=True)
        self._printed, self._printed_at = printed, time.monotonic()

    def _content(self, inner: str) -> bytes | None:
        with tempfile.TemporaryDirectory(prefix="mslite-look-") as folder:
            local = Path(folder) / "content"
            return local.read_bytes() if self.app.receive(inner, local) else None

    def _place(self, ending: str) -> str:
        return f"calls/{self.session}/{self.call}.{ending}"
