"""Comparisons as people read them."""

from __future__ import annotations

from collections.abc import Iterator

from rich.box import SIMPLE_HEAD
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from pipeline.chain.changes import Change
from pipeline.chain.compare import Comparison
from pipeline.report.compared import figure_value, percent_change
from pipeline.statistics.verdict import Verdict

_STYLES = {
    Verdict.IMPROVED: "bold green",
    Verdict.UNCHANGED: "green",
    Verdict.REGRESSED: "bold red",
    Verdict.INCONCLUSIVE: "yellow",
}
_NAMES = {
    "p50_ns": "p50 ms",
    "p90_ns": "p90 ms",
    "load_ns": "load ms",
    "first_inference_ns": "first inference ms",
    "peak_memory_bytes": "peak memory MB",
    "size_bytes": "bytes",
    "accuracy_percent": "accuracy %",
}


def comparison(found: Comparison) -> Iterator[RenderableType]:
    """The table of figures, what was missing or differs, and the outcome."""
    yield Text()
    table = Table(box=SIMPLE_HEAD, title=_title(found), title_justify="left", title_style="bold")
    for name in ("model", "figure"):
        table.add_column(name, no_wrap=True)
    for name in ("before", "after", "change", "99 % interval"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("")
    for model in found.models:
        for place, change in enumerate(model.changes):
            table.add_row(model.model if place == 0 else "", *_cells(change), _verdict(change))
    yield table
    for model in found.models:
        if model.problem:
            yield Text.assemble((f"{model.model}: ", "bold red"), model.problem)
        for text in model.differences:
            yield Text(f"{model.model}: {text}: compared nevertheless", style="yellow")
    for name in found.added:
        yield Text(f"{name}: in the later run only", style="dim")
    for text in found.regressions:
        yield Text.assemble(("regressed: ", "bold red"), text)


def _title(found: Comparison) -> str:
    how = "taking turns in one session" if found.paired else "measured one after the other"
    return f"{found.before} -> {found.after}, {how}"


def _cells(change: Change) -> tuple[str, str, str, str, str]:
    name = _NAMES.get(change.figure, change.figure)
    before, after = (
        figure_value(change.figure, change.before),
        figure_value(change.figure, change.after),
    )
    if change.ratio is None:
        return name, before, after, f"{change.after - change.before:+.2f} points", ""
    value = percent_change(change.ratio.value)
    low, high = change.ratio.low, change.ratio.high
    if low is None or high is None:
        return name, before, after, value, "too few runs"
    return name, before, after, value, f"{100 * (low - 1):+.1f} to {100 * (high - 1):+.1f} %"


def _verdict(change: Change) -> Text:
    text = Text(change.verdict.value, style=_STYLES[change.verdict])
    return text.append(f" ({change.note})", style="dim") if change.note else text
