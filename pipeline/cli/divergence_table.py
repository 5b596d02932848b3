"""Two models, or a model and its network, layer by layer as people read it.

Every name comes from a file that nobody vouches for, so each goes through ``one_line``.
"""

from __future__ import annotations

import math

from rich.box import SIMPLE_HEAD
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from pipeline.core.errors import one_line
from pipeline.stages.divergence import Divergence, Layer, State

_STYLES = {State.SAME: "green", State.DIFFERS: "bold red", State.INNER: "dim"}


def divergence(value: Divergence) -> list[RenderableType]:
    """The line that tells where, the layers, and what takes most."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in ("layer", "operator"):
        table.add_column(name, overflow="fold")
    for name in ("cosine", "relative error", "largest error", "takes"):
        table.add_column(name, justify="right")
    table.add_column("")
    found = value.first
    for row in value.layers:
        table.add_row(*_cells(row, first=row is found))
    parts: list[RenderableType] = [Text(one_line(value.message), style="bold"), table]
    if (costliest := value.costliest) is not None:
        text = f"most is lost in {one_line(costliest.layer)} ({costliest.lost:.5f} of the cosine)"
        parts.append(Text(text))
    if value.unmatched:
        parts.append(Text(f"{value.unmatched} operators have no counterpart", style="dim"))
    return parts


def _cells(row: Layer, *, first: bool) -> tuple[Text, ...]:
    found = row.difference
    state = f"{found.nan_count} NaN" if found.nan_count else row.state.value
    return (
        Text(one_line(row.layer), style="bold" if first else ""),
        Text(one_line(row.kind)),
        Text(_number(found.cosine, ".5f")),
        Text(_number(found.relative_error, ".3g")),
        Text(_number(found.max_error, ".4g")),
        Text(_number(row.lost, ".5f") if row.lost else ""),
        Text(f"{state}, first" if first else state, style=_STYLES[row.state]),
    )


def _number(value: float, form: str) -> str:
    return format(value, form) if math.isfinite(value) else "-"
