"""What the app said in the system's log, found among what others said."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from pipeline.core.errors import one_line


class Kind(str, Enum):
    """What a line is about."""

    BEGINS = "begins"
    SAYS = "says"
    ENDS = "ends"
    FAILED = "failed"


@dataclass(frozen=True)
class Said:
    """A line of the app's about one call. ``number`` counts from 1; 0 is the shell's, in ArkTS."""

    number: int
    kind: Kind
    text: str


@dataclass
class Reader:
    """Reads the log again and again, as it is dumped, and gives each line of a call once.

    The log is a ring that loses lines, and is cut anywhere: a line that cannot be read is not
    there. ``token`` is the call's name, a harmless word.
    """

    token: str
    last: int = 0

    def __post_init__(self) -> None:
        kinds = "|".join(kind.value for kind in Kind)
        self._line = re.compile(rf"{re.escape(self.token)} (\d{{1,9}}) ({kinds})(?: (.*))?")
        self._told_failure = False

    def read(self, log: str) -> list[Said]:
        """The lines that were not there before."""
        fresh = []
        for line in log.splitlines():
            found = self._line.search(line)
            if found is None:
                continue
            said = Said(int(found[1]), Kind(found[2]), one_line(found[3] or ""))
            if said.number > self.last:
                self.last = said.number
                fresh.append(said)
            elif said.number == 0 and not self._told_failure:
                self._told_failure = True
                fresh.append(said)
        return fresh
