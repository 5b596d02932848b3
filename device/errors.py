"""What can go wrong between here and a device; every class ends with exit code 3."""

from __future__ import annotations

from dataclasses import dataclass

from device.codes import explain, explain_text
from device.quote import quote
from pipeline.core.errors import DeviceError, one_line

_RECONNECT = "wake and reconnect the device, check it with 'hdc list targets -v', then run again"
_CONNECT = (
    "connect a device with developer mode and USB debugging on (Wi-Fi: 'hdc tconn IP:PORT'), "
    "check it with 'hdc list targets -v'"
)


@dataclass(eq=False)
class HdcMissing(DeviceError):
    """The ``hdc`` command is nowhere, or what was named cannot be started."""

    looked_at: tuple[str, ...] = ()
    named: str | None = None

    @property
    def message(self) -> str:
        if self.named is not None:
            return f"hdc cannot be started: {self.named}"
        return "hdc was not found in $HDC, in PATH or in the usual SDK folders"

    @property
    def hint(self) -> str:
        return (
            "install DevEco Studio or its Command Line Tools, or set HDC to the path of hdc "
            "(SDK folder: openharmony/toolchains/hdc)"
        )


@dataclass(eq=False)
class HdcServerUnreachable(DeviceError):
    """The client got no answer from the hdc server."""

    reason: str
    server: str | None = None

    @property
    def message(self) -> str:
        where = f" at {self.server}" if self.server else ""
        return f"the hdc server{where} cannot be reached: {self.reason}"

    @property
    def hint(self) -> str:
        return "run 'hdc kill -r'; check OHOS_HDC_SERVER_PORT (default 8710) and that it is free"


@dataclass(eq=False)
class NoDevice(DeviceError):
    """No connected device fits; ``rejected`` is (key, why it does not) for each one there is."""

    wanted: str
    rejected: tuple[tuple[str, str], ...] = ()

    @property
    def message(self) -> str:
        if not self.rejected:
            return f"no device is connected (wanted: {self.wanted})"
        seen = "; ".join(f"{key}: {reason}" for key, reason in self.rejected)
        return f"no connected device fits (wanted: {self.wanted}); {seen}"

    @property
    def hint(self) -> str:
        return _CONNECT


@dataclass(eq=False)
class SeveralDevices(DeviceError):
    """More than one connected device fits; ``fitting`` is (key, description) of each."""

    wanted: str
    fitting: tuple[tuple[str, str], ...]

    @property
    def message(self) -> str:
        seen = "; ".join(f"{key} ({text})" for key, text in self.fitting)
        return f"{len(self.fitting)} connected devices fit (wanted: {self.wanted}): {seen}"

    @property
    def hint(self) -> str:
        return f"choose one with --target KEY, for example --target {self.fitting[0][0]}"


@dataclass(eq=False)
class DeviceMismatch(DeviceError):
    """The device that was asked for is connected and is not of the wanted kind."""

    key: str
    wanted: str
    found: str

    @property
    def message(self) -> str:
        return f"device {self.key} does not fit (wanted: {self.wanted}); it is {self.found}"

    @property
    def hint(self) -> str:
        return "choose the profile of this device with --device, or another one with --target KEY"


@dataclass(eq=False)
class DeviceUnknown(DeviceError):
    """hdc knows no device with this key."""

    key: str
    connected: tuple[str, ...] = ()

    @property
    def message(self) -> str:
        others = ", ".join(self.connected)
        return f"device {self.key} is not connected" + (f"; connected: {others}" if others else "")

    @property
    def hint(self) -> str:
        return _CONNECT


@dataclass(eq=False)
class DeviceOffline(DeviceError):
    """hdc knows the device, and it does not answer."""

    key: str

    @property
    def message(self) -> str:
        return f"device {self.key} is offline"

    @property
    def hint(self) -> str:
        return explain("E001005").hint


@dataclass(eq=False)
class DeviceUnauthorized(DeviceError):
    """The device does not let this computer in: not yet, or (``refused``) not at all."""

    key: str
    refused: bool = False

    @property
    def message(self) -> str:
        cause = explain("E000003" if self.refused else "E000002").cause
        return f"device {self.key} is unauthorized: {cause}"

    @property
    def hint(self) -> str:
        return explain("E000003" if self.refused else "E000002").hint


@dataclass(eq=False)
class DeviceBusy(DeviceError):
    """Another pipeline has the device; ``marker`` is its mark there, None when it runs here.

    ``who`` and ``since`` are empty where the other one had no time to say so; ``lapses_s`` is in
    how many seconds a mark that nobody renews counts no more.
    """

    key: str
    who: str = ""
    since: str = ""
    pid: int | None = None
    marker: str | None = None
    lapses_s: float = 0.0

    @property
    def message(self) -> str:
        who = self.who or "another pipeline"
        process = f" (process {self.pid})" if self.pid is not None else ""
        since = f" since {self.since}" if self.since else ""
        return f"device {self.key} is in use by {who}{process}{since}"

    @property
    def hint(self) -> str:
        if self.marker is None:
            return "wait until it ends, or end that process; then run again"
        minutes = max(1, round(self.lapses_s / 60))
        return (
            f"wait until it ends; its mark lapses {minutes} min after that computer has gone, or "
            f"remove it: hdc -t {quote(self.key)} shell rm -r {self.marker}"
        )


@dataclass(eq=False)
class DeviceConnecting(DeviceError):
    """The channel to the device was still being established when patience ran out (E000004)."""

    key: str

    @property
    def message(self) -> str:
        return f"the connection to device {self.key} is still being established"

    @property
    def hint(self) -> str:
        return "wait a moment and run again; if it stays, replug the device and 'hdc kill -r'"


@dataclass(eq=False)
class ConnectionLost(DeviceError):
    """The connection broke: the answer has no end, so nothing of it may be believed."""

    key: str
    during: str
    last_line: str = ""

    @property
    def message(self) -> str:
        last = f" (last line: {self.last_line[:120]})" if self.last_line else ""
        return f"the connection to device {self.key} broke during {self.during}{last}"

    @property
    def hint(self) -> str:
        return _RECONNECT


@dataclass(eq=False)
class DeviceTimeout(DeviceError):
    """Something on the device took longer than it may."""

    key: str
    what: str
    deadline_s: float

    @property
    def message(self) -> str:
        where = f" on device {self.key}" if self.key else ""
        return f"{self.what}{where} did not end within {self.deadline_s:g} s"

    @property
    def hint(self) -> str:
        return "the device or hdc may be frozen: reconnect the device, run 'hdc kill -r', try again"


@dataclass(eq=False)
class DeviceSilent(DeviceError):
    """A run printed nothing for longer than it may, well before its deadline.

    ``answers``: whether the device answered another call afterwards; None: it was not asked.
    """

    key: str
    what: str
    silence_s: float
    last_line: str = ""
    answers: bool | None = None

    @property
    def message(self) -> str:
        last = f" (last line: {self.last_line[:120]})" if self.last_line else ""
        return f"{self.what} on device {self.key} printed nothing for {self.silence_s:g} s{last}"

    @property
    def hint(self) -> str:
        if self.answers:
            return "the device answers, so it is the program that hangs: run it there by hand"
        return "the device does not answer any more: wake or reconnect it, then run again"


@dataclass(eq=False)
class OutputTooLong(DeviceError):
    """The device printed more than anybody can mean."""

    key: str
    what: str
    limit_bytes: int

    @property
    def message(self) -> str:
        return f"{self.what} on device {self.key} printed more than {self.limit_bytes} bytes"

    @property
    def hint(self) -> str:
        return "write large output to a file on the device and fetch that"


@dataclass(eq=False)
class CommandTooLong(DeviceError):
    """A remote command beyond what hdc carries; longer ones come back empty, without an error."""

    size_bytes: int
    limit_bytes: int

    @property
    def message(self) -> str:
        return f"a remote command of {self.size_bytes} bytes; hdc carries {self.limit_bytes}"

    @property
    def hint(self) -> str:
        return "send the command as a script file"


@dataclass(eq=False)
class HdcRefused(DeviceError):
    """hdc failed with a message that has no class of its own; ``code`` is its E-code or empty."""

    key: str
    code: str
    text: str

    @property
    def message(self) -> str:
        where = f" on device {self.key}" if self.key else ""
        if self.code:
            return f"hdc failed{where}: {explain(self.code).cause} [{self.code}]"
        return f"hdc failed{where}: {one_line(self.text)[:200]}"

    @property
    def hint(self) -> str:
        known = explain(self.code) if self.code else explain_text(self.text)
        return known.hint if known else _RECONNECT

    @property
    def passes(self) -> bool:
        """Whether waiting a moment may cure it."""
        known = explain(self.code) if self.code else explain_text(self.text)
        return known is not None and known.passing


@dataclass(eq=False)
class PushFailed(DeviceError):
    """A file did not arrive whole on the device; what had arrived of it was removed."""

    key: str
    path: str
    reason: str

    @property
    def message(self) -> str:
        return f"{self.path} could not be pushed to device {self.key}: {self.reason}"

    @property
    def hint(self) -> str:
        return "check cable, free space and the permissions of the working folder, then run again"


@dataclass(eq=False)
class RemoteDiskFull(DeviceError):
    """No space is left on the device."""

    key: str
    path: str
    size_bytes: int | None = None

    @property
    def message(self) -> str:
        size = f" ({self.size_bytes} bytes)" if self.size_bytes is not None else ""
        return f"no space left on device {self.key} for {self.path}{size}"

    @property
    def hint(self) -> str:
        return "free storage on the device; 'rm -r' of the pipeline's working folder there is safe"


@dataclass(eq=False)
class PullFailed(DeviceError):
    """A file of the device did not arrive whole; nothing was kept of it."""

    key: str
    path: str
    reason: str

    @property
    def message(self) -> str:
        return f"{self.path} could not be fetched from device {self.key}: {self.reason}"

    @property
    def hint(self) -> str:
        return "check that the file exists on the device and that the shell user may read it"


@dataclass(eq=False)
class RemoteCommandFailed(DeviceError):
    """A remote command that has to succeed ended with another code than 0."""

    key: str
    command: str
    code: int
    last_line: str = ""

    @property
    def message(self) -> str:
        last = f": {self.last_line[:160]}" if self.last_line else ""
        command = one_line(self.command)[:100]
        return f"'{command}' ended with {self.code} on device {self.key}{last}"

    @property
    def hint(self) -> str:
        if self.code == 126 or "ermission denied" in self.last_line:
            return (
                "consumer devices run signed code only and write below /data/local/tmp only; "
                "use a debug image or board, or another working folder"
            )
        if self.code == 127 or "not found" in self.last_line:
            return "the device lacks this command; its system may be too old or cut down"
        if self.code > 128:
            return f"it was ended by signal {self.code - 128}; the device may be short of memory"
        return "run the command by hand with 'hdc shell' to see all that it prints"
