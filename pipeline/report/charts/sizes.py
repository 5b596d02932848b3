"""How accurate a model is that is so many times smaller: one line for each way to quantize."""

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

_HEIGHT_IN = 4.0
_LOOKS = (
    ("o", Colour.MAIN),
    ("D", Colour.GOOD),
    ("s", Colour.TEXT),
    ("^", Colour.ACCENT),
)


@dataclass(frozen=True)
class Size:
    """A model that is ``times`` smaller than the float one, and accuracies in percent: as it was
    quantized (None where it was unusable) and after it was trained on."""

    name: str
    times: float
    before: float | None
    after: float


@dataclass(frozen=True)
class Line:
    """Models that belong together, the largest first."""

    name: str
    sizes: Sequence[Size]


def sizes(lines: Sequence[Line], name: str = "sizes") -> Picture:
    """Times smaller against accuracy; arrows go from before to after.

    Raises ValueError without any model or with more than four lines.
    """
    every = [size for line in lines for size in line.sizes]
    if not every or len(lines) > len(_LOOKS):
        raise ValueError(f"from one to {len(_LOOKS)} lines can be drawn, not {len(lines)}")

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        _axes(axes, every)
        for line, (mark, colour) in zip(lines, _LOOKS, strict=False):
            _line(axes, line, mark, colour)
        figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=2)

    return draw(name, _alt(lines), _HEIGHT_IN, paint)


def _axes(axes: Axes, every: Sequence[Size]) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    axes.set_xscale("log")
    times = [size.times for size in every]
    axes.set_xlim(min(times) / 1.25, max(times) * 1.5)
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}x"))
    percents = [end for size in every for end in (size.before, size.after) if end is not None]
    axes.set_ylim(*accuracy.label(axes.yaxis, percents))
    axes.set_xlabel("times smaller than the float model")
    axis_title(axes, "accuracy: quantized (small) and fine-tuned (large)")


def _line(axes: Axes, line: Line, mark: str, colour: Colour) -> None:
    after = [(size.times, accuracy.place(size.after)) for size in line.sizes]
    axes.plot(
        *zip(*after, strict=True), mark, markersize=6, color=colour.value, linestyle="-",
        linewidth=1.2, label=label(line.name, 30),
    )  # fmt: skip
    for size, place in zip(line.sizes, after, strict=True):
        axes.annotate(
            label(size.name, 14), place, xytext=(4, 5), textcoords="offset points", fontsize=7
        )
        if size.before is None:
            continue
        below = accuracy.place(size.before)
        axes.plot([size.times], [below], mark, markersize=3.2, color=colour.value)
        axes.annotate(
            "", place, (size.times, below),
            arrowprops={
                "arrowstyle": "-|>", "color": colour.value, "linewidth": 0.8, "linestyle": ":",
                "shrinkA": 2, "shrinkB": 4, "mutation_scale": 7,
            },
        )  # fmt: skip


def _alt(lines: Sequence[Line]) -> str:
    told = []
    for line in lines:
        models = "; ".join(
            f"{label(size.name, 30)} is {size.times:.1f} times smaller, "
            f"{percent(size.before) if size.before is not None else 'unusable'} "
            f"and then {percent(size.after)}"
            for size in line.sizes
        )
        told.append(f"{label(line.name, 60)}: {models}")
    return f"Size against accuracy, before and after training. {'. '.join(told)}."
