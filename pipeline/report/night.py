"""The page of a night."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.report import night_pictures
from pipeline.report.compared import interval, percent_change
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
from pipeline.report.morning import Cell, Mark, Morning, emulation, figure
from pipeline.report.words import UNKNOWN, duration, milliseconds, percent

_CHANGED = ("regressed", "improved")
#: Figures of which a loss is one of the case (pipeline/chain/nightly/before.py).
_JUDGED = ("p50_ns", "instructions", "p90_ns")


def night_page(morning: Morning, again: Again) -> Page:
    """The verdict, what is red and why, the matrix, what changed, pictures, then everything."""
    sections = []
    if red := [cell for cell in morning.cells if cell.red]:
        sections.append(Section("Red", [_reasons("What failed the night", red)]))
    sections.append(Section("Matrix", _matrix(morning)))
    if compared := [cell for cell in morning.cells if cell.before]:
        sections.append(Section("Against the nights before", _before(compared)))
    sections += night_pictures.sections(morning)
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
            (cell.name, cell.mark.value, "; ".join(cell.reasons) or UNKNOWN, cell.hint),
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
    columns = [Column("model/recipe", numeric=False), Column("accuracy"), Column("bytes")]
    for device in devices:
        played = emulation(cell.row for cell in morning.cells if cell.device == device)
        columns.append(Column(f"{device} {played}".strip()))
    rows = []
    for (model, recipe), cells in lines.items():
        known = next((cell.row for cell in cells.values() if cell.row), {})
        accuracy = known.get("accuracy_percent")
        size = known.get("size_bytes")
        found = (
            f"{model}/{recipe}",
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


def _before(cells: Sequence[Cell]) -> list[Part]:
    changed = [cell for cell in cells if cell.before.get("verdict") in _CHANGED]
    parts: list[Part] = []
    if changed:
        parts.append(_changes("What changed", changed))
    counts = Counter(_change(cell).cells[1] for cell in cells)
    told = ", ".join(f"{count} {verdict}" for verdict, count in counts.most_common())
    told = f"All {len(cells)} cases against the nights before: {told}"
    parts.append(Folded(told, [_changes("Each case against its newest valid result", cells)]))
    return parts


def _changes(caption: str, cells: Sequence[Cell]) -> Table:
    columns = [Column(name, numeric=False) for name in ("case", "verdict", "figure")]
    columns += [Column("change"), Column("99 % interval")]
    columns += [Column(name, numeric=False) for name in ("model", "since")]
    return Table(caption, columns, [_change(cell) for cell in cells])


def _change(cell: Cell) -> Row:
    before, told = cell.before, _decisive(cell.before)
    ratio = told.get("ratio") or {}
    cells = (
        cell.name,
        "not compared" if before.get("refused") or before.get("problem") else before["verdict"],
        (told.get("figure") or UNKNOWN).removesuffix("_ns"),
        UNKNOWN if ratio.get("value") is None else percent_change(ratio["value"]),
        interval(ratio.get("low"), ratio.get("high")),
        "same file" if before.get("same_model") else "changed",
        str(before["run"]),
    )
    return Row(cells, Tone.BAD if before.get("fails") else Tone.PLAIN)


def _decisive(before: Mapping[str, Any]) -> Mapping[str, Any]:
    """The figure that the verdict is from: the main one, unless another is worse."""
    if before["verdict"] != "regressed":
        return before
    worse = [one for one in before["figures"] if one["verdict"] == "regressed"]
    main = [one for one in worse if one["figure"] == before["figure"]]
    return next(iter((*main, *(one for one in worse if one["figure"] in _JUDGED))), before)


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
            cell.name,
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
        rows = [Row((cell.name, "; ".join(cell.notes))) for cell in noted]
        parts.append(Table("Worth knowing", columns, rows))
    return parts
