"""Accuracies in several states, a row for each way that they were come by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.report.charts import accuracy
from pipeline.report.charts.picture import Colour, Picture, axis_title, draw, label
from pipeline.report.words import percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_ROW_IN = 0.34
_FRAME_IN = 1.15
#: Marks, colours and whether they are filled, in the order of states: shapes differ.
_LOOKS = (
    ("s", Colour.TEXT, True),
    ("X", Colour.ACCENT, True),
    ("o", Colour.MAIN, False),
    ("D", Colour.GOOD, True),
    ("^", Colour.ACCENT, False),
)
#: Height in a row, so that marks of equal accuracy do not hide each other.
_APART = 0.15


@dataclass(frozen=True)
class Point:
    """A state's accuracy in percent, and its deviation over repetitions (None for one)."""

    state: str
    percent: float
    deviation: float | None = None


@dataclass(frozen=True)
class States:
    """One row: a name and its states, each at most once."""

    name: str
    points: Sequence[Point]


def states(rows: Sequence[States], name: str = "states") -> Picture:
    """A row each, a mark for each state with a bar of one deviation to either side.

    Raises ValueError without any row or with more than five states.
    """
    order = list(dict.fromkeys(point.state for row in rows for point in row.points))
    if not order or len(order) > len(_LOOKS):
        raise ValueError(f"from one to {len(_LOOKS)} states can be drawn, not {len(order)}")

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        for place, row in enumerate(rows):
            for point in row.points:
                _mark(axes, place, order.index(point.state), len(order), point)
        axes.set_yticks(range(len(rows)), [label(row.name, 22) for row in rows])
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.tick_params(axis="y", length=0)
        axes.grid(False, axis="y")
        percents = [end for row in rows for point in row.points for end in _ends(point)]
        axes.set_xlim(*accuracy.label(axes.xaxis, percents))
        axis_title(axes, "accuracy")
        handles, told = axes.get_legend_handles_labels()
        seen = dict(zip(told, handles, strict=True))
        figure.legend(
            [seen[state] for state in order],
            [label(state, 30) for state in order],
            loc="outside lower center",
            ncols=2,
        )

    return draw(name, _alt(rows), _FRAME_IN + _ROW_IN * len(rows), paint)


def _mark(axes: Axes, row: int, state: int, count: int, point: Point) -> None:
    mark, colour, filled = _LOOKS[state]
    height = row + _APART * (state - (count - 1) / 2)
    axes.plot(
        [accuracy.place(end) for end in _ends(point)], [height, height],
        color=colour.value, linewidth=1,
    )  # fmt: skip
    axes.plot(
        [accuracy.place(point.percent)], [height], mark, markersize=5, color=colour.value,
        markerfacecolor=colour.value if filled else "none", linestyle="none", label=point.state,
    )  # fmt: skip


def _ends(point: Point) -> tuple[float, float]:
    reach = point.deviation or 0.0
    return max(point.percent - reach, 0.0), min(point.percent + reach, 100.0)


def _alt(rows: Sequence[States]) -> str:
    told = []
    for row in rows:
        points = ", ".join(f"{point.state} {percent(point.percent)}" for point in row.points)
        told.append(f"{label(row.name, 60)}: {points}")
    return f"Accuracies of {len(rows)} rows. {'. '.join(told)}."
