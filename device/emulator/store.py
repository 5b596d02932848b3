"""The folder of emulated devices, safe for many processes at once.

This module is part of what the stand-in loads at every call: nothing slow is imported here.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
from typing import Any

from device.emulator.processes import end_all

_SAFE = re.compile(r"[A-Za-z0-9/._-]+")

#: device.json or server.json: JSON of our own making.
Record = dict[str, Any]


class Locked:
    """Holds the lock of a folder; others wait."""

    def __init__(self, folder: str) -> None:
        self._path = os.path.join(folder, ".lock")
        self._handle = -1

    def __enter__(self) -> None:
        os.makedirs(os.path.dirname(self._path), exist_ok=True)
        self._handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        fcntl.flock(self._handle, fcntl.LOCK_EX)

    def __exit__(self, *exc: object) -> None:
        os.close(self._handle)


def load(path: str) -> Record:
    """The record in a file; an empty one when there is none."""
    try:
        with open(path, encoding="utf-8") as stream:
            record: Record = json.load(stream)
    except FileNotFoundError:
        return {}
    return record


def save(path: str, record: Record) -> None:
    """Replace a record in one step."""
    temporary = f"{path}.{os.getpid()}"
    with open(temporary, "w", encoding="utf-8") as stream:
        json.dump(record, stream, indent=2, sort_keys=True)
    os.replace(temporary, path)


def devices_folder(home: str) -> str:
    """Where the folders of the devices are."""
    return os.path.join(home, "devices")


def device_ids(home: str) -> list[str]:
    """The devices there are, in the order of their names."""
    try:
        names = sorted(os.listdir(devices_folder(home)))
    except FileNotFoundError:
        return []
    folder = devices_folder(home)
    return [name for name in names if os.path.isfile(os.path.join(folder, name, "device.json"))]


class Stored:
    """One emulated device as one call of the stand-in sees it."""

    def __init__(self, folder: str, record: Record, active: list[Record]) -> None:
        self.folder = folder
        self.record = record
        self._active = active

    @classmethod
    def touch(cls, folder: str, text: str) -> Stored:
        """Read the device for a call with arguments ``text``, and count the call for its faults."""
        path = os.path.join(folder, "device.json")
        record = load(path)
        active: list[Record] = []
        if record.get("faults") or record.get("back_after_calls") is not None:
            with Locked(folder):
                record = load(path)
                _come_back(record)
                active = _count(record, text)
                save(path, record)
        stored = cls(folder, record, active)
        for kind, state in _STATES.items():
            if fault := stored.strike(kind):
                record["state"], record["refused"] = state, kind == "refused"
                stored.change_state(fault)
        return stored

    @property
    def key(self) -> str:
        return str(self.record["key"])

    @property
    def state(self) -> str:
        """Connected, Offline, Unauthorized, or Absent: not even listed."""
        return str(self.record["state"])

    @property
    def files(self) -> str:
        """The root of the device's file system, on this machine."""
        return os.path.join(self.folder, "root")

    def strike(self, kind: str) -> Record | None:
        """The fault of this kind that this call meets, if any; it counts as having struck.

        Of many calls at once no more meet it than it has times.
        """
        for fault in [one for one in self._active if one["kind"] == kind]:
            self._active.remove(fault)
            if self._add_times(fault, -1):
                return fault
        return None

    def change_state(self, fault: Record) -> None:
        """Leave the device, and the server, in the state that a fault which struck puts them in."""
        if fault["kind"] == "kill-server":
            stop_server(os.path.dirname(os.path.dirname(self.folder)))
        if fault["kind"] == "reboot":
            end_all(f"EMULATED_STATE={state_folder(self)}")
        then = fault["then"]
        if fault["kind"] == "reboot" and then is None:
            # One on the network is known, and stays offline until somebody connects it again.
            then = "Offline" if self.record["connection"] == "TCP" else "Absent"
        if then is None:
            return
        path = os.path.join(self.folder, "device.json")
        with Locked(self.folder):
            record = load(path)
            record["state"] = then
            record["back_after_calls"] = fault.get("back_after_calls")
            save(path, record)

    def spare(self, fault: Record) -> None:
        """Give back a fault that had no occasion to strike."""
        self._add_times(fault, 1)

    def _add_times(self, changed: Record, number: int) -> bool:
        """Change how often a fault still strikes; False when there is nothing left of it."""
        if changed["times"] is None:
            return True
        path = os.path.join(self.folder, "device.json")
        with Locked(self.folder):
            record = load(path)
            faults: list[Record] = record["faults"]
            stored = next((one for one in faults if one["number"] == changed["number"]), None)
            if stored is None:
                if number < 0:
                    return False
                stored = {**changed, "times": 0}
                faults.append(stored)
            stored["times"] += number
            record["faults"] = [one for one in faults if one["times"] is None or one["times"] > 0]
            save(path, record)
        return True


_STATES = {
    "vanish": "Absent",
    "offline": "Offline",
    "unauthorized": "Unauthorized",
    "refused": "Unauthorized",
}


def stop_server(home: str) -> None:
    """End the hdc server: devices on the network are forgotten."""
    path = os.path.join(home, "server.json")
    with Locked(home):
        record = load(path)
        record["stopped"] = True
        save(path, record)
    for name in device_ids(home):
        set_state(os.path.join(devices_folder(home), name), "Absent", only="TCP")


def set_state(folder: str, state: str, only: str | None = None) -> None:
    """Put a device in a state; ``only`` if it is connected so."""
    path = os.path.join(folder, "device.json")
    with Locked(folder):
        record = load(path)
        if only in (None, record["connection"]):
            record["state"] = state
            save(path, record)


def state_folder(device: Stored) -> str:
    """Where what the device answers is kept; in the environment of all that runs there."""
    return os.path.join(os.path.realpath(device.folder), "state")


def _come_back(record: Record) -> None:
    """One call nearer to the end of a reboot, or of a connection that is gone for a while."""
    left = record.get("back_after_calls")
    if left is None:
        return
    record["back_after_calls"] = left - 1 if left > 0 else None
    if left <= 0:
        record["state"] = "Connected"


def _count(record: Record, text: str) -> list[Record]:
    """The faults that this call meets; the idle ones come one call nearer."""
    active = []
    for fault in record["faults"]:
        if fault["containing"] is not None and fault["containing"] not in text:
            continue
        if fault["after_calls"] > 0:
            fault["after_calls"] -= 1
        else:
            active.append(dict(fault))
    return active


def shell_root(device: Stored) -> str:
    """The device's root by a path that needs no quoting in any shell.

    That is its own path when it is harmless, else a link from the temporary folder.
    """
    real = os.path.realpath(device.files)
    if _SAFE.fullmatch(real):
        return real
    path = os.path.join(device.folder, "device.json")
    with Locked(device.folder):
        record = load(path)
        link = str(record.get("link", ""))
        if not link or not os.path.islink(link) or os.readlink(link) != real:
            import tempfile

            link = os.path.join(tempfile.mkdtemp(prefix="mslite-emulated-", dir="/tmp"), "root")
            os.symlink(real, link)
            record["link"] = link
            save(path, record)
    return link
