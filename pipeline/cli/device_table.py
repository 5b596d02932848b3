"""Connected devices as people read them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from device.device import DeviceFacts
    from pipeline.chain.devices import Listed

_NAMES = ("key", "connection", "state", "fits", "what it is")
_DEBUGGABLE = {True: "debuggable", False: "not debuggable", None: ""}


def devices(listed: Sequence[Listed]) -> list[RenderableType]:
    """A row for each device: what it is, then what it has."""
    if not listed:
        return [Text("no device connected; turn on developer mode and USB debugging, then connect")]
    table = Table(box=SIMPLE_HEAD)
    for name in _NAMES:
        table.add_column(name)
    for item in listed:
        cells = (
            item.target.key,
            item.target.connection,
            item.target.state.value,
            ", ".join(item.profiles),
            "\n".join(_lines(item)),
        )
        table.add_row(*map(Text, cells))
    return [table]


def _lines(item: Listed) -> Iterator[str]:
    if item.facts is None:
        yield item.problem or ""
        return
    yield item.facts.summary
    yield from (line for line in (_computes(item.facts), _holds(item.facts)) if line)
    if item.holder is not None:
        yield f"in use by {item.holder.who} since {item.holder.since}"


def _computes(facts: DeviceFacts) -> str:
    """Cores and what they can: ``4 x 1.53 GHz, fp16, no dotprod``."""
    cores = [f"{count} x {khz / 1e6:.2f} GHz" for count, khz in facts.clusters]
    if not cores and facts.cores:
        cores = [f"{facts.cores} cores"]
    features = (("fp16", facts.has_fp16), ("dotprod", facts.has_dotprod))
    is_arm = (facts.abi or "").startswith("arm")
    told = [name if has else f"no {name}" for name, has in features if has is not None and is_arm]
    return ", ".join((" + ".join(cores), *told) if cores else told)


def _holds(facts: DeviceFacts) -> str:
    """Memory, storage and build."""
    parts = (
        f"{facts.memory_bytes / 2**30:.1f} GiB memory" if facts.memory_bytes else "",
        f"{facts.free_storage_bytes / 2**30:.1f} GiB free"
        if facts.free_storage_bytes is not None
        else "",
        facts.build or "",
        _DEBUGGABLE[facts.debuggable],
    )
    return ", ".join(part for part in parts if part)
