"""The two ways to run models on a device: the runner as a program, or within the bench app.

Consumer devices execute signed code only, and an app is the signed code that one can bring.
Both ways take the same options and leave the same files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from device.app.app import App
from device.app.memory import Refusals
from device.app.session import AppRun, AppSession, open_app
from device.device import (
    Device,
    DeviceFacts,
    OnLine,
    OnProgress,
    Pushed,
    RemoteResult,
    Where,
)
from device.emulator.arm64 import LAUNCHER
from device.hdc.device import HdcDevice
from device.quote import quote
from pipeline.config.profile import WayChoice
from pipeline.core.errors import ToolchainError
from pipeline.core.runner import RunnerOptions
from pipeline.stages.benchmark.errors import RunnerRefused

_PROBE_DEADLINE_S = 30.0
_NOT_EXECUTABLE = 126


class Way(Protocol):
    """A device that is ready to run models; see ``Device`` for the errors of its methods."""

    @property
    def choice(self) -> WayChoice:
        """Which one it is."""

    @property
    def runner_sha256(self) -> str | None:
        """Hash of the native code that runs; None where the device does not tell."""

    @property
    def scratch(self) -> str:
        """A folder on the device for what runs leave: fresh, and removed at the end."""

    def put(self, source: Path, on_progress: OnProgress | None = None) -> Pushed:
        """Bring a file to the device, whole; one that is there already is not sent again."""

    def put_all(self, sources: Sequence[Path]) -> tuple[Pushed, ...]:
        """``put`` of many files, in their order; small ones go together where they can."""

    def run(
        self,
        runs: Sequence[RunnerOptions],
        *,
        deadline_s: float,
        on_line: OnLine | None = None,
        silence_s: float | None = None,
    ) -> RemoteResult:
        """Run one after another, up to the first that fails: its code, and what all printed.

        The results and outputs that they name are removed first, so that what is there
        afterwards is theirs.
        """

    def fetch(self, remote: str, target: Path) -> None:
        """Bring a file home that a run left, whole or not at all. Raises ``PullFailed``."""


@dataclass(frozen=True)
class RunnerWay:
    """The runner as a program of its own, for boards and debug images."""

    device: Device
    program: Pushed
    scratch: str
    choice: WayChoice = WayChoice.RUNNER
    launcher: tuple[str, ...] = ()

    @property
    def runner_sha256(self) -> str | None:
        """Of the program."""
        return self.program.sha256

    def put(self, source: Path, on_progress: OnProgress | None = None) -> Pushed:
        """See ``Device.push``."""
        return self.device.push(source, on_progress=on_progress)

    def put_all(self, sources: Sequence[Path]) -> tuple[Pushed, ...]:
        """See ``Device.push_all``."""
        return self.device.push_all(sources)

    def run(
        self,
        runs: Sequence[RunnerOptions],
        *,
        deadline_s: float,
        on_line: OnLine | None = None,
        silence_s: float | None = None,
    ) -> RemoteResult:
        """All in one remote command."""
        left = " ".join(quote(path) for options in runs for path in _produces(options))
        commands = [
            " ".join(map(quote, (*self.launcher, self.program.path, *options.arguments())))
            for options in runs
        ]
        return self.device.run(
            " && ".join((f"rm -f {left}", *commands)),
            deadline_s=deadline_s,
            on_line=on_line,
            silence_s=silence_s,
        )

    def fetch(self, remote: str, target: Path) -> None:
        """See ``Device.pull``."""
        self.device.pull(remote, target)


@dataclass(frozen=True)
class AppWay:
    """The bench app, for devices that execute signed code only."""

    app: AppSession
    choice: WayChoice = WayChoice.APP

    @property
    def runner_sha256(self) -> str | None:
        """Of the app's native library."""
        return self.app.library_sha256

    @property
    def scratch(self) -> str:
        """The session's folder in the app's sandbox."""
        return self.app.scratch

    def put(self, source: Path, on_progress: OnProgress | None = None) -> Pushed:
        """Into the app's sandbox."""
        return self.app.put(source, on_progress)

    def put_all(self, sources: Sequence[Path]) -> tuple[Pushed, ...]:
        """Into the app's sandbox, one by one."""
        return tuple(self.app.put(source) for source in sources)

    def run(
        self,
        runs: Sequence[RunnerOptions],
        *,
        deadline_s: float,
        on_line: OnLine | None = None,
        silence_s: float | None = None,
    ) -> RemoteResult:
        """Each in a start of the app."""
        return self.app.run(
            [AppRun(options.arguments(), _produces(options)) for options in runs],
            deadline_s=deadline_s,
            on_line=on_line,
            silence_s=silence_s,
        )

    def fetch(self, remote: str, target: Path) -> None:
        """Out of the app's sandbox."""
        self.app.fetch(remote, target)


@contextmanager
def open_way(
    device: Device,
    facts: DeviceFacts,
    choice: WayChoice,
    runner: Callable[[], Path],
    hap: Path | None = None,
) -> Iterator[Way]:
    """Make the device ready; ``runner`` gives the program, built if it has to be.

    With ``auto`` the program is tried, and a device that refuses it gets the app; which devices
    do is remembered until their system changes. ``hap`` is the app's package, for devices that
    do not have it, or an older one. Raises ``RunnerRefused`` where neither runs, and the errors
    of ``device.errors`` and ``device.app.errors``.
    """
    path = find_runner(device, facts, choice, runner, hap)
    program = _accepted(device, facts, choice, path) if path else None
    if program is not None:
        with device.scratch() as scratch:
            yield RunnerWay(device, program, scratch, launcher=_launcher(facts))
        return
    with _app(device, facts, choice, hap) as session:
        yield AppWay(session)


def find_runner(
    device: Device,
    facts: DeviceFacts,
    choice: WayChoice,
    runner: Callable[[], Path],
    hap: Path | None = None,
) -> Path | None:
    """The program to be tried on a device, built if it has to be; None: the app is to be used.

    That is so where the device refused it before, and where it cannot be built and the app is
    at hand. Raises what ``runner`` raises.
    """
    if choice is WayChoice.APP or (choice is WayChoice.AUTO and Refusals.of(facts).known):
        return None
    try:
        return runner()
    except ToolchainError:
        if choice is WayChoice.AUTO and _has_app(device, hap):
            return None
        raise


def _accepted(device: Device, facts: DeviceFacts, choice: WayChoice, path: Path) -> Pushed | None:
    """The program on the device, which ran it; None where it refused to."""
    program = device.push(path, executable=True)
    command = " ".join(map(quote, (*_launcher(facts), program.path, "--version")))
    done = device.run(command, deadline_s=_PROBE_DEADLINE_S)
    refused = done.code == _NOT_EXECUTABLE
    Refusals.of(facts).note(refused)
    if refused and choice is WayChoice.RUNNER:
        raise RunnerRefused(device.key)
    return None if refused else program


def _launcher(facts: DeviceFacts) -> tuple[str, ...]:
    """What programs are started by, where the processor is emulated too."""
    return (LAUNCHER,) if facts.where is Where.EMULATED_ARM64 else ()


def _app(
    device: Device, facts: DeviceFacts, choice: WayChoice, hap: Path | None
) -> AbstractContextManager[AppSession]:
    if not isinstance(device, HdcDevice):
        raise RunnerRefused(device.key)
    if choice is WayChoice.AUTO and not _has_app(device, hap):
        raise RunnerRefused(device.key)
    return open_app(device, facts, hap)


def _has_app(device: Device, hap: Path | None) -> bool:
    return isinstance(device, HdcDevice) and (hap is not None or App(device).is_installed)


def _produces(options: RunnerOptions) -> tuple[str, ...]:
    """The files that a run leaves."""
    return tuple(path for path in (options.result, options.outputs) if path)
