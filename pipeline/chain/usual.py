"""How fast a device usually is: the reference workload of its last sessions, in the workspace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from device.device import DeviceFacts
from pipeline.core import files
from pipeline.core.errors import PipelineError
from pipeline.stages.benchmark import Measurement, Plan
from pipeline.stages.benchmark.reference import MODEL

_FOLDER = ".devices"
#: Fewer sessions are no habit, and older ones are forgotten.
_LEAST, _MOST = 3, 20


@dataclass(frozen=True)
class Usual:
    """What is known of one device, with one system and one way to run the reference workload."""

    path: Path

    @property
    def p50_ns(self) -> float | None:
        """The median of the last sessions; None where there were too few."""
        known = self._known()
        return median(known) if len(known) >= _LEAST else None

    def note(self, measurements: Sequence[Measurement]) -> None:
        """Remember the session that ``measurements`` are of, unless its reference was unsteady.

        What cannot be written is forgotten: no measurement is lost for it.
        """
        found = next((one.reference for one in measurements if one.reference), None)
        if found is None or found.p50.spread is None or found.p50.spread > 0.1:
            return
        try:
            files.write_json(self.path, [*self._known(), found.p50.value][-_MOST:])
        except PipelineError:
            return

    def _known(self) -> list[float]:
        try:
            values = files.read_json(self.path)
        except (PipelineError, ValueError):
            return []
        if not isinstance(values, list):
            return []
        return [value for value in values if isinstance(value, float) and value > 0]


def usual(workspace: Path, facts: DeviceFacts, plan: Plan) -> Usual:
    """What is known of the device with these facts in this workspace."""
    identity = [
        facts.key,
        facts.where.value,
        facts.model,
        facts.build,
        plan.settings.as_json(),
        files.sha256_file(MODEL),
    ]
    return Usual(workspace / _FOLDER / f"{files.sha256_json(identity)[:24]}.json")
