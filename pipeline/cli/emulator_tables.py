"""Emulated devices as people read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from pipeline.chain.emulator import Lab


def lab(value: Lab) -> list[RenderableType]:
    """The devices, and how to use them."""
    if not value.devices:
        return [Text("no emulated device; start one: pipeline emulator start phone")]
    table = Table(box=SIMPLE_HEAD)
    for name in ("key", "kind", "connection", "state"):
        table.add_column(name, overflow="fold")
    for one in value.devices:
        state = Text("running", "green") if one.running else Text("stopped", "yellow")
        table.add_row(Text(one.key), Text(one.device_type), Text(one.connection), state)
    parts: list[RenderableType] = [table]
    running = [one.key for one in value.devices if one.running]
    if running:
        use = f"pipeline benchmark --hdc {value.hdc} --target {running[0]}"
        parts.append(Text.assemble(("use: ", "bold"), use))
    return parts
