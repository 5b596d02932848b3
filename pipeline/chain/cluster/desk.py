"""Which worker gets a job: one that has a device free for it, and not before.

Left to itself, Dask hands out all jobs at once by what each worker has to do in all, and takes none
of them back that needs a resource. A job would wait for the phone of one machine while that of
another is idle: with two kinds of device on each machine that took twice the time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.chain.cluster.station import device_count

#: The resources of each worker, by its address.
Offered = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class Place:
    """What a job takes, and the worker that it takes it of."""

    address: str
    need: str


def place(need: str, offered: Offered, taken: Sequence[Place]) -> Place | None:
    """Where a job can begin at once: of several workers, that with the most idle devices."""
    idle: dict[str, int] = {}
    for address, resources in offered.items():
        there = [one.need for one in taken if one.address == address]
        # A device that fits two profiles is offered for both, and there only once.
        left = device_count(resources) - len(there)
        if left > 0 and resources.get(need, 0) > there.count(need):
            idle[address] = left
    return Place(max(idle, key=lambda address: idle[address]), need) if idle else None


def is_offered(need: str, offered: Offered) -> bool:
    """Whether anybody has it, busy or not."""
    return any(need in resources for resources in offered.values())
