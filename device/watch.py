"""A device observed while something runs on it: telemetry at an interval, from a thread here.

What runs is not asked and does not pay: each look is a remote call of its own. A look that
fails is a gap in the series and nothing else.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

from device.device import Device, Telemetry
from pipeline.core.errors import DeviceError
from pipeline.core.files import disk_errors

#: Seconds from one look to the next: hidumper takes tenths of a second of the device's time.
INTERVAL_S = 2.0
_DEADLINE_S = 5.0
_MOST_READINGS = 10_000


@dataclass(frozen=True)
class Reading:
    """One look: when it was taken and how long it took, in seconds since the watch began.

    ``telemetry`` has no raw texts, they are in the file; None with the reason for a gap.
    """

    at_s: float
    took_s: float
    telemetry: Telemetry | None
    gap: str | None = None

    def as_json(self) -> dict[str, object]:
        """Units in the names."""
        seen = self.telemetry.as_json() if self.telemetry else None
        return {"at_s": self.at_s, "took_s": self.took_s, "gap": self.gap, "telemetry": seen}


@dataclass(frozen=True)
class Series:
    """What a watch saw, oldest first; ``began_ns`` is of ``time.monotonic_ns``."""

    began_ns: int
    interval_s: float
    readings: tuple[Reading, ...] = ()

    @property
    def seen(self) -> tuple[Telemetry, ...]:
        """The looks that came through."""
        return tuple(one.telemetry for one in self.readings if one.telemetry is not None)

    @property
    def gaps(self) -> int:
        """How many did not."""
        return sum(one.telemetry is None for one in self.readings)

    @property
    def thermal_levels(self) -> tuple[int, ...]:
        """The thermal levels that were seen, 0 (cool) to 7."""
        return tuple(one.thermal_level for one in self.seen if one.thermal_level is not None)

    @property
    def temperatures_mc(self) -> tuple[int, ...]:
        """The temperatures that were seen, in milli-degrees Celsius."""
        return tuple(one.temperature_mc for one in self.seen if one.temperature_mc is not None)

    @property
    def battery_percents(self) -> tuple[int, ...]:
        """The charges that were seen."""
        return tuple(one.battery_percent for one in self.seen if one.battery_percent is not None)

    @property
    def charged(self) -> bool | None:
        """Whether the battery was charging at any look; None when no look told."""
        told = [one.charging for one in self.seen if one.charging is not None]
        return any(told) if told else None

    @property
    def least_free_memory_bytes(self) -> int | None:
        """The least memory that was free."""
        told = [one.free_memory_bytes for one in self.seen if one.free_memory_bytes is not None]
        return min(told, default=None)

    def core_khz(self, core: int) -> tuple[int, ...]:
        """The frequencies that one core was seen at."""
        rows = (one.cpu_khz for one in self.seen)
        told = (row[core] if core < len(row) else None for row in rows)
        return tuple(khz for khz in told if khz is not None)

    def as_json(self) -> dict[str, object]:
        """The readings with their gaps."""
        return {
            "interval_s": self.interval_s,
            "gaps": self.gaps,
            "readings": [one.as_json() for one in self.readings],
        }


@dataclass
class Watch:
    """A series that grows; ``series`` may be asked for at any time, from any thread."""

    device: Device
    interval_s: float
    began_ns: int = field(default_factory=time.monotonic_ns)
    _readings: list[Reading] = field(default_factory=list)
    _ended: threading.Event = field(default_factory=threading.Event)

    @property
    def series(self) -> Series:
        """What was seen until now."""
        return Series(self.began_ns, self.interval_s, tuple(self._readings))

    def look(self) -> Reading:
        """One look now; not added to the series."""
        asked_s = self._now_s()
        try:
            found, gap = self.device.telemetry(deadline_s=_DEADLINE_S), None
        except DeviceError as error:
            found, gap = None, str(error)
        return Reading(round(asked_s, 3), round(self._now_s() - asked_s, 3), found, gap)

    def follow(self, stream: IO[bytes] | None) -> None:
        """Look until ``end``; each look with its raw texts as a line of JSON to ``stream``."""
        while len(self._readings) < _MOST_READINGS:
            reading = self.look()
            if stream is not None:
                stream.write(json.dumps(reading.as_json()).encode() + b"\n")
            if reading.telemetry is not None:
                reading = replace(reading, telemetry=replace(reading.telemetry, raw={}))
            self._readings.append(reading)
            if self._ended.wait(max(0.0, self.interval_s - reading.took_s)):
                return

    def end(self) -> None:
        """Look no more."""
        self._ended.set()

    def _now_s(self) -> float:
        return (time.monotonic_ns() - self.began_ns) / 1e9


@contextmanager
def watch(
    device: Device, *, interval_s: float = INTERVAL_S, record: Path | None = None
) -> Iterator[Watch]:
    """Observe ``device`` until the end of the block.

    ``record`` becomes a file of JSON lines, one a look, raw texts included; it grows as they
    come. The first look is taken at once; the thread has ended when the block has, at most
    a few seconds later if the device hangs. Raises ``LocalDiskFull`` and ``LocalFileError``.
    """
    watching = Watch(device, interval_s)
    with _recording(record) as stream:
        failed: list[BaseException] = []

        def follow() -> None:
            try:
                watching.follow(stream)
            except BaseException as error:  # told where the block ends
                failed.append(error)

        thread = threading.Thread(target=follow, name=f"watch of {device.key}", daemon=True)
        thread.start()
        try:
            yield watching
        finally:
            watching.end()
            thread.join()
        if failed:
            with disk_errors(record or Path()):
                raise failed[0]


@contextmanager
def _recording(path: Path | None) -> Iterator[IO[bytes] | None]:
    if path is None:
        yield None
        return
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        # Unbuffered: a line that was seen is in the file, whatever happens next.
        stream: IO[bytes] = path.open("wb", buffering=0)
    with stream:
        yield stream
