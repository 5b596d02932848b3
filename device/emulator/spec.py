"""What an emulated device is, and the faults that can be planted in it."""

from __future__ import annotations

import platform
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from device.device import Where
from device.facts import EMULATED
from device.quote import safe_name


class FaultKind(str, Enum):
    """The faults that can be planted."""

    CUT_PUSH = "cut-push"
    CUT_PULL = "cut-pull"
    CUT_SHELL = "cut-shell"
    CORRUPT_PUSH = "corrupt-push"
    CORRUPT_PULL = "corrupt-pull"
    DISK_FULL = "disk-full"
    FREEZE = "freeze"
    VANISH = "vanish"
    OFFLINE = "offline"
    UNAUTHORIZED = "unauthorized"
    REFUSED = "refused"
    ESTABLISHING = "e000004"
    KILL_RUN = "kill-run"
    KILL_SERVER = "kill-server"
    REBOOT = "reboot"


@dataclass(frozen=True)
class Fault:
    """One planted fault.

    Leave ``times`` None for a device that vanishes, is offline or lets nobody in from then on.

    It lies idle for the first ``after_calls`` calls that concern the device (listing it is one),
    then strikes ``times`` times (None: always). ``containing``: only in calls whose arguments
    have this text. ``after_bytes``: how much of a transfer still works (cut, freeze), is right
    (corrupt) or fits (disk-full). ``after_lines``: how many lines of a shell's output still come;
    without it a cut shell prints nothing. ``then``: the state that the device is in once it has
    struck, as Offline or Absent after a connection on the network dropped, until somebody
    connects it again, or until ``back_after_calls`` calls have found it so.

    A killed run ends as a program that the device's kernel killed, with code 137. A killed server
    cuts the call, and forgets devices on the network; a reboot cuts it, ends every process on the
    device and leaves it Absent (on the network: Offline, until it is connected again), unless
    ``then`` says otherwise. Both strike a shell or a transfer.
    """

    kind: FaultKind
    times: int | None = 1
    after_calls: int = 0
    after_bytes: int = 0
    after_lines: int = 0
    containing: str | None = None
    then: str | None = None
    back_after_calls: int | None = None

    def as_json(self) -> dict[str, object]:
        """As it is stored in device.json."""
        return {
            "kind": self.kind.value,
            "times": self.times,
            "after_calls": self.after_calls,
            "after_bytes": self.after_bytes,
            "after_lines": self.after_lines,
            "containing": self.containing,
            "then": self.then,
            "back_after_calls": self.back_after_calls,
        }


def _host_abi() -> str:
    machine = platform.machine().lower()
    return {"amd64": "x86_64", "aarch64": "arm64-v8a", "arm64": "arm64-v8a"}.get(machine, machine)


@dataclass(frozen=True)
class EmulatedSpec:
    """An emulated device.

    ``device_id`` names its folder (None: after the key); ``key`` is its serial number, or
    ``IP:PORT`` with connection TCP. ``runtime_library`` becomes the system's
    ``libmindspore_lite_ndk.so``. ``cpuinfo`` and ``memory_bytes`` are this machine's when None,
    ``storage_bytes`` is what /data holds (None: as much as this machine's disk).
    ``parameters`` add to, or replace, those of ``param get``. ``tools`` are shell scripts that its
    /system/bin has besides the usual programs, by name.

    ``core_khz`` are the top frequencies of its cores, spread over those of this machine; ``sysfs``
    tells whether they can be read there, or by hidumper only. ``battery_percent`` None: none.
    Work (a model that runs) heats it by ``rise_mc`` in the end, of which it has two thirds after
    ``settle_s`` seconds; so does it cool. Each of ``level_limits_mc`` that is passed is a thermal
    level. ``link_bytes_per_s`` and ``link_latency_s`` slow transfers and all calls down.
    ``signed_only``: it executes no program that was pushed, as consumer devices do not.
    """

    device_id: str | None = None
    key: str = "EMULATED-PHONE"
    connection: str = "USB"
    where: Where = Where.EMULATED_HOST
    brand: str = "Emulated"
    model: str = "EMU-PHONE"
    device_type: str = "phone"
    api_level: int = 20
    os_version: str = "6.0.0"
    build: str = "EMU-PHONE 6.0.0.100"
    abi: str | None = None
    debuggable: bool = True
    cpuinfo: str | None = None
    memory_bytes: int | None = None
    storage_bytes: int | None = None
    core_khz: tuple[int, ...] = ()
    sysfs: bool = False
    battery_percent: float | None = 80
    charging: bool = False
    drain_percent_per_h: float = 0.0
    work_drain_percent_per_h: float = 0.0
    charge_percent_per_h: float = 0.0
    temperature_mc: int = 30_000
    rise_mc: int = 0
    settle_s: float = 60.0
    level_limits_mc: tuple[int, ...] = (43_000, 46_000, 49_000, 52_000, 55_000, 58_000, 61_000)
    thermal_level: int = 0
    link_bytes_per_s: float | None = None
    link_latency_s: float = 0.0
    signed_only: bool = False
    runtime_library: Path | None = None
    tools: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def folder_name(self) -> str:
        """``device_id``, or a name that no other key has."""
        if self.device_id is not None:
            return self.device_id
        name = safe_name(self.key, limit=40)
        return name if name == self.key else f"{name}-{zlib.crc32(self.key.encode()):08x}"

    def all_parameters(self) -> dict[str, str]:
        """What ``param get`` answers."""
        arm = self.where is Where.EMULATED_ARM64
        return {
            EMULATED: self.where.value,
            "const.product.brand": self.brand,
            "const.product.model": self.model,
            "const.product.name": self.model,
            "const.product.manufacturer": self.brand,
            "const.product.devicetype": self.device_type,
            "const.product.software.version": self.build,
            "const.product.os.dist.version": self.os_version,
            "const.product.cpu.abilist": self.abi or ("arm64-v8a" if arm else _host_abi()),
            "const.ohos.apiversion": str(self.api_level),
            "const.ohos.fullname": f"OpenHarmony-{self.os_version}",
            "const.debuggable": "1" if self.debuggable else "0",
            "bootevent.boot.completed": "true",
            **self.parameters,
        }

    def vitals(self) -> dict[str, object]:
        """What battery, heat and frequencies begin with, and how they change."""
        return {
            "battery_percent": self.battery_percent,
            "charging": self.charging,
            "plugged": 2 if self.connection == "USB" else 0,
            "drain_percent_per_h": self.drain_percent_per_h,
            "work_drain_percent_per_h": self.work_drain_percent_per_h,
            "charge_percent_per_h": self.charge_percent_per_h,
            "temperature_mc": self.temperature_mc,
            "rise_mc": self.rise_mc,
            "settle_s": self.settle_s,
            "level_limits_mc": list(self.level_limits_mc),
            "thermal_level": self.thermal_level,
            "core_khz": list(self.core_khz),
            "sysfs": self.sysfs,
        }
