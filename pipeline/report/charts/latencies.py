"""What recipes cost on devices: a row a recipe, a mark a device."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.report.charts.picture import Colour, Picture, draw, label
from pipeline.report.words import milliseconds

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_ROW_IN = 0.42
_LINE_IN = 0.19
#: Letters of a device of which two do not fit beside each other.
_WIDE = 20
#: Parts of a row's height that the marks of its devices take.
_SPREAD = 0.56
_LOOKS = (
    ("o", Colour.MAIN), ("s", Colour.ACCENT), ("D", Colour.GOOD), ("^", Colour.TEXT),
    ("v", Colour.MAIN), ("P", Colour.ACCENT), ("X", Colour.GOOD), ("*", Colour.TEXT),
)  # fmt: skip


@dataclass(frozen=True)
class Cost:
    """A recipe's figure on a device: a time in nanoseconds, or whatever ``words`` writes; its
    interval, and how slow slow ones are (p99), where they are known."""

    recipe: str
    device: str
    value: float
    low: float | None = None
    high: float | None = None
    late: float | None = None


def latencies(
    costs: Sequence[Cost],
    name: str = "latencies",
    title: str = "latency, p50",
    words: Callable[[float], str] = milliseconds,
) -> Picture:
    """Marks on a log axis; a thick line is the interval, a thin one reaches to p99.

    Raises ValueError without any cost, or with one that is not above 0.
    """
    if not costs or min(one.value for one in costs) <= 0:
        raise ValueError("there are no costs above 0")
    recipes = list(dict.fromkeys(one.recipe for one in costs))
    devices = list(dict.fromkeys(one.device for one in costs))

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        axes.set_xscale("log")
        for place, device in enumerate(devices):
            offset = _SPREAD * ((place + 0.5) / len(devices) - 0.5)
            mine = [one for one in costs if one.device == device]
            _device(axes, mine, [recipes.index(one.recipe) + offset for one in mine], place)
        axes.set_ylim(len(recipes) - 0.5, -0.5)
        axes.set_yticks(range(len(recipes)), [label(recipe, 20) for recipe in recipes])
        axes.tick_params(axis="y", length=0)
        axes.grid(False, axis="y")
        axes.set_xlabel(title)
        _ticks(axes, costs, words)
        told = axes.get_legend_handles_labels()
        figure.legend(*told, loc="outside lower center", ncols=columns)

    columns = 1 if max(map(len, devices)) > _WIDE else 2
    height = 0.75 + _LINE_IN * -(-len(devices) // columns) + _ROW_IN * len(recipes)
    return draw(name, _alt(costs, title, words), height, paint)


def _device(axes: Axes, costs: Sequence[Cost], rows: Sequence[float], place: int) -> None:
    mark, colour = _LOOKS[place % len(_LOOKS)]
    for one, row in zip(costs, rows, strict=True):
        if one.late is not None:
            axes.plot([one.value, one.late], [row, row], color=colour.value, linewidth=0.8)
        if one.low is not None and one.high is not None:
            axes.plot([one.low, one.high], [row, row], color=colour.value, linewidth=2.6)
    axes.plot(
        [one.value for one in costs], rows, mark, markersize=5, color=colour.value,
        label=label(costs[0].device, 40), clip_on=False,
    )  # fmt: skip


def _ticks(axes: Axes, costs: Sequence[Cost], words: Callable[[float], str]) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

    ends = [(one.low or one.value, max(one.value, one.late or 0, one.high or 0)) for one in costs]
    low, high = min(low for low, _ in ends), max(high for _, high in ends)
    margin = max((high / low) ** 0.04, 1.02)
    axes.set_xlim(low / margin, high * margin)
    ratio = high / low
    subs = (1, 2, 5) if ratio < 30 else (1, 3) if ratio < 300 else (1,)
    axes.xaxis.set_major_locator(MaxNLocator(4) if ratio < 5 else LogLocator(subs=subs))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: words(value)))


def _alt(costs: Sequence[Cost], title: str, words: Callable[[float], str]) -> str:
    devices = dict.fromkeys(one.device for one in costs)
    told = []
    for device in devices:
        mine = [one for one in costs if one.device == device]
        least = min(mine, key=lambda one: one.value)
        most = max(mine, key=lambda one: one.value)
        text = f"{label(device, 60)} from {words(least.value)} ({label(least.recipe, 60)}) "
        told.append(f"{text}to {words(most.value)} ({label(most.recipe, 60)})")
    recipes = {one.recipe for one in costs}
    return f"{title} of {len(recipes)} recipes on {len(devices)} devices: {'; '.join(told)}."
