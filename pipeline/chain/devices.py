"""Connected devices and what they are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from device.device import DeviceFacts
from device.hdc.client import HdcClient
from device.hdc.device import HdcDevice
from device.hdc.holder import Holder
from device.hdc.locate import locate
from device.targets import Target, list_targets
from pipeline.chain.parallel import gather, workers
from pipeline.chain.targets import fits
from pipeline.config import places
from pipeline.core.errors import DeviceError


@dataclass(frozen=True)
class Listed:
    """A device that hdc knows; facts only when it answered. ``profiles``: those that it fits.

    ``holder``: the pipeline that has it to itself, and since when.
    """

    target: Target
    facts: DeviceFacts | None
    problem: str | None
    profiles: tuple[str, ...]
    holder: Holder | None = None

    def as_json(self) -> dict[str, Any]:
        """For ``--json``."""
        return {
            "key": self.target.key,
            "connection": self.target.connection,
            "state": self.target.state.value,
            "facts": self.facts.as_json() if self.facts else None,
            "problem": self.problem,
            "profiles": list(self.profiles),
            "held_by": {"who": self.holder.who, "since": self.holder.since, "pid": self.holder.pid}
            if self.holder
            else None,
        }


def devices(hdc: Path | None = None, *, clean: bool = False) -> tuple[Listed, ...]:
    """All devices that hdc lists, with their facts; ``clean`` removes the pipeline's files there.

    Raises the errors of ``device.errors`` when hdc itself is missing or broken; what is wrong with
    one device is told in its entry.
    """
    client = HdcClient(locate(hdc))
    targets = list_targets(client)
    with workers(max(1, len(targets))) as pool:
        looks = [pool.submit(_look, client, target, clean) for target in targets]
        gather(*looks)
    return tuple(look.result() for look in looks)


def _look(client: HdcClient, target: Target, clean: bool) -> Listed:
    try:
        device = HdcDevice(client, target.key, target.connection)
        facts = device.facts()
        if clean:
            device.clean()
        holder = device.holder()
    except DeviceError as error:
        return Listed(target, None, str(error), ())
    profiles = tuple(
        name for name in places.names("devices") if fits(places.profile(name).profile.match, facts)
    )
    return Listed(target, facts, None, profiles, holder)
