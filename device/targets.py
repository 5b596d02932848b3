"""Which devices are connected, and the choice of the one to work with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from device.device import DEFAULT_WORKDIR, DeviceFacts
from device.errors import (
    DeviceMismatch,
    DeviceOffline,
    DeviceUnauthorized,
    DeviceUnknown,
    NoDevice,
    SeveralDevices,
)
from device.hdc.client import HdcClient, is_address
from device.hdc.device import HdcDevice
from device.hdc.messages import State
from pipeline.core.errors import DeviceError

Matches = Callable[[DeviceFacts], bool]


@dataclass(frozen=True)
class Target:
    """A device that hdc lists; ``connection`` is USB, TCP or UART."""

    key: str
    connection: str
    state: State

    @property
    def is_connected(self) -> bool:
        """Whether it can be used now."""
        return self.state is State.CONNECTED


def list_targets(client: HdcClient) -> list[Target]:
    """Every device that hdc lists, in whatever state."""
    return [Target(one.key, one.connection, one.state) for one in client.list_targets()]


def choose(
    client: HdcClient,
    *,
    key: str | None,
    matches: Matches,
    wanted: str,
    workdir: str = DEFAULT_WORKDIR,
) -> HdcDevice:
    """The one connected device whose facts fit; ``wanted`` says in words which would.

    With ``key`` that device is taken, and it has to fit too; an ``IP:PORT`` that hdc does not
    list is connected first. Raises ``NoDevice``, ``SeveralDevices``, ``DeviceMismatch``,
    ``DeviceUnknown``, ``DeviceOffline``, ``DeviceUnauthorized``.
    """
    if key is not None:
        return _named(client, key, matches, wanted, workdir)
    fitting: list[tuple[HdcDevice, DeviceFacts]] = []
    rejected: list[tuple[str, str]] = []
    for target in list_targets(client):
        device = HdcDevice(client, target.key, target.connection, workdir)
        try:
            facts = _facts(device, target)
        except DeviceError as error:
            rejected.append((target.key, _reason(error)))
            continue
        if matches(facts):
            fitting.append((device, facts))
        else:
            rejected.append((target.key, f"does not fit ({facts.summary})"))
    if not fitting:
        raise NoDevice(wanted, tuple(rejected))
    if len(fitting) > 1:
        raise SeveralDevices(wanted, tuple((one.key, facts.summary) for one, facts in fitting))
    return fitting[0][0]


def _named(client: HdcClient, key: str, matches: Matches, wanted: str, workdir: str) -> HdcDevice:
    targets = list_targets(client)
    target = _find(targets, key)
    away = target is None or target.state is State.OFFLINE
    if away and is_address(key) and client.tconn(key):
        targets = list_targets(client)
        target = _find(targets, key)
    if target is None:
        raise DeviceUnknown(key, tuple(one.key for one in targets if one.is_connected))
    device = HdcDevice(client, target.key, target.connection, workdir)
    facts = _facts(device, target)
    if not matches(facts):
        raise DeviceMismatch(key, wanted, facts.summary)
    return device


def _facts(device: HdcDevice, target: Target) -> DeviceFacts:
    """The facts of a device that is connected; of another one, hdc's own word on why not."""
    if target.state in (State.CONNECTED, State.UNAUTHORIZED):
        # hdc alone knows whether the dialog is open or was refused: it is asked also then.
        facts = device.facts()
        if target.is_connected:
            return facts
        raise DeviceUnauthorized(target.key)
    raise DeviceOffline(target.key)


def _find(targets: list[Target], key: str) -> Target | None:
    return next((target for target in targets if target.key == key), None)


def _reason(error: DeviceError) -> str:
    if isinstance(error, DeviceUnauthorized):
        return "unauthorized, refused on the device" if error.refused else "unauthorized"
    if isinstance(error, DeviceOffline):
        return "offline"
    return error.message
