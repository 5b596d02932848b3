"""The page of a night."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from pipeline.report.document import (
    Again,
    Column,
    Folded,
    Page,
    Part,
    Prose,
    Row,
    Section,
    Table,
    Tone,
    Verdict,
)
from pipeline.report.words import UNKNOWN, duration, milliseconds, percent


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
    """A case: its mark, why, what to do, and the model's row of the manifest where there is one."""

    model: str
    recipe: str
    device: str
    mark: Mark
    reasons: Sequence[str] = ()
    notes: Sequence[str] = ()
    hint: str = ""
    row: Mapping[str, Any] = field(default_factory=dict)

    @property
    def red(self) -> bool:
        """Whether it fails the night."""
        return self.mark not in (Mark.PASSED, Mark.QUARANTINED, Mark.SKIPPED)


@dataclass(frozen=True)
class Morning:
    """A night that came to its end, with every case of its matrix. ``remarks``: what else to know,
    such as quarantines that ended."""

    name: str
    cells: Sequence[Cell]
    seconds: float
    resumed: int = 0
    remarks: Sequence[str] = ()


def night_page(morning: Morning, again: Again) -> Page:
    """The verdict, what is red and why, the matrix, then everything."""
    sections = []
    if red := [cell for cell in morning.cells if cell.red]:
        sections.append(Section("Red", [_reasons("What failed the night", red)]))
    sections.append(Section("Matrix", _matrix(morning)))
    sections.append(Section("Figures", _figures(morning)))
    if remarks := _remarks(morning):
        sections.append(Section("Remarks", remarks))
    sections.append(again.section())
    return Page(f"Night: {morning.name}", _verdict(morning), sections)


def _verdict(morning: Morning) -> Verdict:
    expected = [cell for cell in morning.cells if cell.mark is not Mark.SKIPPED]
    passed = sum(cell.mark is Mark.PASSED for cell in expected)
    red = [cell for cell in expected if cell.red]
    sentence = f"{passed} of {len(expected)} cases in {duration(morning.seconds)}"
    if morning.resumed:
        sentence += f", {morning.resumed} of them before an interruption"
    if red or not expected:
        kinds = dict.fromkeys(cell.mark.value for cell in red)
        told = (f"{sum(c.mark.value == kind for c in red)} {kind}" for kind in kinds)
        return Verdict(Tone.BAD, "Failed:", f"{sentence}; {', '.join(told) or 'nothing ran'}.")
    return Verdict(Tone.GOOD, "Passed:", f"{sentence}.")


def _reasons(caption: str, cells: Sequence[Cell]) -> Table:
    columns = [Column(name, numeric=False) for name in ("case", "what", "why", "do")]
    rows = [
        Row(
            (_name(cell), cell.mark.value, "; ".join(cell.reasons) or UNKNOWN, cell.hint),
            Tone.BAD if cell.red else Tone.PLAIN,
        )
        for cell in cells
    ]
    return Table(caption, columns, rows)


def _matrix(morning: Morning) -> list[Part]:
    devices = list(dict.fromkeys(cell.device for cell in morning.cells))
    lines: dict[tuple[str, str], dict[str, Cell]] = {}
    for cell in morning.cells:
        lines.setdefault((cell.model, cell.recipe), {})[cell.device] = cell
    columns = [Column("model", numeric=False), Column("recipe", numeric=False)]
    columns += [Column("accuracy"), Column("bytes")]
    for device in devices:
        played = emulation(cell.row for cell in morning.cells if cell.device == device)
        columns.append(Column(f"{device} {played}".strip()))
    rows = []
    for (model, recipe), cells in lines.items():
        known = next((cell.row for cell in cells.values() if cell.row), {})
        accuracy = known.get("accuracy_percent")
        size = known.get("size_bytes")
        found = (
            model,
            recipe,
            UNKNOWN if accuracy is None else percent(accuracy),
            UNKNOWN if size is None else f"{size:,}",
            *(_shown(cells.get(device)) for device in devices),
        )
        bad = any(cell.red for cell in cells.values())
        rows.append(Row(found, Tone.BAD if bad else Tone.PLAIN))
    return [Table("Median latency where a case passed, else what became of it", columns, rows)]


def _shown(cell: Cell | None) -> str:
    if cell is None:
        return UNKNOWN
    passed = figure(cell.row) if cell.mark is Mark.PASSED else None
    return passed or str(cell.mark.value)


def figure(row: Mapping[str, Any]) -> str | None:
    """The one figure of a benchmark that a cell has room for."""
    record = row.get("benchmark") or {}
    if counted := record.get("instructions"):
        return f"{counted['total'] / 1e6:.4g} M instructions"
    p50_ns = (record.get("latency_ns") or {}).get("p50_ns")
    return None if p50_ns is None else milliseconds(p50_ns)


def emulation(rows: Iterable[Mapping[str, Any]]) -> str:
    """What the figures of a device must not go without: ``EMULATED (emulated-host)``, or nothing
    for a real one."""
    places = {(row.get("benchmark") or {}).get("where") for row in rows}
    emulated = sorted(str(place) for place in places - {"device", None})
    return f"EMULATED ({', '.join(emulated)})" if emulated else ""


def _figures(morning: Morning) -> list[Part]:
    columns = [Column("case", numeric=False)]
    columns += [Column(name) for name in ("accuracy", "change in points", "smaller", "cosine")]
    columns += [Column(name) for name in ("p50", "p90", "p99", "load", "memory")]
    columns.append(Column("where", numeric=False))
    rows = [_figure_row(cell) for cell in morning.cells if cell.row]
    if not rows:
        return [Prose("No case brought figures.")]
    return [Folded(f"All figures of {len(rows)} cases", [Table("Figures", columns, rows)])]


def _figure_row(cell: Cell) -> Row:
    row = cell.row
    record = row.get("benchmark") or {}
    latency = record.get("latency_ns") or {}
    drop = row.get("accuracy_drop_points")
    parity = row.get("parity") or {}
    memory = record.get("peak_memory_bytes")
    cosine = parity.get("cosine_min")
    smaller = row.get("times_smaller")
    accuracy = row.get("accuracy_percent")
    return Row(
        (
            _name(cell),
            UNKNOWN if accuracy is None else percent(accuracy),
            UNKNOWN if drop is None else f"{-drop + 0.0:+.2f}",
            UNKNOWN if smaller is None else f"{smaller:.2f}x",
            UNKNOWN if cosine is None else f"{cosine:.5f}",
            *(milliseconds(latency.get(name)) for name in ("p50_ns", "p90_ns", "p99_ns")),
            milliseconds(record.get("load_ns")),
            UNKNOWN if memory is None else f"{memory / 1e6:.1f} MB",
            emulation([row]) or "device",
        ),
        Tone.BAD if cell.red else Tone.PLAIN,
    )


def _remarks(morning: Morning) -> list[Part]:
    parts: list[Part] = [Prose(text) for text in morning.remarks]
    for mark, caption in (
        (Mark.QUARANTINED, "Quarantined: shown, and failing nothing"),
        (Mark.SKIPPED, "Left out on purpose"),
    ):
        if cells := [cell for cell in morning.cells if cell.mark is mark]:
            parts.append(_reasons(caption, cells))
    if noted := [cell for cell in morning.cells if cell.notes]:
        columns = [Column("case", numeric=False), Column("note", numeric=False)]
        rows = [Row((_name(cell), "; ".join(cell.notes))) for cell in noted]
        parts.append(Table("Worth knowing", columns, rows))
    return parts


def _name(cell: Cell) -> str:
    return f"{cell.model}/{cell.recipe}/{cell.device}"
