"""A few attempts at what may be done twice, for causes that pass."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from device.errors import ConnectionLost, DeviceOffline

_T = TypeVar("_T")


class DamagedError(Exception):
    """What arrived is not what was sent."""


def attempts(pauses_s: tuple[float, ...], once: Callable[[], _T]) -> _T:
    """Call ``once`` until it comes through, at most once more than there are pauses.

    Only a cut, a short absence and damage on the way are worth another attempt.
    """
    for pause_s in pauses_s:
        try:
            return once()
        except (DamagedError, ConnectionLost, DeviceOffline):
            time.sleep(pause_s)
    return once()
