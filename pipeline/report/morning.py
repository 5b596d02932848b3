"""A night in the morning: every case of its matrix, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

from pipeline.report.charts.distributions import Samples
from pipeline.report.charts.trends import Line
from pipeline.report.model import Model
from pipeline.report.words import milliseconds

Json = Mapping[str, Any]


class Mark(str, Enum):
    """How a case is shown."""

    PASSED = "passed"
    FAILED = "failed"
    INVALID = "invalid"
    ERROR = "error"
    MISSING = "missing"
    QUARANTINED = "quarantined"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Cell:
    """A case: its mark, why, what to do, and the model's row of the manifest where there is one.

    ``before``: how it compares with a night before (``as_json`` of pipeline/chain/nightly/before),
    ``line`` its main figure over the nights, ``runs`` every sample where they are to be shown.
    """

    model: str
    recipe: str
    device: str
    mark: Mark
    reasons: Sequence[str] = ()
    notes: Sequence[str] = ()
    hint: str = ""
    row: Json = field(default_factory=dict)
    before: Json = field(default_factory=dict)
    line: Line | None = None
    runs: Sequence[Sequence[int]] = ()

    @property
    def name(self) -> str:
        """``model/recipe/device``."""
        return f"{self.model}/{self.recipe}/{self.device}"

    @property
    def red(self) -> bool:
        """Whether it fails the night."""
        return self.mark not in (Mark.PASSED, Mark.QUARANTINED, Mark.SKIPPED)

    @property
    def found(self) -> Model:
        """Its row, called by the case's recipe."""
        return Model({**self.row, "name": self.recipe}, self.runs)

    @property
    def samples(self) -> Samples | None:
        """Its samples under the case's name, where they are to be shown."""
        found = self.found.samples
        return replace(found, name=self.name) if found else None

    @property
    def place(self) -> str:
        """The device, with what its figures must not go without."""
        return f"{self.device} {emulation([self.row])}".strip()


@dataclass(frozen=True)
class Morning:
    """A night that came to its end, with every case of its matrix. ``remarks``: what else to know,
    such as quarantines that ended."""

    name: str
    cells: Sequence[Cell]
    seconds: float
    resumed: int = 0
    remarks: Sequence[str] = ()

    @property
    def models(self) -> dict[str, list[Cell]]:
        """The cases of each model."""
        found: dict[str, list[Cell]] = {}
        for cell in self.cells:
            found.setdefault(cell.model, []).append(cell)
        return found


def figure(row: Json) -> str | None:
    """The one figure of a benchmark that a cell has room for."""
    record = row.get("benchmark") or {}
    if counted := record.get("instructions"):
        return f"{counted['total'] / 1e6:.4g} M instructions"
    p50_ns = (record.get("latency_ns") or {}).get("p50_ns")
    return None if p50_ns is None else milliseconds(p50_ns)


def emulation(rows: Iterable[Json]) -> str:
    """What the figures of a device must not go without: ``EMULATED (emulated-host)``, or nothing
    for a real one."""
    places = {(row.get("benchmark") or {}).get("where") for row in rows}
    emulated = sorted(str(place) for place in places - {"device", None})
    return f"EMULATED ({', '.join(emulated)})" if emulated else ""
