"""What a deployment to several devices gave: a section each, and what they come to together."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pipeline.chain.job import Trouble
from pipeline.chain.report import Report
from pipeline.core.errors import ExitCode


@dataclass(frozen=True)
class Section:
    """One device's part: its report, or the trouble that kept it from one."""

    label: str
    profile: str | None
    report: Report | None
    trouble: Trouble | None
    seconds: float

    def as_json(self) -> dict[str, Any]:
        """A device's entry in ``--json`` and the manifest."""
        trouble = asdict(self.trouble) if self.trouble else None
        return {
            "label": self.label,
            "profile": self.profile,
            "status": "done" if self.report else "failed",
            "seconds": round(self.seconds, 3),
            "trouble": trouble,
            **({"report": self.report.as_json()} if self.report else {}),
        }


@dataclass(frozen=True)
class Fleet:
    """The outcome of a deployment to several devices; a section each, in the order asked for."""

    name: str
    run_folder: Path
    sections: tuple[Section, ...]

    @property
    def reports(self) -> tuple[Report, ...]:
        """Those of the devices that came through."""
        return tuple(one.report for one in self.sections if one.report is not None)

    @property
    def troubles(self) -> tuple[tuple[str, Trouble], ...]:
        """(device, what was wrong) of those that did not."""
        return tuple((one.label, one.trouble) for one in self.sections if one.trouble)

    @property
    def failures(self) -> tuple[str, ...]:
        """Every limit that was not met, with the device's and the model's name."""
        return tuple(
            f"{one.label}: {text}"
            for one in self.sections
            if one.report
            for text in one.report.failures
        )

    @property
    def exit_code(self) -> ExitCode:
        """A lost device counts more than a limit that was not met."""
        codes = {trouble.exit_code for _, trouble in self.troubles}
        if codes:
            return ExitCode.DEVICE if ExitCode.DEVICE in codes else max(codes)
        return ExitCode.GATE_FAILED if self.failures else ExitCode.DONE

    def as_json(self) -> dict[str, Any]:
        """What ``--json`` prints and the manifest holds.

        ``models`` are those of the first device that came through.
        """
        models = [one.as_json() for one in self.reports[0].rows] if self.reports else []
        return {
            "status": "incomplete" if self.troubles else "done",
            "name": self.name,
            "verdict": "failed" if self.failures or self.troubles else "passed",
            "failures": list(self.failures),
            "run_folder": str(self.run_folder),
            "devices": [one.as_json() for one in self.sections],
            "models": models,
        }
