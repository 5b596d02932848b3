"""What can go wrong between here and the bench app."""

from __future__ import annotations

from dataclasses import dataclass

from device.app.codes import INSTALL, START, explain
from pipeline.core.errors import DeviceError, one_line

_README = "device/bench_app/README.md tells in five steps how to build and sign it"


@dataclass(eq=False)
class AppMissing(DeviceError):
    """The bench app is to be used, and is neither on the device nor given."""

    key: str
    bundle: str

    @property
    def message(self) -> str:
        return f"the bench app {self.bundle} is not installed on device {self.key}"

    @property
    def hint(self) -> str:
        return f"give its package with --app FILE.hap; {_README}"


@dataclass(eq=False)
class AppNotInstalled(DeviceError):
    """The device refused the app's package; ``code`` is its reason where it gives one."""

    key: str
    hap: str
    code: int | None
    text: str = ""

    @property
    def message(self) -> str:
        cause = explain(INSTALL, self.code).cause
        code = f" [{self.code}]" if self.code is not None else f": {one_line(self.text)[:160]}"
        return f"device {self.key} did not install {self.hap}: {cause}{code}"

    @property
    def hint(self) -> str:
        return explain(INSTALL, self.code).hint


@dataclass(eq=False)
class AppNotStarted(DeviceError):
    """The device did not start the app; ``code`` is its reason where it gives one."""

    key: str
    bundle: str
    code: int | None
    text: str = ""

    @property
    def message(self) -> str:
        cause = explain(START, self.code).cause
        code = f" [{self.code}]" if self.code is not None else f": {one_line(self.text)[:160]}"
        return f"device {self.key} did not start the bench app {self.bundle}: {cause}{code}"

    @property
    def hint(self) -> str:
        return explain(START, self.code).hint


@dataclass(eq=False)
class SandboxClosed(DeviceError):
    """hdc does not reach the app's files; ``code`` is hdc's E-code or empty."""

    key: str
    bundle: str
    code: str
    text: str

    @property
    def message(self) -> str:
        code = f" [{self.code}]" if self.code else ""
        return (
            f"hdc does not reach the files of {self.bundle} on device {self.key}{code}: "
            f"{one_line(self.text)[:160]}"
        )

    @property
    def hint(self) -> str:
        return (
            "the app has to be a debug build, and hdc and the system at least of 5.1 "
            f"(hdc 3.1.0e); {_README}"
        )


@dataclass(eq=False)
class AppStopped(DeviceError):
    """The app gives no sign of life: it ended (``running`` False), or the system froze it."""

    key: str
    silence_s: float
    running: bool
    last_line: str = ""

    @property
    def message(self) -> str:
        what = "stands still" if self.running else "ended"
        last = f" (last line: {self.last_line[:120]})" if self.last_line else ""
        return (
            f"the bench app on device {self.key} {what} before its answer, without a sign of life "
            f"for {self.silence_s:.3g} s{last}"
        )

    @property
    def hint(self) -> str:
        if self.running:
            return "keep the screen on and the app in front: the system suspends others"
        return "it crashed or was killed, mostly for want of memory: 'hdc hilog' tells more"


@dataclass(eq=False)
class AppFailed(DeviceError):
    """The app itself says that it could not do what it was asked."""

    key: str
    reason: str

    @property
    def message(self) -> str:
        return f"the bench app on device {self.key} failed: {one_line(self.reason)[:200]}"

    @property
    def hint(self) -> str:
        return f"install the app that belongs to this pipeline; {_README}"


@dataclass(eq=False)
class AnswerUnreadable(DeviceError):
    """The app's answer came back and is none."""

    key: str
    reason: str

    @property
    def message(self) -> str:
        return f"the answer of the bench app on device {self.key} cannot be used: {self.reason}"

    @property
    def hint(self) -> str:
        return f"install the app that belongs to this pipeline; {_README}"


@dataclass(eq=False)
class NeverArrives(DeviceError):
    """A file was sent several times, and the app found it damaged each time."""

    key: str
    path: str
    times: int

    @property
    def message(self) -> str:
        return f"{self.path} arrived damaged {self.times} times in the bench app on {self.key}"

    @property
    def hint(self) -> str:
        return "check cable and free space of the device, then run again"
