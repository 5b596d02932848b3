"""Candidates of a search by what they cost and how right they are."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING

from pipeline.report.charts.picture import Colour, Picture, draw, label
from pipeline.report.words import is_trial, milliseconds, percent
from pipeline.search.candidate import Candidate, Limit

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Names that fit above a panel; the table has the others.
_MOST_NAMES = 20
_PANEL_IN = 3.5
_NAMES_GAP = 0.048  # between names, in widths of a panel
#: How many times the distance from the limit to the most accurate the axis goes on below it.
_BELOW_LIMIT = 5.0


@dataclass(frozen=True)
class _Scene:
    """What all panels show. Every candidate has worked."""

    candidates: tuple[Candidate, ...]
    front: Collection[Candidate]
    limit: Limit | None
    best: Candidate | None

    @property
    def floor(self) -> float:
        """Accuracy at the lower end of the axis; what is below stands there as a triangle."""
        lowest = min(one.percent for one in self.candidates)
        highest = max(one.percent for one in self.candidates)
        if self.limit is None:
            return lowest
        reach = max(highest - self.limit.percent, 1.0)
        return max(lowest, min(self.limit.percent, highest) - _BELOW_LIMIT * reach)


def pareto(
    candidates: Sequence[Candidate],
    front: Sequence[Candidate],
    limit: Limit | None,
    best: Candidate | None,
    name: str = "pareto",
) -> Picture:
    """Bytes against accuracy and, where there are any, latencies against accuracy.

    Raises ValueError when no candidate has figures.
    """
    usable = tuple(one for one in candidates if not one.failed and one.size_bytes > 0)
    if not usable:
        raise ValueError("no candidate has figures")
    timed = [one for one in usable if one.latency_p50_ns]
    scene = _Scene(usable, [one for one in front if one in usable], limit, best)

    def paint(figure: Figure) -> None:
        count = 2 if timed else 1
        panels = figure.subplots(count, 1, squeeze=False)[:, 0]
        _panel(panels[0], scene, usable, lambda one: one.size_bytes, "size of the file", _bytes)
        if timed:
            _panel(panels[1], scene, timed, _latency, "latency, p50", milliseconds)
        figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)

    return draw(name, _alt(scene, timed), _PANEL_IN * (2 if timed else 1) + 0.4, paint)


def _panel(
    axes: Axes,
    scene: _Scene,
    shown: Sequence[Candidate],
    cost: Callable[[Candidate], float],
    title: str,
    words: Callable[[float], str],
) -> None:
    """Accuracy in percent over ``cost``, which is written by ``words``."""
    low, high = min(map(cost, shown)), max(map(cost, shown))
    margin = max((high / low) ** 0.06, 1.02)
    axes.set_xscale("log")
    axes.set_xlim(low / margin, high * margin)
    _ticks(axes, high / low, words)
    floor, top = scene.floor, max(one.percent for one in shown)
    room = max(0.06 * (top - floor), 0.1)
    level = floor if scene.limit is None else scene.limit.percent
    axes.set_ylim(min(floor, level) - room, max(top, level) + room)
    axes.set_xlabel(title)
    axes.set_ylabel("accuracy, %")
    at = {one.name: (cost(one), max(one.percent, floor)) for one in shown}
    _points(axes, scene, shown, at, floor)
    if scene.limit is not None:
        axes.axhline(
            scene.limit.percent, color=Colour.ACCENT.value, linestyle="--", linewidth=1.2,
            label=f"limit, {percent(scene.limit.percent)}",
        )  # fmt: skip
    _names(axes, [one for one in shown if not is_trial(one) or one == scene.best], at, scene)


def _points(
    axes: Axes,
    scene: _Scene,
    shown: Sequence[Candidate],
    at: dict[str, tuple[float, float]],
    floor: float,
) -> None:
    main, text, good = Colour.MAIN.value, Colour.TEXT.value, Colour.GOOD.value
    trials = [one for one in shown if is_trial(one) and one.percent >= floor]
    wholes = [one for one in shown if not is_trial(one) and one.percent >= floor]
    below = [one for one in shown if one.percent < floor]
    for some, mark, size, face, alpha, told in (
        (trials, "o", 2.6, text, 0.75, "trial"),
        (wholes, "s", 5.0, "none", 1.0, "whole recipe"),
        (below, "v", 4.5, "none", 0.75, f"below {percent(floor)}"),
    ):
        if some:
            axes.plot(
                *zip(*(at[one.name] for one in some), strict=True), mark, markersize=size,
                markerfacecolor=face, markeredgecolor=text, markeredgewidth=0.8, alpha=alpha,
                label=told, clip_on=False,
            )  # fmt: skip
    steps = _rising([at[one.name] for one in scene.front if one.name in at])
    if steps:
        steps.append((axes.get_xlim()[1], steps[-1][1]))
        axes.step(*zip(*steps, strict=True), where="post", color=main, linewidth=1.6, label="front")
    if scene.best is not None and scene.best.name in at:
        axes.plot(
            *at[scene.best.name], "*", markersize=12, color=good, zorder=5, clip_on=False,
            label="best" if _met(scene) else "nearest to the limit",
        )  # fmt: skip


def _met(scene: _Scene) -> bool:
    best, limit = scene.best, scene.limit
    return limit is None or (best is not None and limit.met(best))


def _rising(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Those more accurate than every cheaper one, the cheapest first."""
    kept: list[tuple[float, float]] = []
    for point in sorted(points, key=lambda one: (one[0], -one[1])):
        if not kept or point[1] > kept[-1][1]:
            kept.append(point)
    return kept


def _names(
    axes: Axes, named: Sequence[Candidate], at: dict[str, tuple[float, float]], scene: _Scene
) -> None:
    """Names above the panel, with a line from each to its point."""
    low, high = map(log, axes.get_xlim())
    ranked = sorted(named, key=lambda one: (one != scene.best, one not in scene.front))
    some = sorted(ranked[:_MOST_NAMES], key=lambda one: at[one.name])
    wished = [(log(at[one.name][0]) - low) / (high - low) for one in some]
    for one, place in zip(some, spaced(wished, _NAMES_GAP, 0.0, 1.0), strict=True):
        axes.annotate(
            label(one.name, 22),
            xy=at[one.name],
            xytext=(place, 1.05),
            textcoords="axes fraction",
            rotation=60,
            rotation_mode="anchor",
            ha="left",
            va="center",
            fontsize=8,
            fontweight="bold" if one == scene.best else "normal",
            arrowprops={
                "arrowstyle": "-", "color": Colour.GRID.value, "linewidth": 0.6, "alpha": 0.7,
                "shrinkA": 1, "shrinkB": 3, "relpos": (0.0, 0.5),
            },
        )  # fmt: skip


def spaced(wished: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Places near the ``wished`` ones (ascending), at least ``gap`` apart and within the ends.

    Where they do not fit with that gap, it is made smaller.
    """
    if len(wished) > 1:
        gap = min(gap, (high - low) / (len(wished) - 1))
    right = _pushed(wished, gap)
    left = [-place for place in reversed(_pushed([-place for place in reversed(wished)], gap))]
    middle = [(a + b) / 2 for a, b in zip(right, left, strict=True)]
    count = len(middle)
    return [
        min(max(place, low + number * gap), high - (count - 1 - number) * gap)
        for number, place in enumerate(middle)
    ]


def _pushed(places: Sequence[float], gap: float) -> list[float]:
    kept: list[float] = []
    for place in places:
        kept.append(max(place, kept[-1] + gap) if kept else place)
    return kept


def _ticks(axes: Axes, ratio: float, words: Callable[[float], str]) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

    if ratio < 5:
        axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    else:
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if ratio < 500 else (1,)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: words(value)))


def _bytes(value: float) -> str:
    """Bytes for an axis: ``20 kB``."""
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if value >= size:
            return f"{value / size:g} {unit}"
    return f"{value:g} B"


def _latency(one: Candidate) -> float:
    assert one.latency_p50_ns is not None
    return one.latency_p50_ns


def _alt(scene: _Scene, timed: Sequence[Candidate]) -> str:
    known = scene.candidates
    text = f"Size against accuracy of {len(known)} candidates"
    text += f", and latency against accuracy of {len(timed)}. " if timed else ". "
    smallest = min(known, key=lambda one: one.size_bytes)
    largest = max(known, key=lambda one: one.size_bytes)
    text += f"They go from {_told(smallest)} to {_told(largest)}. "
    text += f"{len(scene.front)} are on the front."
    if scene.limit is None:
        return text
    text += f" The limit is {percent(scene.limit.percent)}"
    if scene.best is None:
        return f"{text}."
    met = "best within it" if _met(scene) else "nearest to it"
    return f"{text}; the {met} is {_told(scene.best)}."


def _told(one: Candidate) -> str:
    told = f"{label(one.name, 60)} with {one.size_bytes:,} bytes and {percent(one.percent)}"
    return f"{told} in {milliseconds(one.latency_p50_ns)}" if one.latency_p50_ns else told
