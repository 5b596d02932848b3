"""A watchdog for runs that print nothing: a silent run is another thing than a slow one."""

from __future__ import annotations

import time

from device.device import OnLine
from device.errors import DeviceSilent
from pipeline.core.errors import one_line


class Watchdog:
    """Told of each line and, some times a second, of time that passes.

    ``tick`` raises ``DeviceSilent`` when no line came for ``silence_s`` seconds.
    """

    def __init__(self, key: str, what: str, silence_s: float, on_line: OnLine | None) -> None:
        self._key = key
        self._what = what
        self._silence_s = silence_s
        self._on_line = on_line
        self._last = ""
        self._heard = time.monotonic()

    def line(self, text: str) -> None:
        """A line came; it is handed on."""
        self._heard = time.monotonic()
        if not text.startswith("mslp-"):  # a mark of ours is no word of the program's
            self._last = text
        if self._on_line:
            self._on_line(text)

    def tick(self) -> None:
        """Time passed."""
        if time.monotonic() - self._heard > self._silence_s:
            raise DeviceSilent(self._key, self._what, self._silence_s, one_line(self._last))
