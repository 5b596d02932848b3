"""The devices of a deployment to several: each with the profile that it is measured by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from device.errors import DeviceMismatch, NoDevice
from device.hdc.client import HdcClient
from device.hdc.locate import locate
from device.targets import choose, list_targets
from pipeline.chain.job import Trouble
from pipeline.chain.parallel import gather, workers
from pipeline.chain.targets import Connection, Emulate, Wish, find_connected, fits
from pipeline.config.profile import NamedProfile
from pipeline.core.errors import DeviceError
from pipeline.core.events import Labelled, Listener


@dataclass(frozen=True)
class Member:
    """One device. Without a connection it is to be emulated, or ``trouble`` says what is wrong."""

    label: str
    wish: Wish | None
    connection: Connection | None = None
    trouble: Trouble | None = None

    @property
    def profile(self) -> NamedProfile | None:
        """What it is measured by; None only for one in trouble."""
        return self.wish.profile if self.wish else None


@dataclass(frozen=True)
class Call:
    """Which devices are wanted: those called ``targets``, all that are connected, or else one for
    each of ``profiles``. ``emulate`` and ``hdc`` are those of ``Wish``."""

    profiles: tuple[NamedProfile, ...]
    targets: tuple[str, ...] = ()
    all_targets: bool = False
    emulate: Emulate = None
    hdc: Path | None = None


def muster(call: Call, listener: Listener) -> tuple[Member, ...]:
    """Every device that is wanted, in the order that it was asked for, none of them twice.

    What is wrong with one is told in its place. Raises ``NoDevice`` when all that are connected
    are wanted and none fits, and ``HdcMissing``.
    """
    if not (call.targets or call.all_targets):
        found = [_of_profile(call, profile, listener) for profile in call.profiles]
        return _each_once(found, listener)
    client = HdcClient(locate(call.hdc))
    keys = call.targets or tuple(target.key for target in list_targets(client))
    with workers(max(1, len(keys))) as pool:
        looks = [pool.submit(_of_key, client, key, call.profiles) for key in dict.fromkeys(keys)]
        gather(*looks)
    named = tuple(look.result() for look in looks)
    return _all_that_fit(call, named, listener) if call.all_targets else named


def _each_once(found: Sequence[Member], listener: Listener) -> tuple[Member, ...]:
    """A device that fits two profiles is measured by the first."""
    kept: dict[str, Member] = {}
    for one in found:
        first = kept.setdefault(one.label, one)
        if first is not one and first.profile and one.profile:
            listener.warning(
                f"{one.label} is measured as {first.profile.name}, not also as {one.profile.name}"
            )
    return tuple(kept.values())


def _of_profile(call: Call, profile: NamedProfile, listener: Listener) -> Member:
    wish = Wish(profile, None, call.emulate, call.hdc)
    try:
        connection = find_connected(wish, Labelled(listener, profile.name))
    except DeviceError as error:
        return Member(profile.name, wish, trouble=Trouble.of(error))
    label = connection.device.key if connection else profile.name
    return Member(label, wish, connection)


def _of_key(client: HdcClient, key: str, profiles: Sequence[NamedProfile]) -> Member:
    wanted = " or ".join(profile.name for profile in profiles)
    try:
        device = choose(
            client,
            key=key,
            matches=lambda facts: any(fits(one.profile.match, facts) for one in profiles),
            wanted=wanted,
        )
        facts = device.facts()
    except DeviceError as error:
        return Member(key, None, trouble=Trouble.of(error))
    profile = next(one for one in profiles if fits(one.profile.match, facts))
    placed = replace(device, workdir=profile.profile.folder)
    return Member(key, Wish(profile, key), Connection(placed, facts))


def _all_that_fit(call: Call, found: tuple[Member, ...], listener: Listener) -> tuple[Member, ...]:
    """Without those that are of another kind: they were not asked for by name."""
    others = [one for one in found if one.trouble and one.trouble.kind == DeviceMismatch.__name__]
    for one in others:
        assert one.trouble is not None
        listener.warning(f"left out: {one.trouble.message}")
    left = tuple(one for one in found if one not in others)
    if not left:
        wanted = " or ".join(profile.name for profile in call.profiles)
        raise NoDevice(wanted, tuple((one.label, "does not fit") for one in others))
    return left
