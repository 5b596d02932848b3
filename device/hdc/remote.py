"""One device behind hdc, with the deadlines and the layout of our folder there."""

from __future__ import annotations

from dataclasses import dataclass

from device.device import OnLine, RemoteResult
from device.errors import RemoteCommandFailed, RemoteDiskFull
from device.hdc.attempts import attempts
from device.hdc.client import HdcClient
from device.quote import quote
from pipeline.core.errors import DeviceError


@dataclass(frozen=True)
class Deadlines:
    """The longest that calls may take, in seconds, and the slowest link (bytes a second)."""

    ask_s: float = 20.0
    tidy_s: float = 5.0
    transfer_s: float = 60.0
    slowest_link: float = 500e3
    slowest_hash: float = 10e6

    def transfer(self, size_bytes: int) -> float:
        """For sending or fetching ``size_bytes``."""
        return self.transfer_s + size_bytes / self.slowest_link

    def hashing(self, size_bytes: int) -> float:
        """For hashing ``size_bytes`` on the device."""
        return self.ask_s + size_bytes / self.slowest_hash


@dataclass(frozen=True)
class Remote:
    """A device, its working folder and what may be asked of it; see ``HdcClient`` for errors."""

    client: HdcClient
    key: str
    workdir: str
    deadlines: Deadlines = Deadlines()

    @property
    def objects(self) -> str:
        """Pushed files, each below the hash of its content."""
        return f"{self.workdir}/objects"

    @property
    def incoming(self) -> str:
        """Files that are being pushed."""
        return f"{self.workdir}/incoming"

    @property
    def runs(self) -> str:
        """Scratch folders."""
        return f"{self.workdir}/runs"

    @property
    def marker(self) -> str:
        """The mark of the pipeline that has the device to itself."""
        return f"{self.workdir}/lease"

    def ask(
        self, command: str, *, deadline_s: float | None = None, on_line: OnLine | None = None
    ) -> RemoteResult:
        """Run ``command``; by default with the deadline of a question."""
        seconds = self.deadlines.ask_s if deadline_s is None else deadline_s
        return self.client.shell(self.key, command, deadline_s=seconds, on_line=on_line)

    def ask_again(self, command: str) -> RemoteResult:
        """``ask`` for what may run twice: a cut or a short absence is followed by more attempts."""
        return attempts(self.client.patience.pauses_s, lambda: self.ask(command))

    def must_again(self, command: str) -> RemoteResult:
        """``must`` for what may run twice."""
        return attempts(self.client.patience.pauses_s, lambda: self.must(command))

    def must(self, command: str, *, deadline_s: float | None = None) -> RemoteResult:
        """``ask`` for what has to succeed; else ``RemoteDiskFull`` or ``RemoteCommandFailed``."""
        result = self.ask(command, deadline_s=deadline_s)
        if result.code != 0:
            if "no space left" in result.text.lower():
                raise RemoteDiskFull(self.key, self.workdir)
            raise RemoteCommandFailed(self.key, command, result.code, result.last_line)
        return result

    def forget(self, *paths: str) -> bool:
        """Remove files or folders as well as the device lets us; whether it did.

        Never raises for a device that has gone: whoever tidies up mostly has another error to
        tell already.
        """
        words = " ".join(quote(path) for path in paths)
        try:
            deadline_s = self.deadlines.tidy_s
            return self.ask(f"rm -rf -- {words}", deadline_s=deadline_s).code == 0
        except DeviceError:
            return False
