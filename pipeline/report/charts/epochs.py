"""A training, epoch by epoch."""

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

_PANEL_IN = 2.3
_LOOKS = (
    ("o", Colour.MAIN),
    ("D", Colour.GOOD),
    ("^", Colour.ACCENT),
    ("s", Colour.TEXT),
)


@dataclass(frozen=True)
class Curve:
    """Accuracies in percent before training (epoch 0) and after each epoch; losses from epoch 1
    on, or none; the epoch that was kept, or None."""

    name: str
    percents: Sequence[float]
    losses: Sequence[float] = ()
    best: int | None = None


def epochs(curves: Sequence[Curve], level: float | None = None, name: str = "epochs") -> Picture:
    """Accuracy by epoch, and the loss below it where it is known; ``level`` is the accuracy to be
    come back to. Raises ValueError without a curve or with more than four."""
    if not 0 < len(curves) <= len(_LOOKS) or not all(curve.percents for curve in curves):
        raise ValueError(f"from one to {len(_LOOKS)} trainings can be drawn, each with accuracies")
    lossy = any(curve.losses for curve in curves)

    def paint(figure: Figure) -> None:
        panels = figure.subplots(2 if lossy else 1, 1, sharex=True, squeeze=False)[:, 0]
        _accuracies(panels[0], curves, level)
        if lossy:
            _losses(panels[1], curves)
        _whole_numbers(panels[-1])
        panels[-1].set_xlabel("epoch")
        if len(curves) > 1:
            told = panels[0].get_legend_handles_labels()
            figure.legend(*told, loc="outside lower center", ncols=2)

    return draw(name, _alt(curves, level), _PANEL_IN * (2 if lossy else 1) + 0.3, paint)


def _accuracies(axes: Axes, curves: Sequence[Curve], level: float | None) -> None:
    every = [one for curve in curves for one in curve.percents]
    axes.set_ylim(*accuracy.label(axes.yaxis, every if level is None else [*every, level]))
    if level is not None:
        axes.axhline(accuracy.place(level), color=Colour.TEXT.value, linestyle="--", linewidth=1)
        axes.annotate(
            f"float {percent(level)}", (0, accuracy.place(level)), xytext=(0, -10),
            textcoords="offset points", fontsize=7.5,
        )  # fmt: skip
    for curve, (mark, colour) in zip(curves, _LOOKS, strict=False):
        places = [accuracy.place(one) for one in curve.percents]
        axes.plot(
            range(len(places)), places, mark, linestyle="-", linewidth=1.2, markersize=4.5,
            color=colour.value, label=label(curve.name, 30),
        )  # fmt: skip
        if curve.best is not None:
            axes.plot(
                [curve.best], [places[curve.best]], "o", markersize=11, markerfacecolor="none",
                markeredgecolor=colour.value,
            )  # fmt: skip
            axes.annotate(
                f"kept, {percent(curve.percents[curve.best])}", (curve.best, places[curve.best]),
                xytext=(0, -16), textcoords="offset points", ha="center", fontsize=7.5,
            )  # fmt: skip
    axis_title(axes, "accuracy with quantized weights")


def _losses(axes: Axes, curves: Sequence[Curve]) -> None:
    for curve, (mark, colour) in zip(curves, _LOOKS, strict=False):
        axes.plot(
            range(1, len(curve.losses) + 1), curve.losses, mark, linestyle="-", linewidth=1.2,
            markersize=4.5, color=colour.value,
        )  # fmt: skip
    top = max((loss for curve in curves for loss in curve.losses), default=0.0)
    axes.set_ylim(0, 1.08 * top or 1.0)
    axis_title(axes, "loss, mean of the epoch")


def _whole_numbers(axes: Axes) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True, min_n_ticks=1))


def _alt(curves: Sequence[Curve], level: float | None) -> str:
    told = []
    for curve in curves:
        text = f"{label(curve.name, 60)} from {percent(curve.percents[0])} to "
        text += f"{percent(curve.percents[-1])} in {len(curve.percents) - 1} epochs"
        if curve.best is not None:
            text += f", epoch {curve.best} kept with {percent(curve.percents[curve.best])}"
        told.append(text)
    goal = "" if level is None else f" The float network has {percent(level)}."
    return f"Accuracy by epoch: {'; '.join(told)}.{goal}"
