"""The morning: what was expected against what arrived, and what that means for CI."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipeline.chain.nightly.case import Arrived, Case, Status, missing
from pipeline.chain.nightly.matrix import Matrix
from pipeline.config.nightly import Quarantine
from pipeline.core.errors import ExitCode

#: Of several codes, the one that a night ends with: a model that got worse is said first, then
#: what kept others from being judged.
_ORDER = (
    ExitCode.GATE_FAILED,
    ExitCode.TOOLCHAIN,
    ExitCode.DEVICE,
    ExitCode.NO_DATA,
    ExitCode.USAGE,
)


@dataclass(frozen=True)
class Judged:
    """A case, what came of it, and the quarantine that it is in, if it is."""

    arrived: Arrived
    quarantine: Quarantine | None = None

    @property
    def case(self) -> Case:
        return self.arrived.case

    @property
    def counts(self) -> bool:
        """Whether it makes the night red."""
        return self.arrived.status is not Status.PASSED and self.quarantine is None

    def as_json(self) -> dict[str, Any]:
        """The record of the case, and its quarantine."""
        quarantine = self.quarantine and self.quarantine.model_dump(mode="json")
        return {**self.arrived.as_json(), "counts": self.counts, "quarantine": quarantine}


@dataclass(frozen=True)
class Night:
    """A night that came to its end. ``resumed`` cases had arrived before an interruption.

    ``expired`` are quarantines whose last day is over; they no longer excuse anything.
    """

    name: str
    run_folder: Path
    judged: tuple[Judged, ...]
    skipped: tuple[tuple[Case, str], ...]
    expired: tuple[Quarantine, ...]
    resumed: int
    seconds: float
    remark: str = ""

    @property
    def red(self) -> tuple[Judged, ...]:
        """The cases that fail the night."""
        return tuple(one for one in self.judged if one.counts)

    @property
    def exit_code(self) -> ExitCode:
        """What CI gets; a night without cases is never green."""
        if not self.judged:
            return ExitCode.NO_DATA
        codes = {one.arrived.exit_code for one in self.red}
        return next((code for code in _ORDER if code in codes), ExitCode.DONE)

    def count(self, status: Status) -> int:
        """How many cases have a status."""
        return sum(one.arrived.status is status for one in self.judged)

    def as_json(self) -> dict[str, Any]:
        """What ``--json`` prints and the manifest holds."""
        return {
            "status": "done",
            "name": self.name,
            "verdict": "passed" if self.exit_code is ExitCode.DONE else "failed",
            "exit_code": int(self.exit_code),
            "run_folder": str(self.run_folder),
            "expected": len(self.judged),
            "counts": {status.value: self.count(status) for status in Status},
            "quarantined": sum(
                one.quarantine is not None and one.arrived.status is not Status.PASSED
                for one in self.judged
            ),
            "resumed": self.resumed,
            "seconds": round(self.seconds, 1),
            "remark": self.remark,
            "skipped": [{**asdict(case), "reason": reason} for case, reason in self.skipped],
            "expired_quarantines": [rule.model_dump(mode="json") for rule in self.expired],
            "cases": [one.as_json() for one in self.judged],
        }


def judge(
    matrix: Matrix,
    arrived: Mapping[Case, Arrived],
    quarantines: Sequence[Quarantine],
    today: datetime.date,
) -> tuple[Judged, ...]:
    """Each expected case with what arrived for it; what did not arrive is missing, so red."""
    valid = [rule for rule in quarantines if today <= rule.until]
    return tuple(
        Judged(
            arrived.get(case) or missing(case),
            next((rule for rule in valid if rule.has(**asdict(case))), None),
        )
        for case in matrix.cases
    )
