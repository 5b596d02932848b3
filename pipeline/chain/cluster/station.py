"""A worker's end: the devices of its machine, each for one job at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from pipeline.chain.cluster.blobs import Blobs
from pipeline.chain.devices import Listed
from pipeline.chain.targets import Wish

#: The resource of trials that run at once.
TRIALS = "trials"
_DEVICE = "device "


@dataclass(frozen=True)
class Offer:
    """A device: its connect key, and the profiles that it fits."""

    key: str
    profiles: tuple[str, ...]

    def serves(self, wish: Wish) -> bool:
        """Whether a job with such a wish may run on it."""
        if wish.target is not None:
            return wish.target == self.key
        return wish.profile.name in self.profiles


@dataclass
class Station:
    """What a machine offers; ``address`` is its worker's."""

    workspace: Path
    hdc: Path | None
    offers: tuple[Offer, ...]
    version: str
    address: str = ""
    _taken: set[str] = field(default_factory=set)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    @property
    def blobs(self) -> Blobs:
        """The files that were sent here."""
        return Blobs(self.workspace / ".blobs")

    @contextmanager
    def device(self, wish: Wish) -> Iterator[Wish]:
        """A wish for the very device that is now taken; waits until one is free."""
        with self._changed:
            while (offer := self._free(wish)) is None:
                self._changed.wait(1.0)
            self._taken.add(offer.key)
        try:
            yield replace(wish, target=offer.key, emulate=None, hdc=self.hdc)
        finally:
            with self._changed:
                self._taken.discard(offer.key)
                self._changed.notify_all()

    def _free(self, wish: Wish) -> Offer | None:
        fitting = (one for one in self.offers if one.serves(wish))
        return next((one for one in fitting if one.key not in self._taken), None)


def offers(listed: Sequence[Listed], only: Sequence[str] = ()) -> tuple[Offer, ...]:
    """The devices that answer and fit a profile, or those of them called ``only``."""
    return tuple(
        Offer(one.target.key, one.profiles)
        for one in listed
        if one.facts is not None and one.profiles and (not only or one.target.key in only)
    )


def resources(offered: Sequence[Offer], trials: int) -> dict[str, float]:
    """What Dask is told: how many devices of each profile, each by its key, and trials at once."""
    found: dict[str, float] = {TRIALS: float(trials)} if trials else {}
    for offer in offered:
        found[target_resource(offer.key)] = 1.0
        for profile in offer.profiles:
            name = profile_resource(profile)
            found[name] = found.get(name, 0.0) + 1.0
    return found


def need(wish: Wish) -> str:
    """The resource of which a job takes one while it runs."""
    if wish.target is not None:
        return target_resource(wish.target)
    return profile_resource(wish.profile.name)


def device_count(resources: Mapping[str, float]) -> int:
    """How many devices a worker with such resources has."""
    return sum(name.startswith(_DEVICE) for name in resources)


def profile_resource(name: str) -> str:
    """The resource of devices of a kind."""
    return f"profile {name}"


def target_resource(key: str) -> str:
    """The resource of one device."""
    return f"{_DEVICE}{key}"
