"""A HarmonyOS device played on this machine, behind a stand-in for the ``hdc`` command.

A device is a folder: ``HOME/devices/ID/device.json`` (what it is and which faults are planted)
and ``HOME/devices/ID/root`` (its file system). There is no server: each call of the stand-in
reads the folder, does what hdc and the device would do, prints what hdc would print, and ends.

    device = create(home, EmulatedSpec(key="EMULATED-PHONE"))
    client = HdcClient(hdc_command(home))

The names below are loaded when they are first used: the stand-in itself lives in this package
and has to start in a few milliseconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from device.emulator.api import (
        EmulatedDevice,
        create,
        devices,
        hdc_command,
        remove,
        set_server,
    )
    from device.emulator.spec import EmulatedSpec, Fault, FaultKind

__all__ = [
    "EmulatedDevice",
    "EmulatedSpec",
    "Fault",
    "FaultKind",
    "create",
    "devices",
    "hdc_command",
    "remove",
    "set_server",
]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(name)
    from device.emulator import api, spec

    return getattr(spec if hasattr(spec, name) else api, name)
