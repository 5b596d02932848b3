"""Where the time of an inference goes, operator by operator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.report.charts.picture import Colour, Picture, draw, label
from pipeline.report.words import layer_names

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MOST = 12
_ROW_IN = 0.24


@dataclass(frozen=True)
class Share:
    """An operator, and its part of the whole, from 0 to 1."""

    name: str
    kind: str
    part: float


def operators(shares: Sequence[Share], name: str = "operators") -> Picture:
    """The operators that take most, the largest first, and the rest as one.

    Raises ValueError without any.
    """
    if not shares:
        raise ValueError("there are no operators")
    ordered = sorted(shares, key=lambda one: -one.part)
    shown = ordered[:_MOST]
    if rest := ordered[_MOST:]:
        shown = [*shown, Share(f"{len(rest)} others", "", sum(one.part for one in rest))]
    names = layer_names([one.name for one in shown])
    called = [
        f"{name} ({one.kind})" if one.kind else name for name, one in zip(names, shown, strict=True)
    ]

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        places = range(len(shown) - 1, -1, -1)
        axes.barh(places, [100 * one.part for one in shown], color=Colour.MAIN.value, height=0.7)
        axes.set_yticks(places, [label(text, 30) for text in called], fontsize=7.5)
        for place, one in zip(places, shown, strict=True):
            axes.annotate(
                f"{100 * one.part:.1f}", (100 * one.part, place), xytext=(3, 0),
                textcoords="offset points", va="center", fontsize=7.5,
            )  # fmt: skip
        axes.set_xlim(0, 112 * max(one.part for one in shown) or 1)
        axes.grid(False, axis="y")
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel("% of an inference")

    first = shown[0]
    alt = f"Of {len(shares)} operators {label(called[0], 60)} takes most, "
    alt += f"{100 * first.part:.1f} % of an inference."
    return draw(name, alt, 0.6 + _ROW_IN * len(shown), paint)
