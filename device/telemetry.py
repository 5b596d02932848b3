"""Questions that tell how a device is at the moment, and the reading of its answers."""

from __future__ import annotations

from collections.abc import Mapping

from device import cores
from device.device import Telemetry
from device.facts import memory
from pipeline.core.errors import one_line

#: The commands to run, by the name of the source.
QUESTIONS = {
    "battery": "hidumper -s BatteryService -a -i",
    "thermal": "hidumper -s ThermalService -a -t",
    "level": "hidumper -s ThermalService -a -l",
    "frequency": cores.current(),
    "memory": "grep ^Mem /proc/meminfo",
}

_LONGEST = 16 << 10
_MOST_SENSORS = 100
#: Beyond these, in milli-degrees, a sensor is broken or a liar.
_COLDEST, _HOTTEST = -100_000, 300_000
#: Sensors by how near they are to the processor.
_NEAREST = ("soc_thermal", "soc", "cpu", "shell_back", "shell_frame", "shell_front", "battery")


def read(answers: Mapping[str, str]) -> Telemetry:
    """The readings in the ``answers`` to ``QUESTIONS``; a source without an answer is a gap."""
    raw = {name: answers[name][:_LONGEST] for name in QUESTIONS if answers.get(name)}
    battery = _battery(raw.get("battery", ""))
    sensors = _sensors(raw.get("thermal", ""))
    tenths = _within(battery.get("temperature"), _COLDEST // 100, _HOTTEST // 100)
    return Telemetry(
        temperature_mc=_nearest(sensors, tenths * 100 if tenths is not None else None),
        battery_percent=_within(battery.get("capacity"), 0, 100),
        charging=_charging(battery.get("chargingStatus")),
        thermal_level=_within(_level(raw.get("level", "")), 0, 7),
        sensors_mc=sensors,
        cpu_khz=cores.read(raw.get("frequency", ""), "cur"),
        free_memory_bytes=memory(raw.get("memory", ""), "MemAvailable"),
        raw=raw,
    )


def _battery(text: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for line in text.splitlines():
        name, _, value = line.partition(":")
        number = _integer(value)
        if number is not None:
            found[name.strip()] = number
    return found


def _sensors(text: str) -> dict[str, int]:
    """``Type: NAME`` / ``Temperature: N`` pairs, in milli-degrees.

    Most vendors print milli-degrees and some of their sensors whole degrees; no device is at
    1000 degrees or more, nor measures below 1 degree in thousandths.
    """
    found: dict[str, int] = {}
    sensor = ""
    for line in text.splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "Type":
            sensor = one_line(value)[:60]
        elif name.strip() == "Temperature" and sensor:
            number = _integer(value)
            if number is not None and len(found) < _MOST_SENSORS:
                milli = number if abs(number) >= 1000 else number * 1000
                if _COLDEST <= milli <= _HOTTEST:
                    found[sensor] = milli
            sensor = ""
    return found


def _level(text: str) -> int | None:
    """The last integer in the text: behind a colon, or alone on its line."""
    for line in reversed(text.splitlines()):
        number = _integer(line.rpartition(":")[2])
        if number is not None:
            return number
    return None


def _nearest(sensors: Mapping[str, int], battery_mc: int | None) -> int | None:
    by_name = {name.lower(): value for name, value in sensors.items()}
    return next((by_name[name] for name in _NEAREST if name in by_name), battery_mc)


def _charging(status: int | None) -> bool | None:
    """0 none, 1 charging, 2 disabled, 3 full."""
    return None if status is None else status == 1


def _within(value: int | None, low: int, high: int) -> int | None:
    return value if value is not None and low <= value <= high else None


def _integer(text: str) -> int | None:
    short = text.strip()
    digits = short.removeprefix("-")
    return int(short) if digits.isascii() and digits.isdigit() and len(digits) < 19 else None
