"""What a training won back, as people read it."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from pipeline.chain.recover import Recovered


def recovered(value: Recovered) -> list[RenderableType]:
    """The steps, the epochs, the model before and after, and the verdict."""
    parts: list[RenderableType] = [Text(), _steps(value)]
    if len(value.epochs) > 1:
        parts.append(_epochs(value))
    parts += [_models(value), _verdict(value)]
    for title, path in (
        ("checkpoint", value.checkpoint),
        ("model", value.model),
        ("run folder", value.run_folder),
    ):
        parts.append(Text.assemble((f"{title}: ", "bold"), str(path)))
    return parts


def _steps(value: Recovered) -> Table:
    title = f"{value.name}: without training, for {value.recipe}"
    table = Table(box=SIMPLE_HEAD, title=title, title_justify="left", title_style="bold")
    table.add_column("step", no_wrap=True)
    for name in ("accuracy", "seconds"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("")
    for number, step in enumerate(value.steps):
        found = "" if step.percent is None else f"{step.percent:.2f} %"
        mark = "kept" if step.kept else step.note or "not kept"
        style = "green" if number and step.kept else "dim"
        table.add_row(
            step.name, found, f"{step.seconds:.1f}", Text(mark if number else "", style=style)
        )
    return table


def _epochs(value: Recovered) -> Table:
    title = f"{value.name}: trained for {value.recipe}, checked with its weights"
    table = Table(box=SIMPLE_HEAD, title=title, title_justify="left", title_style="bold")
    for name in ("epoch", "loss", "accuracy", "seconds"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for epoch in value.epochs:
        mark = "untrained" if epoch.loss is None else ""
        best = Text("best", style="bold green")
        table.add_row(
            str(epoch.number),
            "" if epoch.loss is None else f"{epoch.loss:.4f}",
            f"{epoch.percent:.2f} %",
            f"{epoch.seconds:.1f}",
            best if epoch.number == value.best_epoch else Text(mark, style="dim"),
        )
    return table


def _models(value: Recovered) -> Table:
    table = Table(box=SIMPLE_HEAD)
    table.add_column("model", no_wrap=True)
    for name in ("bytes", "smaller", "accuracy", "change"):
        table.add_column(name, justify="right", no_wrap=True)
    smaller = f"{value.float_bytes / value.size_bytes:.2f}x"
    table.add_row("float", f"{value.float_bytes:,}", "1.00x", f"{value.float_percent:.2f} %", "")
    before = value.before_percent
    table.add_row(f"{value.recipe}, before", "", "", *_accuracy(value, before))
    after = _accuracy(value, value.after_percent)
    table.add_row(f"{value.recipe}, recovered", f"{value.size_bytes:,}", smaller, *after)
    return table


def _accuracy(value: Recovered, percent: float | None) -> tuple[str, str]:
    if percent is None:
        return "unusable", ""
    return f"{percent:.2f} %", f"{percent - value.float_percent + 0.0:+.2f}"


def _verdict(value: Recovered) -> Text:
    count = len(value.epochs) - 1
    spent = f"{count} epochs in {value.seconds:.0f} s" if count else "without training"
    if value.failures:
        return Text.assemble(("limit not met: ", "bold red"), f"{value.failures[0]} ({spent})")
    return Text.assemble(
        ("recovered: ", "bold green"),
        f"{-value.drop_points + 0.0:+.2f} points against the float network ({spent})",
    )
