"""A ``Device`` that is reached through hdc."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from device import facts, sections, telemetry
from device.device import (
    DEFAULT_WORKDIR,
    DeviceFacts,
    OnLine,
    OnProgress,
    Pushed,
    RemoteResult,
    Telemetry,
)
from device.errors import (
    CommandTooLong,
    ConnectionLost,
    DeviceSilent,
    DeviceTimeout,
    OutputTooLong,
)
from device.hdc import names
from device.hdc.bundle import push_all
from device.hdc.client import HdcClient
from device.hdc.holder import Holder
from device.hdc.lease import lease, marked
from device.hdc.pull import pull
from device.hdc.push import push
from device.hdc.remote import Deadlines, Remote
from device.hdc.sentinel import Sentinel, stop
from device.quote import is_plain_path, quote
from pipeline.core.errors import DeviceError

#: After these something may still run on the device.
_BEGAN = (ConnectionLost, DeviceTimeout, DeviceSilent, OutputTooLong)


@dataclass(frozen=True)
class HdcDevice:
    """The device ``key`` of an hdc server; see ``device.device.Device`` for what it does.

    ``connection`` is USB, TCP or UART. ``workdir`` is an absolute path of at least two parts of
    letters, digits, dots, dashes and underscores (else ``ValueError``); only folders of ours
    below it are ever removed.
    """

    client: HdcClient
    key: str
    connection: str = "USB"
    workdir: str = DEFAULT_WORKDIR
    deadlines: Deadlines = field(default_factory=Deadlines)

    def __post_init__(self) -> None:
        if not is_plain_path(self.workdir) or self.workdir.count("/") < 2:
            raise ValueError(f"not a folder to work in on a device: {self.workdir!r}")

    def facts(self) -> DeviceFacts:
        """What the device is; one remote call."""
        answers = self._answers(facts.questions(self.workdir))
        return facts.read(self.key, self.connection, answers)

    def telemetry(self, *, deadline_s: float | None = None) -> Telemetry:
        """How the device is, now; one remote call, which ``deadline_s`` ends."""
        return telemetry.read(self._answers(telemetry.QUESTIONS, deadline_s))

    def push(
        self, source: Path, *, executable: bool = False, on_progress: OnProgress | None = None
    ) -> Pushed:
        """Put a file on the device, whole or not at all, unless its content is there already."""
        return push(self._remote, source, executable=executable, on_progress=on_progress)

    def push_all(self, sources: Sequence[Path]) -> tuple[Pushed, ...]:
        """``push`` of many files, in their order; small ones go together in one transfer."""
        return push_all(self._remote, sources)

    def run(
        self,
        command: str,
        *,
        deadline_s: float,
        on_line: OnLine | None = None,
        silence_s: float | None = None,
    ) -> RemoteResult:
        """Run a shell command to its end; one that hdc cannot carry goes as a script file."""
        try:
            return self._run(command, deadline_s, on_line, silence_s)
        except CommandTooLong:
            with self._as_script(command) as short:
                return self._run(short, deadline_s, on_line, silence_s)

    def pull(self, remote: str, target: Path) -> None:
        """Fetch a file, whole or not at all."""
        pull(self._remote, remote, target)

    def lease(self) -> AbstractContextManager[None]:
        """The device for this thread alone, until the end of the block or process."""
        return lease(self._remote)

    def holder(self) -> Holder | None:
        """Who has the device to themselves, as far as its mark tells; None for nobody."""
        return marked(self._remote)

    @contextmanager
    def scratch(self) -> Iterator[str]:
        """A fresh folder on the device, removed at the end as well as the device lets us.

        The device is leased meanwhile: who works on it must not be disturbed.
        """
        with self.lease(), self._folder() as folder:
            yield folder

    @contextmanager
    def _folder(self) -> Iterator[str]:
        remote = self._remote
        name = names.take()
        folder = f"{remote.runs}/{name}"
        try:
            listed = remote.must_again(f"mkdir -p {quote(folder)} && ls {quote(remote.runs)}")
            self._take_over(listed.text.splitlines())
            yield folder
        finally:
            try:
                remote.forget(folder)
            finally:
                names.give_back(name)

    def clean(self) -> None:
        """Remove every file of ours from the device; the working folder too when it is empty."""
        remote = self._remote
        ours = " ".join(quote(path) for path in (remote.objects, remote.incoming, remote.runs))
        with self.lease():
            remote.must_again(f"rm -rf {ours}")

    def _take_over(self, listed: list[str]) -> None:
        """End and remove what a pipeline that was killed left running here."""
        stale = [name for name in listed if names.is_stale(name)]
        for owner in {names.owner_of(name) for name in stale} - {names.owner()}:
            self._remote.ask(stop(f"{owner}-"))
        if stale:
            self._remote.forget(*(f"{self._remote.runs}/{name}" for name in stale))

    @property
    def _remote(self) -> Remote:
        return Remote(self.client, self.key, self.workdir, self.deadlines)

    def _answers(
        self, questions: Mapping[str, str], deadline_s: float | None = None
    ) -> dict[str, str]:
        mark = f"mslp-{secrets.token_hex(6)}"
        script = sections.script(questions, mark)
        if deadline_s is None:
            result = self._remote.ask_again(script)
        else:
            result = self.run(script, deadline_s=deadline_s)
        return sections.split(result.text, mark)

    def _run(
        self, command: str, deadline_s: float, on_line: OnLine | None, silence_s: float | None
    ) -> RemoteResult:
        sentinel = Sentinel.fresh()
        with self._stopping(sentinel):
            return self.client.shell_marked(
                self.key,
                command,
                sentinel=sentinel,
                deadline_s=deadline_s,
                on_line=on_line,
                silence_s=silence_s,
            )

    @contextmanager
    def _stopping(self, sentinel: Sentinel) -> Iterator[None]:
        """Kill what a call left on the device when it did not come to its end.

        When hdc is killed only the remote shell gets a signal; its children would go on.
        """
        try:
            yield
        except BaseException as error:
            if not isinstance(error, DeviceError) or isinstance(error, _BEGAN):
                answers = self._stop(sentinel)
                if isinstance(error, DeviceSilent):
                    error.answers = answers
            raise

    def _stop(self, sentinel: Sentinel) -> bool:
        """End the processes of a call; whether the device did so."""
        try:
            self._remote.ask(stop(sentinel.tag), deadline_s=self.deadlines.tidy_s)
        except DeviceError:
            return False
        return True

    @contextmanager
    def _as_script(self, command: str) -> Iterator[str]:
        with tempfile.TemporaryDirectory(prefix="mslite-script-") as folder:
            script = Path(folder) / "script.sh"
            script.write_text(command, encoding="utf-8")
            path = self.push(script).path
        try:
            yield f"sh {quote(path)}"
        finally:
            self._remote.forget(path.rpartition("/")[0])
