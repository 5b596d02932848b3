"""What is asked of recovery, and whether it was found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from examples.experiment.result import Spread, Summary

_TEN_TIMES = 10.0


@dataclass(frozen=True)
class Claim:
    """At most ``points`` of accuracy lost in the mean; ``lost`` is what was found by ``way``."""

    text: str
    points: float
    way: str
    lost: Spread

    @property
    def met(self) -> bool:
        """Whether the mean is within the limit."""
        return self.lost.mean <= self.points


def claims(found: Sequence[Summary]) -> list[Claim]:
    """Those that can be judged by what was tried."""
    limits = {
        "full-8": ("full int8", 0.2),
        "uniform-2": ("2 bits, uniform", 1.0),
        "codebook-2": ("2 bits, codebook", 1.0),
        "uniform-1": ("1 bit, uniform", 3.0),
        "codebook-1": ("1 bit, codebook", 3.0),
    }
    judged = []
    for one in found:
        if one.way in limits:
            text, points = limits[one.way]
            judged.append(Claim(text, points, one.way, one.lost))
    if ten := _ten_times(found):
        judged.append(Claim(f"{_TEN_TIMES:g}x smaller", 0.5, ten.way, ten.lost))
    return judged


def _ten_times(found: Sequence[Summary]) -> Summary | None:
    """The largest model that is at least ten times smaller."""
    small = [one for one in found if one.times_smaller >= _TEN_TIMES]
    return max(small, key=lambda one: one.size_bytes, default=None)
