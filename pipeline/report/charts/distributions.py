"""How latencies of models are spread: every sample, on one axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.report.charts.picture import Colour, Picture, draw, label
from pipeline.report.words import milliseconds

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_BINS = 90
_ROW_IN = 0.55
#: Heights of a row that the tallest bar of its histogram takes.
_TALLEST = 0.8
#: What few slow samples take of the axis is not worth the detail they cost the others.
_LAST = 0.999


@dataclass(frozen=True)
class Samples:
    """Latencies of one model in nanoseconds, of all runs, and its p50 with an interval."""

    name: str
    latencies_ns: Sequence[int]
    p50_ns: float
    low_ns: float | None = None
    high_ns: float | None = None


def distributions(shown: Sequence[Samples], name: str = "distributions") -> Picture:
    """A histogram a model, above one another on a log axis; the line is p50, the bar its interval.

    Raises ValueError without any sample.
    """
    shown = [one for one in shown if one.latencies_ns]
    if not shown:
        raise ValueError("there are no samples")

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        _scale(axes, shown)
        for place, one in enumerate(shown):
            _row(axes, one, len(shown) - 1 - place)
        axes.set_ylim(-0.25, len(shown))
        axes.set_yticks(
            range(len(shown)), [label(one.name, 18) for one in reversed(shown)], va="bottom"
        )
        axes.tick_params(axis="y", length=0)
        axes.grid(False, axis="y")
        axes.spines["left"].set_visible(False)
        axes.set_xlabel("latency of an inference")

    return draw(name, _alt(shown), 0.8 + _ROW_IN * len(shown), paint)


def _scale(axes: Axes, shown: Sequence[Samples]) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

    low = min(min(one.latencies_ns) for one in shown)
    high: float = max(_late(one.latencies_ns) for one in shown)
    high = max(high, *(one.p50_ns for one in shown))
    axes.set_xscale("log")
    axes.set_xlim(max(low, 1) / 1.05, high * 1.1)
    ratio = high / max(low, 1)
    locator = MaxNLocator(4) if ratio < 5 else LogLocator(subs=(1, 2, 5) if ratio < 100 else (1,))
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: milliseconds(value)))


def _late(latencies_ns: Sequence[int]) -> int:
    ordered = sorted(latencies_ns)
    return ordered[min(len(ordered) - 1, int(_LAST * len(ordered)))]


def _row(axes: Axes, one: Samples, base: int) -> None:
    import numpy as np

    low, high = axes.get_xlim()
    edges = np.geomspace(low, high, _BINS + 1)
    counts, _ = np.histogram(np.clip(one.latencies_ns, low, high), edges)
    heights = base + _TALLEST * counts / max(1, counts.max())
    axes.stairs(heights, edges, baseline=base, fill=True, color=Colour.MAIN.value, alpha=0.75)
    colour = Colour.ACCENT.value
    axes.plot([one.p50_ns] * 2, [base - 0.12, base + _TALLEST], color=colour, linewidth=1.4)
    if one.low_ns is not None and one.high_ns is not None:
        axes.plot([one.low_ns, one.high_ns], [base - 0.12] * 2, color=colour, linewidth=3.0)


def _alt(shown: Sequence[Samples]) -> str:
    told = ", ".join(
        f"{label(one.name, 60)} {milliseconds(one.p50_ns)}"
        f" ({milliseconds(min(one.latencies_ns))} to {milliseconds(max(one.latencies_ns))},"
        f" {len(one.latencies_ns):,} samples)"
        for one in shown
    )
    return f"Histograms of the latencies of {len(shown)} models. Medians: {told}."
