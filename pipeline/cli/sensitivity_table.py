"""What each layer costs when it alone is quantized, as people read it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rich.box import SIMPLE_HEAD
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from pipeline.core.errors import one_line
from pipeline.report.words import decibels, layer_names, loss, points, small
from pipeline.search.sensitivity import LayerCost

_BAR_CELLS = 20
_LEAST_CELLS = 6
_EIGHTHS = " ▏▎▍▌▋▊▉█"


def shown(costs: Sequence[LayerCost], title: str) -> list[RenderableType]:
    """The layers in the order of the model, each with a bar of its 1 - cosine on a log scale.

    How each is stored is a column only where they differ.
    """
    heading = Text(one_line(title), style="bold")
    table = Table(box=SIMPLE_HEAD, title=heading, title_justify="left")
    table.add_column("", justify="right", no_wrap=True)
    table.add_column("layer", overflow="fold")
    differ = len({cost.setting for cost in costs}) > 1
    if differ:
        table.add_column("stored as", overflow="fold")
    for name in ("bytes\nsaved", "points\nlost", "noise", "1 - cosine"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("(log)")  # gives way first where the terminal is narrow
    names, filled = layer_names([cost.node for cost in costs]), _filled(costs)
    for place, (cost, name, part) in enumerate(zip(costs, names, filled, strict=True), 1):
        setting = [Text(one_line(cost.setting))] if differ else []
        table.add_row(str(place), Text(one_line(name)), *setting, *_cells(cost, part))
    return [Text(), table, _verdict(costs, names)]


def _cells(cost: LayerCost, part: float) -> tuple[RenderableType, ...]:
    if cost.failed:
        why = Text(one_line(cost.failed), style="red", no_wrap=True, overflow="ellipsis")
        return "", "", "", Text("failed", style="bold red"), why
    return (
        f"{cost.saved_bytes:,}",
        points(cost.drop_points),
        decibels(cost.sqnr_db),
        small(loss(cost)),
        _Bar(part, "yellow" if cost.drop_points > 0 else "cyan"),
    )


def _filled(costs: Sequence[LayerCost]) -> list[float]:
    """Part of its bar that each layer fills, by the logarithm of its loss.

    The smallest loss but zero still shows, as an eighth of the bar.
    """
    losses = [loss(cost) or 0.0 for cost in costs]
    logs = [math.log10(value) for value in losses if value > 0]
    low, high = min(logs, default=0.0), max(logs, default=0.0)
    reach = (high - low) * 8 / 7 or 1.0
    return [1 + (math.log10(value) - high) / reach if value > 0 else 0.0 for value in losses]


def _verdict(costs: Sequence[LayerCost], names: Sequence[str]) -> Text:
    known = [
        (value, name, cost)
        for cost, name in zip(costs, names, strict=True)
        if (value := loss(cost)) is not None
    ]
    if not known:
        return Text("no layer has figures", style="bold red")
    value, name, cost = max(known, key=lambda one: (one[0], one[2].drop_points))
    told = f"{one_line(name)}, 1 - cosine {small(value)}, {points(cost.drop_points)} points lost"
    return Text.assemble(("costs most: ", "bold"), told)


@dataclass(frozen=True)
class _Bar:
    """A bar that fills ``part`` of its cells; of # where the terminal has ASCII only."""

    part: float
    style: str

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """In eighths of a cell."""
        cells = min(_BAR_CELLS, options.max_width)
        whole, rest = divmod(round(self.part * cells * 8), 8)
        bar = "#" * whole if options.ascii_only else _EIGHTHS[8] * whole + _EIGHTHS[rest]
        yield Text(bar.rstrip(), style=self.style)

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        """Narrower where there is no room."""
        return Measurement(_LEAST_CELLS, _BAR_CELLS)
