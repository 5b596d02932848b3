"""What changed from an older run's models to this one's, as a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.report.document import Column, Part, Prose, Row, Table, Tone
from pipeline.report.words import UNKNOWN

Json = Mapping[str, Any]
_NAMES = {
    "p50_ns": "p50 ms",
    "p90_ns": "p90 ms",
    "load_ns": "load ms",
    "first_inference_ns": "first inference ms",
    "peak_memory_bytes": "memory MB",
    "size_bytes": "bytes",
    "accuracy_percent": "accuracy %",
}


def compared(comparison: Json) -> list[Part]:
    """Every figure of a comparison (``Comparison.as_json``), and what could not be compared."""
    columns = [Column("model", numeric=False), Column("figure", numeric=False)]
    columns += [Column(name) for name in ("before", "after", "change", "99 % interval")]
    columns.append(Column("verdict", numeric=False))
    rows = [
        _row(model["model"], change)
        for model in comparison["models"]
        for change in model["figures"]
    ]
    how = "taking turns in one session" if comparison["paired"] else "one after the other"
    caption = f"{comparison['before']} and {comparison['after']}, measured {how}"
    parts: list[Part] = [Table(caption, columns, rows)] if rows else []
    return parts + [Prose(text) for text in _remarks(comparison)]


def _remarks(comparison: Json) -> Iterator[str]:
    for model in comparison["models"]:
        if model["problem"]:
            yield f"{model['model']}: {model['problem']}"
        for text in model["differences"]:
            yield f"{model['model']}: {text}: compared nevertheless"
    for name in comparison["added"]:
        yield f"{name}: in the later run only"


def _row(model: str, change: Json) -> Row:
    figure, before, after = str(change["figure"]), change["before"], change["after"]
    ratio = change["ratio"] or {}
    low, high = ratio.get("low"), ratio.get("high")
    moved = percent_change(ratio["value"]) if ratio else f"{after - before:+.2f} points"
    verdict = f"{change['verdict']} ({change['note']})" if change["note"] else change["verdict"]
    cells = (
        model,
        _NAMES.get(figure, figure),
        figure_value(figure, before),
        figure_value(figure, after),
        moved,
        interval(low, high),
        verdict,
    )
    return Row(cells, Tone.BAD if change["verdict"] == "regressed" else Tone.PLAIN)


def percent_change(ratio: float) -> str:
    """A ratio of new to old: ``+3.5 %``."""
    return f"{100 * (ratio - 1):+.1f} %"


def interval(low: float | None, high: float | None) -> str:
    """Of such a ratio: ``+1.0 % to +6.2 %``."""
    if low is None or high is None:
        return UNKNOWN
    return f"{percent_change(low)} to {percent_change(high)}"


def figure_value(figure: str, value: float) -> str:
    """A compared figure, in ms, MB, percent or as it is; its name has the unit."""
    if figure.endswith("_ns"):
        return f"{value / 1e6:.4g}"
    if figure == "peak_memory_bytes":
        return f"{value / 1e6:.1f}"
    return f"{value:.2f}" if figure == "accuracy_percent" else f"{value:,.0f}"
