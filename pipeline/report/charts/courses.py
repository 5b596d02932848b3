"""Latency over the time of a long run, with the temperature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

from pipeline.report.charts.picture import Colour, Picture, axis_title, draw, label
from pipeline.report.words import milliseconds

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_PANEL_IN = 2.0
_COLOURS = (Colour.MAIN, Colour.ACCENT, Colour.GOOD, Colour.TEXT)
_STYLES = ("-", "--", ":", "-.")


@dataclass(frozen=True)
class Course:
    """One run: seconds since it began, p50 in nanoseconds at each, and milli-degrees Celsius, with
    None where the temperature is not known."""

    name: str
    at_s: Sequence[float]
    p50_ns: Sequence[float]
    temperature_mc: Sequence[int | None]


def launches(shown: Sequence[Sequence[float]], names: Sequence[str], name: str) -> Picture:
    """The p50 of each launch of models that took turns, in percent of the model's own median.

    Raises ValueError without a model, or with one that has no launches.
    """
    if not shown or not all(shown):
        raise ValueError("there are no launches")
    parts = [[100 * value / median(values) for value in values] for values in shown]

    def paint(figure: Figure) -> None:
        from matplotlib.ticker import MaxNLocator

        axes = figure.subplots()
        for number, (values, model) in enumerate(zip(parts, names, strict=True)):
            places = range(1, len(values) + 1)
            axes.plot(places, values, label=label(model, 22), **_look(number))
        axes.set_ylim(bottom=0)
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        axes.set_xlabel("launch")
        axes.set_ylabel("% of the median launch")
        told = axes.get_legend_handles_labels()
        figure.legend(*told, loc="outside lower center", ncols=2)

    far = max(zip(parts, names, strict=True), key=lambda one: max(one[0]) - min(one[0]))
    alt = f"The p50 of each launch of {len(parts)} models against the model's median launch. "
    alt += f"{label(far[1], 60)} differs most: {min(far[0]):.0f} to {max(far[0]):.0f} %."
    return draw(name, alt, _PANEL_IN + 0.5 + 0.2 * (-(-len(parts) // 2)), paint)


def _look(number: int) -> dict[str, Any]:
    return {
        "color": _COLOURS[number % len(_COLOURS)].value,
        "linestyle": _STYLES[number // len(_COLOURS) % len(_STYLES)],
        "linewidth": 1.4,
    }


def courses(shown: Sequence[Course], name: str = "courses") -> Picture:
    """A line a run, and the temperatures below where there are any.

    Raises ValueError without a run, or with one that has no points.
    """
    if not shown or not all(one.at_s for one in shown):
        raise ValueError("there is nothing to be drawn over time")
    warm = any(value is not None for one in shown for value in one.temperature_mc)

    def paint(figure: Figure) -> None:
        from matplotlib.ticker import FuncFormatter

        panels = figure.subplots(2 if warm else 1, 1, sharex=True, squeeze=False)[:, 0]
        axis_title(panels[0], "latency, p50")
        panels[0].yaxis.set_major_formatter(FuncFormatter(lambda value, _: milliseconds(value)))
        for number, one in enumerate(shown):
            look = _look(number)
            panels[0].plot(one.at_s, one.p50_ns, label=label(one.name, 22), **look)
            if warm:
                degrees = [
                    float("nan") if value is None else value / 1000 for value in one.temperature_mc
                ]
                panels[1].plot(one.at_s, degrees, **look)
        panels[0].set_ylim(bottom=0)
        if warm:
            axis_title(panels[1], "temperature, °C")
        panels[-1].set_xlabel("seconds since the run began")
        if len(shown) > 1:
            told = panels[0].get_legend_handles_labels()
            figure.legend(*told, loc="outside lower center", ncols=2)

    height = _PANEL_IN * (2 if warm else 1) + 0.6
    return draw(name, _alt(shown), height, paint)


def _alt(shown: Sequence[Course]) -> str:
    told = []
    for one in shown:
        text = f"{label(one.name, 60)} goes from {milliseconds(one.p50_ns[0])} to "
        text += f"{milliseconds(one.p50_ns[-1])} in {one.at_s[-1]:.0f} s"
        known = [value for value in one.temperature_mc if value is not None]
        if known:
            text += f", while the temperature goes from {known[0] / 1000:.1f} to "
            text += f"{known[-1] / 1000:.1f} degrees Celsius"
        told.append(text)
    return f"Latency over time: {'; '.join(told)}."
