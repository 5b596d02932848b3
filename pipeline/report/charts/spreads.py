"""How values of layers are spread, within what can be stored of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipeline.report.charts.picture import Colour, Picture, axis_title, draw, label
from pipeline.report.words import layer_names
from pipeline.search.sensitivity import Spread

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLUMNS = 2
_ROW_IN = 1.35
#: Between rows, in heights of a panel: the ticks of one and the title of the next.
_BETWEEN = 0.6
#: Where bars begin, so that a count of 1 is seen.
_BASE = 0.6
#: Room below the bars, in heights of the bars, for the ticks of levels.
_BELOW = 0.12


def spreads(shown: Sequence[Spread], name: str = "spreads") -> Picture:
    """A histogram for each, counts on a log axis: the range that can be stored is shaded, the
    levels in it are ticks below. One alone is drawn large, several in two columns.

    Raises ValueError without any.
    """
    if not shown:
        raise ValueError("there are no values")
    columns = min(_COLUMNS, len(shown))
    rows = -(-len(shown) // columns)
    titles = layer_names([spread.name for spread in shown])

    height = max(2.6, _ROW_IN * rows)

    def paint(figure: Figure) -> None:
        figure.subplots_adjust(
            left=0.09, right=0.985, top=1 - 0.3 / height, bottom=0.3 / height,
            wspace=0.18, hspace=_BETWEEN,
        )  # fmt: skip
        panels = figure.subplots(rows, columns, squeeze=False).ravel()
        for place, (axes, spread) in enumerate(zip(panels, shown, strict=False)):
            _histogram(axes, spread)
            axis_title(axes, label(titles[place], 18))
        for axes in panels[len(shown) :]:
            axes.set_axis_off()

    return draw(name, _alt(shown, titles), height, paint, arranged=False)


def _histogram(axes: Axes, spread: Spread) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

    axes.set_yscale("log")
    top = max(10.0, *spread.counts) * 1.6
    bars = [max(count, _BASE) for count in spread.counts]  # of zero there is no logarithm
    axes.stairs(bars, spread.edges, baseline=_BASE, fill=True, color=Colour.MAIN.value)
    axes.set_ylim(_BASE * (_BASE / top) ** _BELOW, top)
    low, high = min(spread.low, spread.edges[0]), max(spread.high, spread.edges[-1])
    room = 0.04 * (high - low) or 1.0
    axes.set_xlim(low - room, high + room)
    axes.axvspan(spread.low, spread.high, color=Colour.ACCENT.value, alpha=0.13, linewidth=0)
    for end in (spread.low, spread.high):
        axes.axvline(end, color=Colour.ACCENT.value, linestyle="--", linewidth=1)
    if spread.levels:
        _levels(axes, spread.levels)
    if spread.clipped:
        axes.set_title(f"{100 * spread.clipped:.2g} % clipped", loc="right", fontsize=7.5)
    axes.grid(False, axis="x")
    axes.tick_params(labelsize=7.5)
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.yaxis.set_major_locator(LogLocator(numticks=4))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(_count))


def _count(value: float, _: object) -> str:
    """``1``, ``100``, ``10k``, ``1M``: short, for the panels are narrow."""
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if value >= size:
            return f"{value / size:g}{unit}"
    return f"{value:g}"


def _levels(axes: Axes, levels: Sequence[float]) -> None:
    """Ticks below the bars, as one line with gaps, which takes little of the file."""
    across = [value for level in levels for value in (level, level, math.nan)]
    up = [0.0, _BELOW * 0.7, math.nan] * len(levels)
    axes.plot(
        across, up, transform=axes.get_xaxis_transform(), color=Colour.TEXT.value, linewidth=1
    )


def _alt(shown: Sequence[Spread], titles: Sequence[str]) -> str:
    kinds = " and ".join(sorted({spread.kind for spread in shown}))
    if len(shown) == 1:
        return f"Histogram of {kinds} values: {_told(shown[0], titles[0])}."
    widest = max(range(len(shown)), key=lambda at: shown[at].high - shown[at].low)
    clipped = max(range(len(shown)), key=lambda at: shown[at].clipped)
    text = f"Histograms of {kinds} values of {len(shown)} layers. "
    text += f"The widest range is that of {_told(shown[widest], titles[widest])}."
    if shown[clipped].clipped:
        text += f" Most is clipped in {_told(shown[clipped], titles[clipped])}."
    return text


def _told(spread: Spread, title: str) -> str:
    told = f"{label(title, 60)}, {sum(spread.counts):,} values from {spread.edges[0]:.3g} "
    told += f"to {spread.edges[-1]:.3g}, stored from {spread.low:.3g} to {spread.high:.3g}"
    if spread.levels:
        told += f" as {len(spread.levels)} levels"
    return f"{told}, {100 * spread.clipped:.2g} % clipped" if spread.clipped else told
