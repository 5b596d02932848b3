"""What each layer costs: one row a layer, in the order of the model, its number as in the table."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipeline.report.charts.picture import Colour, Picture, axis_title, draw, label
from pipeline.report.words import decibels, layer_names, loss, points, small, worst_loss
from pipeline.search.sensitivity import LayerCost

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_ROW_IN = 0.185
_FRAME_IN = 0.95
#: Losses below it are the rounding of float32, of which 2**-24 is half a step at 1.
_LEAST = 2.0**-24


def bars(costs: Sequence[LayerCost]) -> Picture:
    """1 - cosine of the outputs (mean and worst sample) and the drop in accuracy, a row a layer.

    Raises ValueError without layers.
    """
    _some(costs)

    def paint(figure: Figure) -> None:
        left, right = figure.subplots(1, 2, sharey=True, width_ratios=(3, 2))
        _rows(left, costs)
        _losses(left, costs)
        _drops(right, costs)
        handles, told = left.get_legend_handles_labels()
        if told:
            figure.legend(handles, told, loc="outside lower center", ncols=2)

    return draw("costs", _bars_alt(costs), _height(costs), paint)


def sqnr(costs: Sequence[LayerCost]) -> Picture:
    """Signal to quantization noise of the weights in dB, a row a layer.

    Raises ValueError without layers.
    """
    _some(costs)

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        _rows(axes, costs)
        values = [0.0 if cost.failed else _finite(cost.sqnr_db) for cost in costs]
        axes.barh(range(len(costs)), values, height=0.68, color=Colour.MAIN.value)
        axes.set_xlim(min(0.0, *values), max(1.0, *values) * 1.18)
        for row, (cost, value) in enumerate(zip(costs, values, strict=True)):
            told = "failed" if cost.failed else decibels(cost.sqnr_db)
            _told(axes, max(value, 0.0), row, told)
        axis_title(axes, "signal to noise of weights, dB")

    return draw("sqnr", _sqnr_alt(costs), _height(costs), paint)


def _some(costs: Sequence[LayerCost]) -> None:
    if not costs:
        raise ValueError("there are no layers")


def _height(costs: Sequence[LayerCost]) -> float:
    return _FRAME_IN + _ROW_IN * len(costs)


def _rows(axes: Axes, costs: Sequence[LayerCost]) -> None:
    names = layer_names([cost.node for cost in costs])
    numbered = [f"{label(name, 18)}  {place}" for place, name in enumerate(names, 1)]
    axes.set_yticks(range(len(costs)), numbered)
    axes.set_ylim(len(costs) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.grid(False, axis="y")


def _losses(axes: Axes, costs: Sequence[LayerCost]) -> None:
    means, worst = [loss(cost) for cost in costs], [worst_loss(cost) for cost in costs]
    known = [value for value in (*means, *worst) if value is not None and value > _LEAST]
    low, high = min(known, default=1e-3), max(known, default=1.0)
    floor = 10.0 ** math.floor(math.log10(low) - 0.15)
    axes.set_xscale("log")
    axes.set_xlim(floor, 10.0 ** (math.log10(high / floor) * 1.35) * floor)
    shown = [mean if mean is not None and mean > floor else floor for mean in means]
    axes.barh(
        range(len(costs)), [mean - floor for mean in shown], left=floor, height=0.68,
        color=Colour.MAIN.value, label="mean of all samples, and its figure",
    )  # fmt: skip
    marked = [(most, row) for row, most in enumerate(worst) if most is not None and most > floor]
    if marked:
        axes.plot(
            *zip(*marked, strict=True), "D", markersize=4, markerfacecolor="none",
            markeredgecolor=Colour.TEXT.value, clip_on=False, label="worst sample",
        )  # fmt: skip
    for row, (mean, most) in enumerate(zip(means, worst, strict=True)):
        ends = [max(value, floor) for value in (mean, most) if value is not None]
        _told(axes, max(ends, default=floor), row, "failed" if costs[row].failed else small(mean))
    axis_title(axes, "1 - cosine of the outputs")
    _few_decades(axes)


def _drops(axes: Axes, costs: Sequence[LayerCost]) -> None:
    values = [0.0 if cost.failed else _finite(cost.drop_points) for cost in costs]
    axes.barh(range(len(costs)), values, height=0.68, color=Colour.ACCENT.value)
    axes.axvline(0, color=Colour.GRID.value, linewidth=0.8)
    low, high = min(0.0, *values), max(0.0, *values)
    reach = max(high - low, 0.1)
    axes.set_xlim(low - 0.05 * reach, high + 0.55 * reach)
    for row, cost in enumerate(costs):
        _told(axes, max(values[row], 0.0), row, "" if cost.failed else points(cost.drop_points))
    axes.tick_params(axis="y", labelleft=False, length=0)
    axes.grid(False, axis="y")
    axes.locator_params(axis="x", nbins=3)
    axis_title(axes, "points lost")


def _few_decades(axes: Axes) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    axes.xaxis.set_major_locator(LogLocator(numticks=4))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def _told(axes: Axes, end: float, row: int, text: str) -> None:
    """``text`` behind the end of a bar."""
    axes.annotate(
        text, (end, row), xytext=(5, 0), textcoords="offset points", annotation_clip=False,
        va="center", fontsize=7.5,
    )  # fmt: skip


def _finite(value: float | None) -> float:
    return value if value is not None and math.isfinite(value) else 0.0


def _bars_alt(costs: Sequence[LayerCost]) -> str:
    names = layer_names([cost.node for cost in costs])
    pairs = [(loss(cost), name, cost) for cost, name in zip(costs, names, strict=True)]
    known = [(value, name, cost) for value, name, cost in pairs if value is not None]
    text = f"What quantizing each layer alone costs, {len(costs)} in all. "
    if known:
        most = max(known, key=lambda one: one[0])
        least = min(known, key=lambda one: one[0])
        text += f"1 - cosine goes from {small(least[0])} ({label(least[1], 60)}) "
        text += f"to {small(most[0])} ({label(most[1], 60)}). "
        dropped = max(known, key=lambda one: one[2].drop_points)
        if dropped[2].drop_points > 0:
            text += f"The most accuracy lost is {points(dropped[2].drop_points)} points"
            text += f" ({label(dropped[1], 60)})."
        else:
            text += "None loses accuracy."
    failed = len(costs) - len(known)
    return f"{text} Without figures: {failed}." if failed else text


def _sqnr_alt(costs: Sequence[LayerCost]) -> str:
    names = layer_names([cost.node for cost in costs])
    known = [
        (cost.sqnr_db, name)
        for cost, name in zip(costs, names, strict=True)
        if not cost.failed and cost.sqnr_db is not None and math.isfinite(cost.sqnr_db)
    ]
    text = f"Signal to quantization noise of the weights, layers: {len(costs)}"
    if not known:
        return f"{text}; none has a finite one."
    (low, worst), (high, best) = min(known), max(known)
    return (
        f"{text}: from {decibels(low)} ({label(worst, 60)}) "
        f"to {decibels(high)} ({label(best, 60)})."
    )
