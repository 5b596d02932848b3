"""Waiting until a device is as it was."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from device.device import Telemetry

#: Sensors round and rooms differ: so much above the beginning is as it was.
_SLACK_MC = 2_000
_POLL_S = 2.0


@dataclass
class Cooling:
    """Waits between launches, for ``budget_s`` in all.

    ``before`` is how the device was, ``look`` tells how it is; what it does not tell is not
    waited for.
    """

    before: Telemetry
    look: Callable[[], Telemetry]
    budget_s: float
    pause: Callable[[float], None] = time.sleep
    waited_s: float = field(default=0.0, init=False)

    def wait(self) -> Telemetry:
        """Return when the device is as it was, or the budget is used; how it is then."""
        now = self.look()
        while self._warmer(now) and self.waited_s < self.budget_s:
            seconds = min(_POLL_S, self.budget_s - self.waited_s)
            self.pause(seconds)
            self.waited_s += seconds
            now = self.look()
        return now

    def _warmer(self, now: Telemetry) -> bool:
        level, temperature = self.before.thermal_level, self.before.temperature_mc
        return (
            level is not None and now.thermal_level is not None and now.thermal_level > level
        ) or (
            temperature is not None
            and now.temperature_mc is not None
            and now.temperature_mc > temperature + _SLACK_MC
        )
