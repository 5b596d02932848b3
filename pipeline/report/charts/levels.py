"""Where weights are, and where the values lie that they may have: evenly, or where weights are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.report.charts.picture import Colour, Picture, axis_title, draw, label

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_HEIGHT_IN = 2.2
_BINS = 60
_LOOKS = (Colour.ACCENT, Colour.GOOD)


@dataclass(frozen=True)
class Levels:
    """A way to choose levels: its name, the levels, and the mean squared error that they leave as
    a part of the mean square of the weights."""

    name: str
    values: Sequence[float]
    error: float


def levels(weights: Any, shown: Sequence[Levels], name: str = "levels") -> Picture:
    """A histogram of ``weights`` [n] for each of at most two ways, its levels as lines.

    Raises ValueError without weights or ways.
    """
    if not len(weights) or not 0 < len(shown) <= len(_LOOKS):
        raise ValueError("there are no weights, or not one or two ways to choose levels")

    def paint(figure: Figure) -> None:
        panels = figure.subplots(len(shown), 1, sharex=True, squeeze=False)[:, 0]
        for axes, one, colour in zip(panels, shown, _LOOKS, strict=False):
            _panel(axes, weights, one, colour)
        panels[-1].set_xlabel("weight")

    return draw(name, _alt(weights, shown), _HEIGHT_IN * len(shown), paint)


def _panel(axes: Axes, weights: Any, one: Levels, colour: Colour) -> None:
    counts, _, _ = axes.hist(weights, bins=_BINS, color=Colour.MAIN.value, alpha=0.55)
    top = float(max(counts)) * 1.08
    for value in one.values:
        axes.plot([value, value], [0, top], color=colour.value, linewidth=1.3)
        axes.plot([value], [top], "v", markersize=4, color=colour.value, clip_on=False)
    axes.set_ylim(0, top)
    axes.set_yticks([])
    axes.grid(False, axis="y")
    told = f"{label(one.name, 30)}: {len(one.values)} levels, {100 * one.error:.1f} % of the power"
    axis_title(axes, f"{told} lost")


def _alt(weights: Any, shown: Sequence[Levels]) -> str:
    told = "; ".join(
        f"{label(one.name, 60)} at {', '.join(f'{value:.3g}' for value in one.values)}, "
        f"{100 * one.error:.1f} % of the power of the weights lost"
        for one in shown
    )
    return f"Histogram of {len(weights):,} weights with the levels of {told}."
