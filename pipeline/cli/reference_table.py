"""References as people read them."""

from __future__ import annotations

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from pipeline.chain.reference.check import Checked
from pipeline.chain.reference.judge import Judged, Verdict
from pipeline.chain.reference.update import Updated
from pipeline.config.reference import Figure

_STYLES = {
    Verdict.MET: "green",
    Verdict.WORSE: "bold red",
    Verdict.BETTER: "bold yellow",
    Verdict.UNMEASURED: "bold red",
    Verdict.MISSING: "dim",
}


def checked(value: Checked) -> list[RenderableType]:
    """A line a figure, then what is to be done."""
    parts: list[RenderableType] = [_table(value.judged)]
    for failure in value.failures:
        parts.append(Text.assemble(("not as referenced: ", "bold red"), failure))
    for model, path in value.files.items():
        parts.append(Text.assemble((f"references of {model}: ", "bold"), str(path)))
    return parts


def updated(value: Updated) -> list[RenderableType]:
    """What was written into which file."""
    parts: list[RenderableType] = []
    for path, changes in value.changes.items():
        parts += [_table(changes), Text.assemble(("written: ", "bold green"), str(path))]
    if not value.changes:
        parts.append(Text("every figure is within its tolerance: nothing to update"))
    for one in value.skipped:
        parts.append(Text.assemble(("left as it is: ", "bold yellow"), one.text))
    return parts


def _table(judged: Sequence[Judged]) -> Table:
    table = Table(box=SIMPLE_HEAD)
    for name in ("model", "recipe", "where", "figure"):
        table.add_column(name, no_wrap=True)
    for name in ("is", "reference", "may differ by"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for one in judged:
        place = " ".join(filter(None, (one.profile, one.where))) if one.figure.of_device else ""
        table.add_row(
            Text(one.model),
            Text(one.recipe),
            place,
            one.figure.value,
            _number(one.figure, one.value),
            _number(one.figure, one.expected),
            "" if one.allowed is None else f"{one.allowed:,.4g}",
            Text(one.verdict.value, _STYLES[one.verdict]),
        )
    return table


def _number(figure: Figure, value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if figure in (Figure.SIZE, Figure.INSTRUCTIONS) else f"{value:.6g}"
