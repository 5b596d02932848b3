"""What a device is and does, however it is reached."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from enum import Enum
from pathlib import Path
from typing import Protocol

#: Where the pipeline keeps its files on a device: all of them, and nothing else is in there.
DEFAULT_WORKDIR = "/data/local/tmp/mslite-pipeline"

#: Called with the bytes that have arrived and the bytes in all.
OnProgress = Callable[[int, int], None]
#: Called with each line of remote output, without its end of line.
OnLine = Callable[[str], None]


class Where(str, Enum):
    """On what a figure was taken; figures of different places are never compared."""

    DEVICE = "device"
    EMULATED_HOST = "emulated-host"
    EMULATED_ARM64 = "emulated-arm64"


@dataclass(frozen=True)
class DeviceFacts:
    """What a device tells of itself; what it does not tell is None or empty."""

    key: str
    connection: str
    where: Where = Where.DEVICE
    model: str | None = None
    brand: str | None = None
    device_type: str | None = None
    api_level: int | None = None
    abi: str | None = None
    os_version: str | None = None
    build: str | None = None
    debuggable: bool | None = None
    cpu_features: tuple[str, ...] = ()
    cores: int | None = None
    core_khz: tuple[int | None, ...] = ()
    memory_bytes: int | None = None
    free_storage_bytes: int | None = None

    @property
    def has_dotprod(self) -> bool | None:
        """Whether the CPU multiplies bytes by fours (asimddp); None when it does not tell."""
        return "asimddp" in self.cpu_features if self.cpu_features else None

    @property
    def has_fp16(self) -> bool | None:
        """Whether the CPU computes with 16-bit floats (asimdhp); None when it does not tell."""
        return "asimdhp" in self.cpu_features if self.cpu_features else None

    @property
    def clusters(self) -> tuple[tuple[int, int], ...]:
        """Cores of one top frequency: (how many, kHz), the fastest first."""
        known = [khz for khz in self.core_khz if khz is not None]
        return tuple((known.count(khz), khz) for khz in sorted(set(known), reverse=True))

    @property
    def summary(self) -> str:
        """The facts that people tell devices apart by, in one line."""
        api = f"API {self.api_level}" if self.api_level is not None else None
        parts = (self.brand, self.model, self.device_type, api, self.abi)
        text = ", ".join(part for part in parts if part) or "a device that tells nothing of itself"
        return text if self.where is Where.DEVICE else f"{text}, {self.where.value}"

    def as_json(self) -> dict[str, object]:
        """The facts as JSON values."""
        return {
            **asdict(self),
            "where": self.where.value,
            "cpu_features": list(self.cpu_features),
            "core_khz": list(self.core_khz),
            "has_dotprod": self.has_dotprod,
            "has_fp16": self.has_fp16,
        }


@dataclass(frozen=True)
class Telemetry:
    """The state of a device at one moment; what it does not tell is None.

    ``temperature_mc`` is in milli-degrees Celsius, of the sensor nearest to the processor that
    there is; ``sensors_mc`` has them all. ``thermal_level`` goes from 0 (cool) to 7 (emergency).
    ``cpu_khz`` are the cores' frequencies by their number. ``raw`` keeps each source's own text.
    """

    temperature_mc: int | None = None
    battery_percent: int | None = None
    charging: bool | None = None
    thermal_level: int | None = None
    sensors_mc: Mapping[str, int] = field(default_factory=dict)
    cpu_khz: tuple[int | None, ...] = ()
    free_memory_bytes: int | None = None
    raw: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        """The readings as JSON values."""
        return {**asdict(self), "cpu_khz": list(self.cpu_khz)}


@dataclass(frozen=True)
class RemoteResult:
    """A remote command that came to its end: exit code, stdout and stderr merged, seconds."""

    code: int
    output: bytes
    duration_s: float

    @property
    def text(self) -> str:
        """The output as text."""
        return self.output.decode(errors="replace")

    @property
    def last_line(self) -> str:
        """The last line that is not blank: mostly the one that says why."""
        lines = [line.strip() for line in self.text.splitlines() if line.strip()]
        return lines[-1] if lines else ""


@dataclass(frozen=True)
class Pushed:
    """A file that is on the device, whole; ``sent_bytes`` is 0 when it was there already."""

    path: str
    sha256: str
    size_bytes: int
    sent_bytes: int
    duration_s: float


class Device(Protocol):
    """A device that can be asked, given files, made to run something, and left clean.

    Every call ends in bounded time. Each may raise ``DeviceError``: the device is gone, refuses,
    or did not answer in time.
    """

    @property
    def key(self) -> str:
        """Serial number, or ``IP:PORT``."""

    @property
    def workdir(self) -> str:
        """The folder on the device below which all files of the pipeline are."""

    def facts(self) -> DeviceFacts:
        """What the device is. Missing facts are no failure."""

    def telemetry(self, *, deadline_s: float | None = None) -> Telemetry:
        """How the device is, now. Missing sources are no failure.

        With ``deadline_s`` it is asked once, for so long; else a cut is followed by more attempts.
        """

    def push(
        self, source: Path, *, executable: bool = False, on_progress: OnProgress | None = None
    ) -> Pushed:
        """Put a file on the device, whole or not at all, unless its content is there already.

        Raises ``FileMissing``, ``RemoteDiskFull``, ``PushFailed``.
        """

    def push_all(self, sources: Sequence[Path]) -> tuple[Pushed, ...]:
        """``push`` of many files, in their order; small ones go together in one transfer."""

    def run(
        self,
        command: str,
        *,
        deadline_s: float,
        on_line: OnLine | None = None,
        silence_s: float | None = None,
    ) -> RemoteResult:
        """Run a shell command to its end; an exit code other than 0 is a result, not an error.

        When ``deadline_s`` passes, when it prints no line for ``silence_s`` seconds or when the
        caller is interrupted, what it started is killed. Raises ``DeviceTimeout`` and
        ``DeviceSilent``.
        """

    def pull(self, remote: str, target: Path) -> None:
        """Fetch a file, whole or not at all. Raises ``PullFailed``."""

    def lease(self) -> AbstractContextManager[None]:
        """The device for the caller's thread alone, until the end of the block or process.

        Inside a block of the same thread it does nothing more. Raises ``DeviceBusy``.
        """

    def scratch(self) -> AbstractContextManager[str]:
        """A fresh folder on the device, removed at the end, also after a failure.

        The device is leased meanwhile. Raises ``DeviceBusy``.
        """

    def clean(self) -> None:
        """Remove every file of the pipeline from the device. Raises ``DeviceBusy``."""
