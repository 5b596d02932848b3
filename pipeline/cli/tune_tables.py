"""What a search found, as people read it."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from pipeline.chain.tuning.outcome import Tuned
from pipeline.search.candidate import Candidate

_MOST_ROWS = 24


def tuned(value: Tuned) -> list[RenderableType]:
    """The candidates that none other beats, the whole recipes, and the verdict."""
    parts: list[RenderableType] = [Text(), _table(value)]
    parts.append(_verdict(value))
    if value.where not in (None, "device"):
        text = f"EMULATED ({value.where}): latencies are this computer's, not a phone's"
        parts.append(Text(text, style="bold yellow"))
    if value.recipe:
        parts.append(Text.assemble(("recipe: ", "bold"), str(value.recipe)))
    if value.model:
        parts.append(Text.assemble(("model: ", "bold"), str(value.model)))
    parts.append(Text.assemble(("report: ", "bold"), str(value.run_folder / "report.html")))
    parts.append(Text.assemble(("run folder: ", "bold"), str(value.run_folder)))
    return parts


def _table(value: Tuned) -> Table:
    title = (
        f"{value.name}: at least {value.limit_percent:.2f} % asked for, "
        f"{len(value.candidates)} candidates"
    )
    table = Table(box=SIMPLE_HEAD, title=title, title_justify="left", title_style="bold")
    table.add_column("candidate", no_wrap=True)
    for name in ("bytes", "smaller", "accuracy", "change"):
        table.add_column(name, justify="right", no_wrap=True)
    timed = any(one.latency_p50_ns is not None for one in value.candidates)
    if timed:
        emulated = value.where != "device"
        table.add_column("p50 ms" + ("\nEMULATED" if emulated else ""), justify="right")
    table.add_column("", no_wrap=True)
    shown = [value.baseline]
    shown += [one for one in value.candidates if not one.name.startswith("trial-")]
    shown += [one for one in value.front if one.name.startswith("trial-")]
    for one in sorted(shown, key=lambda one: _order(one, timed))[-_MOST_ROWS:]:
        cells = _cells(value, one)
        if timed:
            cells.append("" if one.latency_p50_ns is None else f"{one.latency_p50_ns / 1e6:.4g}")
        table.add_row(*cells, _mark(value, one))
    return table


def _order(one: Candidate, timed: bool) -> float:
    return -(one.latency_p50_ns or float("inf")) if timed else -one.size_bytes


def _cells(value: Tuned, one: Candidate) -> list[str]:
    if one.failed:
        return [one.name, "", "", "failed", ""]
    change = one.percent - value.baseline.percent
    return [
        one.name,
        f"{one.size_bytes:,}",
        f"{value.baseline.size_bytes / one.size_bytes:.2f}x",
        f"{one.percent:.2f} %",
        f"{change + 0.0:+.2f}",
    ]


def _mark(value: Tuned, one: Candidate) -> Text:
    if value.best is not None and one.name == value.best.name:
        return Text("best", style="bold green")
    if one is value.baseline:
        return Text("the float model", style="dim")
    if one.failed or one.percent < value.limit_percent - 1e-9:
        return Text("below the limit" if not one.failed else "", style="dim")
    return Text("on the front" if one in value.front else "", style="green")


def _verdict(value: Tuned) -> Text:
    spent = f"{value.trials} trials in {value.seconds:.0f} s"
    if value.exhausted:
        spent += ", nothing was left to try"
    if value.failures:
        return Text.assemble(("limit not met: ", "bold red"), f"{value.failures[0]} ({spent})")
    if value.best is None:
        return Text(f"nothing was found ({spent})", style="bold red")
    state = "interrupted; " if value.interrupted else ""
    ratio = value.baseline.size_bytes / value.best.size_bytes
    return Text.assemble(
        ("best: ", "bold green"),
        f"{value.best.name}, {value.best.size_bytes:,} bytes, {ratio:.2f}x smaller, "
        f"{value.best.percent:.2f} % ({state}{spent})",
    )
