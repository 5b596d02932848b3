"""The device that a command works with: the connected one that fits, else the emulated one."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal, Union

from device.device import Device, DeviceFacts
from device.emulator import EmulatedSpec, create, hdc_command
from device.errors import HdcMissing, NoDevice
from device.hdc.client import HdcClient
from device.hdc.device import HdcDevice
from device.hdc.locate import locate
from device.targets import choose
from pipeline.chain import arm64
from pipeline.config.profile import Emulated, Match, NamedProfile
from pipeline.core.events import Listener
from pipeline.toolchain.arm64 import check as check_arm64

#: The kind of emulated device, True for "host"; False for never, None if nothing fits.
Emulate = Union[bool, Literal["host", "arm64"], None]  # noqa: UP007 - read at run time too


@dataclass(frozen=True)
class Wish:
    """What the user asked for."""

    profile: NamedProfile
    target: str | None = None
    emulate: Emulate = None
    hdc: Path | None = None


@dataclass(frozen=True)
class Connection:
    """A device and its facts, which also tell whether it is an emulated one."""

    device: Device
    facts: DeviceFacts


def find_connected(wish: Wish, listener: Listener) -> Connection | None:
    """The connected device that fits; None when one is to be emulated instead.

    Raises the errors of ``device.errors``, and those of ``arm64.check`` when that is asked for.
    """
    if wish.emulate and wish.target is None:
        if wish.emulate == "arm64":
            check_arm64()
        return None
    try:
        client = HdcClient(locate(wish.hdc))
        match = wish.profile.profile.match
        device = choose(
            client,
            key=wish.target,
            matches=lambda facts: fits(match, facts),
            wanted=wish.profile.name,
            workdir=wish.profile.profile.folder,
        )
        return Connection(device, device.facts())
    except (HdcMissing, NoDevice) as error:
        if wish.emulate is False or wish.target is not None:
            raise
        listener.warning(f"{error.message}; using an EMULATED {wish.profile.name} instead")
        return None


def start_emulated(wish: Wish, workspace: Path, runtime: Path, listener: Listener) -> Connection:
    """The emulated twin of the profile; its files stay in the workspace from run to run.

    ``runtime`` is this machine's; an ARM64 twin has its own, built here if it is missing.
    """
    home = workspace / ".emulator"
    emulated, folder = wish.profile.profile.emulated, wish.profile.profile.folder
    spec = emulated_spec(emulated, f"emulated-{wish.profile.name}", runtime)
    if wish.emulate == "arm64":
        built = arm64.install(listener)
        spec = emulated_spec(emulated, f"emulated-{wish.profile.name}-arm64", built.runtime)
        spec = arm64.twin(spec, emulated.arm64.cpu, built)
    created = create(home, spec)
    device = HdcDevice(HdcClient(hdc_command(home)), created.key, emulated.connection, folder)
    return Connection(device, device.facts())


def emulated_spec(emulated: Emulated, key: str, runtime: Path) -> EmulatedSpec:
    """What a profile's emulated twin is, called ``key``."""
    # What both can say has the same name; the rest of the profile's is for the benchmark.
    values = emulated.model_dump(include={field.name for field in fields(EmulatedSpec)})
    return EmulatedSpec(key=key, runtime_library=runtime, **values)


def fits(match: Match, facts: DeviceFacts) -> bool:
    """Whether a device is of the profile's kind; what it does not tell is not held against it."""
    return not (
        (match.device_types and facts.device_type not in match.device_types)
        or (match.abis and facts.abi is not None and facts.abi not in match.abis)
        or (
            match.min_api_level is not None
            and facts.api_level is not None
            and facts.api_level < match.min_api_level
        )
    )
