"""A figure night by night, with the steps that were found in it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from statistics import median
from typing import TYPE_CHECKING

from pipeline.report.charts.picture import Colour, Picture, draw, label

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from pipeline.history.trend import Trend

_HEIGHT_IN = 2.2


@dataclass(frozen=True)
class Line:
    """Values by the moment (milliseconds since 1970, ascending); ``steps``: the places in them from
    which on the level is another one, and ``words`` writes a value with its unit."""

    name: str
    times_ms: Sequence[int]
    values: Sequence[float]
    steps: Sequence[int]
    words: Callable[[float], str]

    @classmethod
    def of(cls, series: Trend, name: str, words: Callable[[float], str]) -> Line:
        """A trend of the history."""
        return cls(
            name,
            [point.time_ms for point in series.points],
            [point.value for point in series.points],
            [step.index for step in series.steps],
            words,
        )


def trend(line: Line, name: str = "trend") -> Picture:
    """Points, the level between steps, and a dashed line where a step is.

    Raises ValueError without points.
    """
    if not line.values:
        raise ValueError("there are no nights")

    def paint(figure: Figure) -> None:
        from matplotlib.ticker import FuncFormatter, MaxNLocator

        axes = figure.subplots()
        count = len(line.values)
        axes.plot(range(count), line.values, "o", markersize=3, color=Colour.MAIN.value)
        edges = [0, *line.steps, count]
        for start, end in itertools.pairwise(edges):
            middle = median(line.values[start:end])
            axes.plot([start - 0.4, end - 0.6], [middle] * 2, color=Colour.TEXT.value, linewidth=1)
        for step in line.steps:
            axes.axvline(step - 0.5, color=Colour.ACCENT.value, linestyle="--", linewidth=1.2)
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: line.words(value)))
        axes.yaxis.set_major_locator(MaxNLocator(5))
        axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda at, _: _day(line, at)))
        room = 0.1 * (max(line.values) - min(line.values)) or 0.05 * abs(line.values[0]) or 1.0
        axes.set_ylim(min(line.values) - room, max(line.values) + room)

    return draw(name, _alt(line), _HEIGHT_IN, paint)


def _day(line: Line, at: float) -> str:
    place = round(at)
    if not 0 <= place < len(line.times_ms):
        return ""
    moment = datetime.fromtimestamp(line.times_ms[place] / 1000, timezone.utc)
    same_day = line.times_ms[-1] - line.times_ms[0] < 86_400_000
    return moment.strftime("%H:%M" if same_day else "%d %b")


def _alt(line: Line) -> str:
    first, last = line.words(line.values[0]), line.words(line.values[-1])
    text = f"{label(line.name, 60)} over {len(line.values)} nights, from {first} to {last}"
    if not line.steps:
        return f"{text}, without a step."
    days = ", ".join(_day(line, step) for step in line.steps)
    return f"{text}, with {len(line.steps)} steps: {days}."
