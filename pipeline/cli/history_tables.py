"""What was measured before, as people read it."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from statistics import median

from rich.box import SIMPLE_HEAD
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from pipeline.chain.history import Imported
from pipeline.history.result import Conditions, Figure, Result
from pipeline.history.trend import Trend

_BARS = "▁▂▃▄▅▆▇█"
_WIDTH = 72
_MOST_TRENDS = 24
_TIMES = (Figure.P50, Figure.P90, Figure.P99, Figure.LOAD, Figure.FIRST)


def listed(found: Sequence[Result], place: Path) -> list[RenderableType]:
    """A line a result, the newest first."""
    if not found:
        return [Text(f"no such results in {place}")]
    table = Table(box=SIMPLE_HEAD)
    for name in ("time (UTC)", "model", "recipe", "device", "where"):
        table.add_column(name, no_wrap=name != "device")
    for name in ("bytes", "accuracy", "p50 ms", "p90 ms", "instructions"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("")
    for one in found:
        conditions = one.conditions
        table.add_row(
            moment(one.time_ms),
            *(Text(cell) for cell in (conditions.model, conditions.recipe, _device(conditions))),
            conditions.where,
            number(Figure.SIZE, one.size_bytes),
            number(Figure.ACCURACY, one.accuracy_percent),
            number(Figure.P50, one.p50_ns),
            number(Figure.P90, one.p90_ns),
            number(Figure.INSTRUCTIONS, one.instructions),
            Text(f"invalid: {one.reason}" if one.verdict == "invalid" else "", "bold red"),
        )
    return [table]


def trends(found: Sequence[Trend]) -> list[RenderableType]:
    """For each set of conditions a line that shows the figure, and a row for each level."""
    parts: list[RenderableType] = []
    for trend in found[:_MOST_TRENDS]:
        values = [point.value for point in trend.points]
        bars, marks = spark(values, [step.index for step in trend.steps])
        parts += [Text(), _title(trend), Text(f"  {bars}", "cyan")]
        if marks.strip():
            parts.append(Text(f"  {marks}", "bold red"))
        parts.append(_levels(trend))
    if len(found) > _MOST_TRENDS:
        more = len(found) - _MOST_TRENDS
        parts.append(Text(f"{more} older ones; ask for a --recipe or a --device", "dim"))
    return parts


def imported(found: Sequence[Imported], place: Path) -> list[RenderableType]:
    """A line for each file or folder, and what there is now."""
    lines: list[RenderableType] = []
    for one in found:
        text = one.problem or f"{one.added.new} new, {one.added.known} known"
        lines.append(Text(f"{one.source}: {text}", "yellow" if one.problem else ""))
    new = sum(one.added.new for one in found)
    return [*lines, Text.assemble(("history: ", "bold"), f"{place}, {new} results more")]


def spark(values: Sequence[float], steps: Sequence[int], width: int = _WIDTH) -> tuple[str, str]:
    """Figures as bars in a line, and below them a mark at each step; medians where they are many.

    A bar is a level of the whole range; figures within 1 % of each other are all of one height.
    """
    size = -(-len(values) // width)
    groups = [values[start : start + size] for start in range(0, len(values), size)]
    levels = [float(median(group)) for group in groups]
    low, high = min(levels), max(levels)
    span = max(high - low, 0.01 * abs(high)) or 1.0
    bars = "".join(_BARS[round((level - low) / span * (len(_BARS) - 1))] for level in levels)
    marked = {step // size for step in steps}
    return bars, "".join("^" if place in marked else " " for place in range(len(bars)))


def number(figure: Figure, value: float | None) -> str:
    """A figure in the unit that people read it in: ms, bytes, percent, a count."""
    if value is None:
        return ""
    if figure in _TIMES:
        return f"{value / 1e6:.4g}"
    return f"{value:.2f} %" if figure is Figure.ACCURACY else f"{value:,.0f}"


def moment(time_ms: int) -> str:
    """A time in UTC, to the minute."""
    found = datetime.datetime.fromtimestamp(time_ms / 1000, datetime.timezone.utc)
    return found.strftime("%Y-%m-%d %H:%M")


def _title(trend: Trend) -> Text:
    conditions, last = trend.conditions, trend.points[-1]
    unit = " ms" if trend.figure in _TIMES else ""
    name = " ".join(filter(None, (conditions.model, conditions.recipe, _device(conditions))))
    return Text.assemble(
        (f"{name}: {trend.figure.value} ", "bold"),
        f"{number(trend.figure, last.value)}{unit}, {_count(trend)} ",
        (_details(conditions), "dim"),
        ("  EMULATED" if conditions.where.startswith("emulated") else "", "bold yellow"),
    )


def _count(trend: Trend) -> str:
    number_of = len(trend.points)
    return "1 result" if number_of == 1 else f"{number_of} results"


def _details(conditions: Conditions) -> str:
    if not conditions.where:
        return ""
    parts = [conditions.where, conditions.mode, f"{conditions.threads} threads"]
    if conditions.fp16:
        parts.append("fp16")
    if conditions.beside:
        parts.append(f"beside {conditions.beside}")
    return f"({', '.join(parts)}; runner {conditions.runner[:7]}, runtime {conditions.runtime[:7]})"


def _levels(trend: Trend) -> Table:
    """From step to step: since when, how many results, their median and its change."""
    table = Table(box=SIMPLE_HEAD, pad_edge=True)
    table.add_column("since (UTC)", no_wrap=True)
    for name in ("results", "median", "change"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("came with")
    bounds = [0, *(step.index for step in trend.steps), len(trend.points)]
    for place, (start, end) in enumerate(pairwise(bounds)):
        step = trend.steps[place - 1] if place else None
        level = median(point.value for point in trend.points[start:end])
        table.add_row(
            moment(trend.points[start].time_ms),
            str(end - start),
            number(trend.figure, level),
            _change(trend, step.before, step.after) if step else Text(),
            Text(", ".join(trend.came_with(step)) if step else ""),
        )
    return table


def _change(trend: Trend, before: float, after: float) -> Text:
    worse = after < before if trend.figure is Figure.ACCURACY else after > before
    if trend.figure is Figure.ACCURACY:
        text = f"{after - before:+.2f}"
    else:
        text = f"{100 * (after / before - 1):+.1f} %" if before else "new"
    return Text(text, "bold red" if worse else "green")


def _device(conditions: Conditions) -> str:
    return " ".join(filter(None, (conditions.profile, conditions.device)))
