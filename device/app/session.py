"""A session with the bench app: files go in, runs are called, what they left comes home."""

from __future__ import annotations

import re
import secrets
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from device.app.answer import Answer, Left, Status
from device.app.app import App, library_sha256
from device.app.errors import AnswerUnreadable, AppFailed, AppMissing, NeverArrives
from device.app.request import Request, needed
from device.app.waiting import Pace, Waiting
from device.device import DeviceFacts, OnLine, OnProgress, Pushed, RemoteResult
from device.errors import PullFailed
from device.hdc.attempts import DamagedError, attempts
from device.hdc.device import HdcDevice
from pipeline.core.errors import FileMissing
from pipeline.core.files import copy_file, disk_errors, sha256_file

#: The first start of an app after it was installed takes longest, on watches many seconds.
_HELLO_S = 60.0
_TIMES = 3
_ENDING = re.compile(r"\.[a-z0-9]{1,8}")


@dataclass(frozen=True)
class AppRun:
    """A run of the runner: its arguments, and the files that it leaves, to be fetched."""

    arguments: tuple[str, ...]
    keep: tuple[str, ...]


@dataclass
class AppSession:
    """An app that answered; ``hello`` is what it said of itself."""

    app: App
    name: str
    pace: Pace = field(default_factory=Pace)
    _calls: int = 0
    _sources: dict[str, Path] = field(default_factory=dict)
    _left: dict[str, Left] = field(default_factory=dict)

    def greet(self) -> Answer:
        """Start the app for the first time: it makes its folders and tidies up in them."""
        self.hello = self._call(None, _HELLO_S)
        self._there = set(self.hello.objects)
        return self.hello

    @property
    def library_sha256(self) -> str | None:
        """Hash of the native library that runs."""
        return self.hello.library_sha256

    @property
    def scratch(self) -> str:
        """The session's folder, in the app's view; removed at the end."""
        return f"{self.hello.folder}/calls/{self.name}"

    def put(self, source: Path, on_progress: OnProgress | None = None) -> Pushed:
        """Send a file unless the app has it; that it came whole is proved by the next run."""
        started = time.monotonic()
        if not source.is_file():
            raise FileMissing(source, "file to push")
        with disk_errors(source):
            size = source.stat().st_size
        sha256 = sha256_file(source)
        ending = source.suffix.lower()
        name = sha256 + (ending if _ENDING.fullmatch(ending) else "")
        progress = on_progress or (lambda done, total: None)
        progress(0, size)
        sent = 0 if name in self._there else size
        self._sources[name] = source
        if name not in self._there:
            self._send(name)
            self._there.add(name)
        progress(size, size)
        path = f"{self.hello.folder}/objects/{name}"
        return Pushed(path, sha256, size, sent, time.monotonic() - started)

    def run(
        self,
        runs: Sequence[AppRun],
        *,
        deadline_s: float,
        on_line: OnLine | None = None,
        silence_s: float | None = None,
    ) -> RemoteResult:
        """One start of the app for each run, as each is a process of its own elsewhere.

        Up to the first that fails; ``fetch`` then has what they left. Raises the errors of
        ``device.errors`` and ``device.app.errors``.
        """
        started = time.monotonic()
        self._left.clear()
        code, output = 0, b""
        for run in runs:
            left_s = deadline_s - (time.monotonic() - started)
            answer = self._run(run, max(left_s, 1.0), on_line, silence_s)
            code = answer.codes[0]
            output += self._log(answer)
            if code != 0:
                break
        return RemoteResult(code & 0xFF, output, time.monotonic() - started)

    def fetch(self, remote: str, target: Path) -> None:
        """Fetch a file that the last runs left, whole or not at all. Raises ``PullFailed``."""
        left = self._left.get(remote)
        if left is None:
            raise PullFailed(self.app.key, remote, "no run left it")
        pauses_s = self.app.device.client.patience.pauses_s
        try:
            attempts(pauses_s, lambda: self._fetch(left, target))
        except DamagedError:
            reason = f"it arrived damaged {len(pauses_s) + 1} times"
            raise PullFailed(self.app.key, remote, reason) from None

    def _fetch(self, left: Left, target: Path) -> None:
        inner = left.path.removeprefix(f"{self.hello.folder}/")
        with disk_errors(target), tempfile.TemporaryDirectory(prefix="mslite-fetch-") as folder:
            landing = Path(folder) / "landing"
            there = self.app.receive(inner, landing, left.size_bytes)
            if not there or sha256_file(landing) != left.sha256:
                raise DamagedError
            copy_file(landing, target)

    def _send(self, name: str) -> None:
        source = self._sources.get(name)
        if source is None:
            raise AppFailed(self.app.key, f"it misses a file that was never sent: {name[:80]}")
        attempts(
            self.app.device.client.patience.pauses_s,
            lambda: self.app.send(source, f"incoming/{name}"),
        )

    def _call(
        self,
        request: Request | None,
        deadline_s: float,
        on_line: OnLine | None = None,
        silence_s: float | None = None,
    ) -> Answer:
        call = self._calls
        self._calls += 1
        texts = {"session": self.name}
        if request is not None:
            texts["request"] = request.sha256
            self._send_request(request)
        try:
            self.app.start(texts, {"call": call})
            waiting = Waiting(self.app, self.name, call, on_line, silence_s, self.pace)
            return waiting.answer(deadline_s)
        except BaseException:
            self.app.stop()
            raise

    def _send_request(self, request: Request) -> None:
        with tempfile.TemporaryDirectory(prefix="mslite-request-") as folder:
            local = Path(folder) / "request"
            local.write_bytes(request.as_bytes())
            attempts(
                self.app.device.client.patience.pauses_s,
                lambda: self.app.send(local, f"incoming/{request.sha256}"),
            )

    def _run(
        self, run: AppRun, deadline_s: float, on_line: OnLine | None, silence_s: float | None
    ) -> Answer:
        needs = needed([run.arguments], tuple(self._sources))
        request = Request(needs, (run.arguments,), run.keep)
        missing = ""
        for _ in range(_TIMES):
            answer = self._call(request, deadline_s, on_line, silence_s)
            if answer.status is Status.MISSING:
                missing = answer.missing[0] if answer.missing else ""
                for name in answer.missing:
                    if name != request.sha256:  # a request goes with each call anyway
                        self._send(name)
            elif answer.status is not Status.DONE:
                raise AppFailed(self.app.key, answer.reason or answer.status.value)
            elif len(answer.codes) != 1:
                raise AnswerUnreadable(self.app.key, f"one run, and the codes {answer.codes}")
            else:
                self._left.update((file.path, file) for file in answer.files)
                return answer
        raise NeverArrives(self.app.key, str(self._sources.get(missing, missing)), _TIMES)

    def _log(self, answer: Answer) -> bytes:
        with tempfile.TemporaryDirectory(prefix="mslite-log-") as folder:
            log = Path(folder) / "log"
            self.fetch(f"{self.scratch}/{answer.call}.log", log)
            return log.read_bytes()


@contextmanager
def open_app(
    device: HdcDevice, facts: DeviceFacts, hap: Path | None = None, *, pace: Pace | None = None
) -> Iterator[AppSession]:
    """The bench app made ready, installed from ``hap`` where it is not there or another one.

    The device is leased meanwhile. At the end the app is stopped and what runs left is removed;
    files that were put stay in its sandbox under their hash. Raises ``AppMissing``,
    ``AppNotInstalled``, ``AppNotStarted``, ``SandboxClosed`` and the errors of a session.
    """
    app = App(device)
    session = AppSession(app, secrets.token_hex(8), pace or Pace())
    with device.lease():
        try:
            _make_ready(session, facts, hap)
            yield session
        finally:
            app.stop()
            app.forget(f"calls/{session.name}")


def _make_ready(session: AppSession, facts: DeviceFacts, hap: Path | None) -> None:
    app = session.app
    if app.is_installed and _is_right(session, facts, hap):
        return
    if hap is None:
        raise AppMissing(app.key, app.bundle)
    app.install(hap)
    session.greet()


def _is_right(session: AppSession, facts: DeviceFacts, hap: Path | None) -> bool:
    """Whether the app that is there answers, and is the one in the package, if one was given."""
    try:
        answer = session.greet()
    except (AnswerUnreadable, AppFailed):
        if hap is None:
            raise
        return False
    return hap is None or answer.library_sha256 == library_sha256(hap, facts.abi)
