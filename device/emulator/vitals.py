"""Battery, heat and frequencies of an emulated device, as time passes and models run on it.

Nobody watches the clock: whoever asks for them, or starts or ends a run, first brings the record
up to date. Heat follows Newton's law of cooling towards its idle or working temperature. The
stand-in loads this module, so nothing slow is imported.
"""

from __future__ import annotations

import math
import os
import time

from device.emulator.store import Locked, Record, load, save

#: What in a command makes it work that heats.
_WORK = "--modelFile="
#: What in a command asks for what is kept here.
_QUESTIONS = ("hidumper", "cpufreq")
#: How much of its top frequency a core loses with each thermal level.
_LOST_BY_LEVEL = 0.1


def reset(folder: str, settings: Record) -> None:
    """Begin anew; ``settings`` is ``EmulatedSpec.vitals()``."""
    record = {
        "settings": settings,
        "at": time.time(),
        "temperature_mc": settings["temperature_mc"],
        "battery_percent": settings["battery_percent"],
        "works": [],
    }
    with _locked(folder):
        _store(folder, record)


def change(folder: str, values: Record) -> None:
    """Set readings or settings by name, from now on."""
    with _locked(folder):
        record = _current(folder)
        for name, value in values.items():
            record["settings"][name] = value
            if name in ("temperature_mc", "battery_percent"):
                record[name] = value
        _store(folder, record)


def asked(folder: str, command: str) -> None:
    """Bring what ``command`` may ask for up to date."""
    if any(word in command for word in _QUESTIONS):
        with _locked(folder):
            _store(folder, _current(folder))


def is_work(command: str) -> bool:
    """Whether a command heats."""
    return _WORK in command


def begin(folder: str, pid: int) -> None:
    """Work begins; it counts until ``end`` or the end of the process ``pid``."""
    with _locked(folder):
        record = _current(folder)
        record["works"].append(pid)
        _store(folder, record)


def end(folder: str, pid: int) -> None:
    """Work ends."""
    with _locked(folder):
        record = _current(folder)
        record["works"] = [one for one in record["works"] if one != pid]
        _store(folder, record)


def advance(record: Record, now: float) -> Record:
    """The record ``now`` (Unix seconds), with the works that it had all the while."""
    settings, seconds = record["settings"], max(0.0, now - record["at"])
    busy = bool(record["works"])
    # What was planted is where it idles, too: only work changes it.
    towards = settings["temperature_mc"] + (settings["rise_mc"] if busy else 0)
    left = math.exp(-seconds / settings["settle_s"])
    record = {**record, "at": now}
    record["temperature_mc"] = towards + (record["temperature_mc"] - towards) * left
    if record["battery_percent"] is not None:
        drain = settings["drain_percent_per_h"]
        drain += settings["work_drain_percent_per_h"] if busy else 0
        rate = settings["charge_percent_per_h"] if settings["charging"] else -drain
        percent = record["battery_percent"] + rate * seconds / 3600
        record["battery_percent"] = min(100.0, max(0.0, percent))
    return record


def thermal_level(record: Record) -> int:
    """0 (cool) to 7, by temperature, at least the one that was planted."""
    settings = record["settings"]
    temperature_mc, limits_mc = float(record["temperature_mc"]), settings["level_limits_mc"]
    passed = sum(temperature_mc >= float(limit) for limit in limits_mc)
    return min(7, max(passed, int(settings["thermal_level"])))


def core_khz(record: Record, count: int) -> list[tuple[int, int]]:
    """(now, at most) of each of ``count`` cores: the planted frequencies, spread over them."""
    planted = record["settings"]["core_khz"]
    share = 1 - _LOST_BY_LEVEL * thermal_level(record)
    tops = [planted[core * len(planted) // count] for core in range(count)] if planted else []
    return [(round(top * share), top) for top in tops]


def texts(record: Record, cores: int) -> dict[str, str]:
    """What ``hidumper -s SERVICE -a OPTION`` answers, by ``SERVICE OPTION``."""
    temperature, settings = round(record["temperature_mc"]), record["settings"]
    sensors = {
        "soc_thermal": temperature,
        "shell_back": temperature - 2000,
        "Battery": temperature // 1000,
    }
    found = {
        "ThermalService -t": "".join(
            f"Type: {name}\nTemperature: {value}\n" for name, value in sensors.items()
        ),
        "ThermalService -l": f"level: {thermal_level(record)}\n",
        "PowerManagerService -s": "Current State: AWAKE\n",
        " --cpufreq": "".join(
            f"\ncmd is: cat /sys/devices/system/cpu/cpu{core}/cpufreq/cpuinfo_{which}_freq"
            f"\n\n{khz}\n"
            for core, pair in enumerate(core_khz(record, cores))
            for which, khz in zip(("cur", "max"), pair, strict=True)
        ),
    }
    if record["battery_percent"] is not None:
        battery = {
            "capacity": int(record["battery_percent"]),
            "batteryLevel": 3,
            "chargingStatus": 1 if settings["charging"] else 0,
            "healthState": 1,
            "pluggedType": settings["plugged"],
            "voltage": 4_100_000,
            "present": 1,
            "technology": "Li-poly",
            "temperature": temperature // 100,
        }
        found["BatteryService -i"] = "".join(f"{key}: {value}\n" for key, value in battery.items())
    return found


def _locked(folder: str) -> Locked:
    """A lock of its own: who makes a device holds that of the device."""
    return Locked(os.path.join(folder, "state"))


def _current(folder: str) -> Record:
    record = load(_path(folder))
    there = [pid for pid in record["works"] if os.path.isdir(f"/proc/{pid}")]
    return {**advance(record, time.time()), "works": there}


def _store(folder: str, record: Record) -> None:
    save(_path(folder), record)
    cores = os.cpu_count() or 1
    place = os.path.join(folder, "state", "hidumper")
    os.makedirs(place, exist_ok=True)
    for name, text in texts(record, cores).items():
        _write(os.path.join(place, name), text)
    if record["settings"]["sysfs"]:
        for core, (now, top) in enumerate(core_khz(record, cores)):
            place = os.path.join(folder, f"root/sys/devices/system/cpu/cpu{core}/cpufreq")
            os.makedirs(place, exist_ok=True)
            _write(os.path.join(place, "scaling_cur_freq"), f"{now}\n")
            _write(os.path.join(place, "cpuinfo_max_freq"), f"{top}\n")


def _write(path: str, text: str) -> None:
    temporary = f"{path}.{os.getpid()}"
    with open(temporary, "w", encoding="utf-8") as stream:
        stream.write(text)
    os.replace(temporary, path)


def _path(folder: str) -> str:
    return os.path.join(folder, "state", "vitals.json")
