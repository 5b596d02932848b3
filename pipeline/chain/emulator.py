"""Emulated devices by hand: several at once, found by the driver as connected ones are.

They stay in the workspace until they are removed. ``Lab.hdc`` is a program that stands in for
hdc and has them connected: ``pipeline devices --hdc runs/.emulator/lab/hdc``.
"""

from __future__ import annotations

import itertools
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from device.emulator import EmulatedDevice, Fault, FaultKind, create, hdc_command, store
from device.emulator import devices as existing
from device.emulator import remove as delete
from device.hdc.client import is_address
from pipeline.chain.run import WORKSPACE
from pipeline.chain.targets import emulated_spec
from pipeline.chain.tools import install
from pipeline.config import places
from pipeline.config.document import load
from pipeline.config.errors import NameUnknown
from pipeline.config.planted import Planted, PlantedFault
from pipeline.config.profile import Emulated
from pipeline.core import files
from pipeline.core.errors import UsageError
from pipeline.core.events import Listener, Silent
from pipeline.core.places import expand

_HOME = Path(".emulator") / "lab"
_HOST, _PORT = "127.0.0.1", 5555
_CONNECTIONS = ("USB", "TCP")


@dataclass(eq=False)
class EmulatedUnknown(UsageError):
    """No emulated device has this key."""

    key: str
    there: tuple[str, ...]

    @property
    def message(self) -> str:
        return f"no emulated device is called {self.key}"

    @property
    def hint(self) -> str:
        return f"there are: {', '.join(self.there)}" if self.there else "there is none; start one"


@dataclass(eq=False)
class BadKey(UsageError):
    """A key that the emulated device cannot have."""

    key: str
    reason: str

    @property
    def message(self) -> str:
        return f"an emulated device cannot be called {self.key!r}: {self.reason}"

    @property
    def hint(self) -> str:
        return "leave the key out, or give a word (USB) or IP:PORT (TCP) of its own"


@dataclass(frozen=True)
class Listed:
    """An emulated device; ``running``: hdc lists it."""

    key: str
    device_type: str
    connection: str
    running: bool
    folder: Path

    def as_json(self) -> dict[str, Any]:
        """For ``--json``."""
        return {
            "key": self.key,
            "device_type": self.device_type,
            "connection": self.connection,
            "running": self.running,
            "folder": str(self.folder),
        }


@dataclass(frozen=True)
class Lab:
    """Emulated devices and the program by which they are reached."""

    hdc: Path
    devices: tuple[Listed, ...]

    def as_json(self) -> dict[str, Any]:
        """For ``--json``."""
        return {"hdc": str(self.hdc), "devices": [one.as_json() for one in self.devices]}


def kinds() -> tuple[str, ...]:
    """What can be emulated: every profile."""
    return tuple(places.names("devices"))


def start(
    kind: str,
    *,
    number: int = 1,
    key: str | None = None,
    connection: str | None = None,
    toolchain: Path | None = None,
    workspace: Path = WORKSPACE,
    listener: Listener | None = None,
) -> Lab:
    """Start ``number`` devices of a kind, or the one called ``key``, stopped before or new.

    ``connection`` is USB or TCP instead of the profile's. Gives those that were started. Raises
    ``BadKey``, ``NameUnknown`` for a kind that there is not, and the errors of the toolchain.
    """
    twin = _twin(kind, connection)
    runtime = install(toolchain, listener=listener or Silent()).runtime
    return add(twin, kind, _home(workspace), runtime, number=number, key=key)


def add(
    twin: Emulated, kind: str, home: Path, runtime: Path, *, number: int = 1, key: str | None = None
) -> Lab:
    """``start`` with a runtime library that is there."""
    with files.disk_errors(home), store.Locked(str(home)):
        taken = {one.key for one in existing(home)}
        keys = [key] if key is not None else _free(kind, twin.connection, number, taken)
        started = tuple(_start(twin, home, one, runtime) for one in keys)
    return Lab(_hdc(home), started)


def stop(key: str | None = None, *, remove: bool = False, workspace: Path = WORKSPACE) -> Lab:
    """Stop the device called ``key``, or all: hdc lists them no more; gives what was stopped.

    Its files stay for the next start, unless ``remove``. Raises ``EmulatedUnknown``.
    """
    home = _home(workspace)
    there = existing(home)
    found = [one for one in there if key in (None, one.key)]
    if key is not None and not found:
        raise EmulatedUnknown(key, tuple(one.key for one in there))
    for one in found:
        one.set_state("Absent")
    stopped = tuple(_listed(one) for one in found)
    if remove:
        for one in found:
            delete(home, one.device_id)
    return Lab(home / "hdc", stopped)


def plant(key: str, script: Path, *, workspace: Path = WORKSPACE) -> Lab:
    """Let what a script says befall the device called ``key``.

    Raises ``EmulatedUnknown``, ``NameUnknown`` for a kind of fault that there is not, and the
    errors of a configuration.
    """
    home = _home(workspace)
    there = existing(home)
    device = next((one for one in there if one.key == key), None)
    if device is None:
        raise EmulatedUnknown(key, tuple(one.key for one in there))
    planted = load(expand(script).absolute(), Planted, "script of faults")
    faults = [_fault(one) for one in planted.faults]
    if planted.clear:
        device.clear_faults()
    device.set_vitals(**planted.vitals.model_dump(exclude_none=True))
    if planted.state:
        device.set_state(planted.state)
    device.set_fault(*faults)
    return Lab(home / "hdc", (_listed(device),))


def _fault(one: PlantedFault) -> Fault:
    kinds = {kind.value: kind for kind in FaultKind}
    if one.kind not in kinds:
        raise NameUnknown("fault", one.kind, tuple(kinds))
    return Fault(**{**one.model_dump(), "kind": kinds[one.kind]})


def lab(*, workspace: Path = WORKSPACE) -> Lab:
    """All emulated devices that were started by hand, running or not."""
    home = _home(workspace)
    return Lab(home / "hdc", tuple(_listed(one) for one in existing(home)))


def _home(workspace: Path) -> Path:
    return expand(workspace).absolute() / _HOME


def _twin(kind: str, connection: str | None) -> Emulated:
    twin = places.profile(kind).profile.emulated
    if connection is None:
        return twin
    if connection.upper() not in _CONNECTIONS:
        raise BadKey(connection, "its connection is USB or TCP")
    return twin.model_copy(update={"connection": connection.upper()})


def _free(kind: str, connection: str, number: int, taken: set[str]) -> list[str]:
    """New keys: as serial numbers, or as addresses on the network."""
    count = itertools.count()
    if connection == "TCP":
        names = (f"{_HOST}:{_PORT + place}" for place in count)
    else:
        word = Path(kind).stem.upper()
        names = (f"EMULATED-{word}-{place + 1}" for place in count)
    return list(itertools.islice((name for name in names if name not in taken), number))


def _start(twin: Emulated, home: Path, key: str, runtime: Path) -> Listed:
    if twin.connection == "TCP" and not is_address(key):
        raise BadKey(key, "a device on the network is called by its address")
    try:
        device = create(home, emulated_spec(twin, key, runtime))
    except ValueError as error:
        raise BadKey(key, str(error)) from None
    device.set_state("Connected")
    return _listed(device)


def _listed(device: EmulatedDevice) -> Listed:
    running = device.state != "Absent"
    return Listed(device.key, device.device_type, device.connection, running, device.folder)


def _hdc(home: Path) -> Path:
    """The stand-in as a program of one word."""
    path = home / "hdc"
    files.write_text(path, f'#!/bin/sh\nexec {shlex.join(hdc_command(home))} "$@"\n')
    with files.disk_errors(path):
        path.chmod(0o755)
    return path
