"""Many figures night by night in one picture: a row a figure, each against its own usual level."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timezone
from statistics import median
from typing import TYPE_CHECKING

from pipeline.report.charts.picture import WIDTH_IN, Colour, Picture, draw, label
from pipeline.report.charts.trends import Line

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_ROW_IN = 0.3
_FRAME_IN = 0.42
_LEFT_IN, _RIGHT_IN = 1.4, 1.15
#: The least change that fills a row, as the logarithm of a ratio: smaller ones look small.
_LEAST = math.log(1.05)


def nights(lines: Sequence[Line], name: str = "nights") -> Picture:
    """A line a figure, all on one scale; a bar where a step is; its last value and how far that is
    from the median of the nights before.

    Raises ValueError without lines, or with one of fewer than two values or not above 0.
    """
    if not lines or any(len(one.values) < 2 or min(one.values) <= 0 for one in lines):
        raise ValueError("there are no nights to be compared")
    moments = sorted({time for one in lines for time in one.times_ms})
    scale = max(_LEAST, *(abs(value) for one in lines for value in _relative(one)))
    height = _FRAME_IN + _ROW_IN * len(lines)

    def paint(figure: Figure) -> None:
        figure.subplots_adjust(
            left=_LEFT_IN / WIDTH_IN, right=1 - _RIGHT_IN / WIDTH_IN,
            top=1 - 0.05 / height, bottom=0.35 / height,
        )  # fmt: skip
        axes = figure.subplots()
        places = {moment: place for place, moment in enumerate(moments)}
        for row, one in enumerate(lines):
            _row(axes, one, [places[time] for time in one.times_ms], row, scale)
        axes.set_ylim(len(lines) - 0.5, -0.5)
        axes.set_yticks(range(len(lines)), [label(one.name, 24) for one in lines])
        axes.tick_params(axis="y", length=0, labelsize=7.5)
        axes.spines["left"].set_visible(False)
        _days(axes, moments)

    return draw(name, _alt(lines, moments, scale), height, paint, arranged=False)


def change(line: Line) -> float:
    """The last value over the median of those before it, less 1."""
    return line.values[-1] / median(line.values[:-1]) - 1


def _row(axes: Axes, line: Line, places: Sequence[int], row: int, scale: float) -> None:
    heights = [row - 0.42 * value / scale for value in _relative(line)]
    axes.plot(places, heights, color=Colour.MAIN.value, linewidth=1)
    axes.plot(places[-1:], heights[-1:], "o", markersize=2.6, color=Colour.MAIN.value)
    for step in line.steps:
        at = (places[step] + places[step - 1]) / 2
        axes.plot([at, at], [row - 0.45, row + 0.45], color=Colour.ACCENT.value, linewidth=1.6)
    axes.annotate(
        f"{line.words(line.values[-1])} {100 * change(line):+.1f} %", (1.02, row), va="center",
        xycoords=axes.get_yaxis_transform(), annotation_clip=False, fontsize=7,
    )  # fmt: skip


def _relative(line: Line) -> list[float]:
    middle = median(line.values)
    return [math.log(value / middle) for value in line.values]


def _days(axes: Axes, moments: Sequence[int]) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    form = "%d %b" if moments[-1] - moments[0] > 86_400_000 else "%H:%M"
    axes.set_xlim(-0.5, len(moments) - 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(3, integer=True))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda at, _: _moment(moments, at, form)))


def _moment(moments: Sequence[int], at: float, form: str) -> str:
    place = round(at)
    if not 0 <= place < len(moments):
        return ""
    return datetime.fromtimestamp(moments[place] / 1000, timezone.utc).strftime(form)


def _alt(lines: Sequence[Line], moments: Sequence[int], scale: float) -> str:
    far = max(lines, key=lambda one: abs(change(one)))
    count = "1 figure" if len(lines) == 1 else f"{len(lines)} figures"
    text = f"{count} over {len(moments)} nights, each against its own median; a row "
    text += f"is {100 * math.expm1(scale):.0f} % high to either side. Farthest from the nights "
    text += f"before is {label(far.name, 60)}: {100 * change(far):+.1f} %. "
    stepped = [label(one.name, 60) for one in lines if one.steps]
    return text + (f"Steps: {', '.join(stepped)}." if stepped else "None has a step.")
