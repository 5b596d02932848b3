"""An axis of accuracies on which as many times fewer errors are the same distance.

99 % and 98 % are as far apart there as 80 % and 60 %; on a plain axis whatever is good lies in one
spot.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axis import Axis

_TICKS = (0, 50, 80, 90, 95, 98, 99, 99.5, 99.8, 99.9, 99.95)
#: Percent of errors below which all is drawn at one place, for of none there is no logarithm.
_LEAST = 0.05
_ROOM = 0.06


def place(percent: float) -> float:
    """Where an accuracy in percent lies: larger is better."""
    return -math.log10(max(100.0 - percent, _LEAST))


def label(axis: Axis, percents: Sequence[float]) -> tuple[float, float]:
    """Ticks for these accuracies; gives the places between which all of them lie."""
    from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

    low, high = place(min(percents)), place(max(percents))
    room = _ROOM * max(high - low, 0.3)
    inside = [tick for tick in _TICKS if low - room <= place(tick) <= high + room]
    axis.set_major_locator(FixedLocator([place(tick) for tick in inside]))
    axis.set_major_formatter(FixedFormatter([f"{tick:g} %" for tick in inside]))
    axis.set_minor_locator(NullLocator())
    return low - room, high + room
