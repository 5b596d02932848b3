"""A device is observed from a thread of its own; what cannot be seen is a gap."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from device.device import Telemetry
from device.emulator import Fault, FaultKind
from device.errors import ConnectionLost
from device.watch import Series, watch
from pipeline.core.errors import LocalDiskFull


@dataclass
class Scripted:
    """A device whose looks are planned: readings, or errors."""

    looks: list[Telemetry | Exception]
    key: str = "K"
    threads: set[str] = field(default_factory=set)
    seen: threading.Event = field(default_factory=threading.Event)

    def telemetry(self, *, deadline_s: float | None = None) -> Telemetry:
        assert deadline_s is not None
        self.threads.add(threading.current_thread().name)
        if not self.looks:
            self.seen.set()
            return Telemetry()
        look = self.looks.pop(0)
        if isinstance(look, Exception):
            raise look
        return look


def watched(device: Scripted, record: Path | None = None) -> Series:
    with watch(device, interval_s=0.001, record=record) as watching:
        assert device.seen.wait(5)
    return watching.series


HOT = Telemetry(
    temperature_mc=52_000,
    battery_percent=49,
    charging=True,
    thermal_level=3,
    cpu_khz=(900_000, None),
    free_memory_bytes=100,
    raw={"level": "level: 3"},
)
COOL = Telemetry(40_000, 50, False, 0, cpu_khz=(1_800_000, 2_000_000), free_memory_bytes=200)


def test_the_series_tells_what_changed():
    series = watched(Scripted([COOL, ConnectionLost("K", "a look"), HOT]))
    assert [one.telemetry is None for one in series.readings[:3]] == [False, True, False]
    assert series.gaps == 1 and "connection" in (series.readings[1].gap or "")
    assert series.thermal_levels == (0, 3)
    assert series.temperatures_mc == (40_000, 52_000)
    assert series.battery_percents == (50, 49)
    assert series.charged is True
    assert series.least_free_memory_bytes == 100
    assert (series.core_khz(0), series.core_khz(1)) == ((1_800_000, 900_000), (2_000_000,))
    moments = [one.at_s for one in series.readings]
    assert moments == sorted(moments) and moments[0] >= 0


def test_nothing_seen_is_nothing_told():
    series = Series(0, 1.0)
    assert (series.charged, series.least_free_memory_bytes, series.thermal_levels) == (
        None,
        None,
        (),
    )


def test_raw_texts_are_in_the_record_and_not_in_memory(tmp_path):
    record = tmp_path / "new" / "watch.jsonl"
    series = watched(Scripted([HOT]), record)
    lines = [json.loads(line) for line in record.read_text().splitlines()]
    assert lines[0]["telemetry"]["raw"] == {"level": "level: 3"}
    assert lines[0]["telemetry"]["thermal_level"] == 3
    assert len(lines) == len(series.readings)
    assert not any(one.telemetry.raw for one in series.readings if one.telemetry)


def test_it_looks_from_a_thread_that_ends_with_the_block():
    device = Scripted([])
    watched(device)
    assert device.threads == {"watch of K"}
    assert "watch of K" not in {thread.name for thread in threading.enumerate()}


def test_a_full_disk_is_told_where_the_block_ends():
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full")
    with pytest.raises(LocalDiskFull), watch(Scripted([HOT]), record=Path("/dev/full")):
        pass


def test_an_error_of_the_block_is_the_one_that_counts():
    with pytest.raises(KeyError), watch(Scripted([ValueError("odd")])):
        time.sleep(0.01)
        raise KeyError


def test_the_emulated_device_is_seen_while_it_runs(driver, tmp_path):
    record = tmp_path / "watch.jsonl"
    with watch(driver, interval_s=0.05, record=record) as watching:
        driver.run("sleep 0.5", deadline_s=5)
    assert watching.series.battery_percents[0] == 80
    assert "capacity: 80" in record.read_text()


def test_a_device_that_hangs_costs_a_gap(driver, phone, monkeypatch):
    monkeypatch.setattr("device.watch._DEADLINE_S", 0.2)
    phone.set_fault(Fault(FaultKind.FREEZE, times=1))
    with watch(driver, interval_s=0.05) as watching:
        until = time.monotonic() + 5
        while len(watching.series.readings) < 2 and time.monotonic() < until:
            time.sleep(0.05)
    first, second = watching.series.readings[:2]
    assert first.telemetry is None and "0.2" in (first.gap or "")
    assert second.telemetry is not None
