"""Results as people read them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from pipeline.chain.report import Report, Row
from pipeline.cli import compare_tables, cost
from pipeline.stages.convert import Runtime

if TYPE_CHECKING:
    from pipeline.chain.doctor import Check
    from pipeline.toolchain.arm64 import Arm64
    from pipeline.toolchain.toolchain import Toolchain

_STATES = {"ok": ("ok", "green"), "optional": ("--", "yellow"), "missing": ("NO", "bold red")}


def report(value: Report) -> list[RenderableType]:
    """The table of models, what the figures are worth, and the verdict."""
    parts: list[RenderableType] = [Text(), _models(value)]
    if value.device is not None:
        parts.append(cost.where(value))
        parts.extend(cost.support(value.rows))
    parts.extend(_draws(value.rows))
    for text in value.doubts:
        parts.append(Text.assemble(("with care: ", "yellow"), text))
    for text in value.invalid:
        parts.append(Text.assemble(("invalid: ", "bold red"), text))
    for failure in value.failures:
        parts.append(Text.assemble(("limit not met: ", "bold red"), failure))
    if value.comparison is not None:
        parts.extend(compare_tables.comparison(value.comparison))
    parts.append(Text.assemble(("run folder: ", "bold"), str(value.run_folder)))
    return parts


def _models(value: Report) -> Table:
    table = Table(box=SIMPLE_HEAD, title=_title(value), title_justify="left", title_style="bold")
    qualities = any(row.quality for row in value.rows)
    measured = any(row.measurement for row in value.rows)
    table.add_column("model", no_wrap=True)
    table.add_column("bytes", justify="right", no_wrap=True)
    if qualities:
        for name in ("smaller", "accuracy", "change", "cosine"):
            table.add_column(name, justify="right", no_wrap=True)
    figures = cost.columns(value) if measured else ()
    for figure in figures:
        table.add_column(figure.heading, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for row in value.rows:
        cells = [row.name, f"{row.size_bytes:,}"]
        if row.quality:
            cells += [
                f"{row.quality.times_smaller:.2f}x",
                f"{row.quality.percent:.2f} %",
                f"{-row.quality.drop_points + 0.0:+.2f}",
                f"{row.quality.parity.cosine_min:.5f}",
            ]
        elif qualities:
            cells += [""] * 4
        cells += [figure.cell(row.measurement) if row.measurement else "" for figure in figures]
        verdict = ("limit not met", "bold red") if row.failures else _met(row)
        table.add_row(*cells, Text(*verdict))
    return table


def _met(row: Row) -> tuple[str, str]:
    if row.measurement and row.measurement.invalid:
        return ("invalid", "bold red")
    if row.measurement and not row.measurement.repeatable:
        return ("p50 inconclusive", "yellow")
    return ("recovered" if row.recovered else "ok", "green")


def _draws(rows: Sequence[Row]) -> list[RenderableType]:
    """How much the choice of the calibration set matters, where it was tried."""
    told: list[RenderableType] = []
    for row in rows:
        if row.quality and row.quality.draws:
            all_of = (row.quality.percent, *row.quality.draws)
            told.append(
                Text(
                    f"{row.name}: {min(all_of):.2f} to {max(all_of):.2f} % over {len(all_of)} "
                    "draws of the calibration set"
                )
            )
    return told


def _title(value: Report) -> str:
    if value.checkpoint_percent is None:
        return value.name
    percent = f"{value.checkpoint_percent:.2f} %"
    if value.reference is Runtime.FP32_MODEL:
        return f"{value.name}: compared with its own fp32 model only, which has {percent}"
    return f"{value.name}: the network itself has {percent}"


def checks(found: Sequence[Check]) -> list[RenderableType]:
    """The doctor's findings."""
    table = Table(box=SIMPLE_HEAD)
    for name in ("", "what", "found", "what to do"):
        table.add_column(name)
    for check in found:
        sign, style = _STATES[check.state.value]
        table.add_row(Text(sign, style), check.name, Text(check.found), Text(check.todo))
    return [table]


def toolchain(value: Toolchain) -> list[RenderableType]:
    """A toolchain."""
    table = Table(box=SIMPLE_HEAD, show_header=False)
    table.add_column("part", style="bold")
    table.add_column("where", overflow="fold")
    table.add_row("MindSpore Lite", f"{value.version}, {value.origin.value}")
    table.add_row("converter_lite", str(value.converter))
    table.add_row("runner", str(value.runner))
    table.add_row("runtime", str(value.runtime))
    return [table]


def arm64(value: Arm64) -> list[RenderableType]:
    """What ARM64 is emulated with."""
    table = Table(box=SIMPLE_HEAD, show_header=False)
    table.add_column("part", style="bold")
    table.add_column("where", overflow="fold")
    table.add_row("qemu-user", f"{value.version}, {value.qemu}")
    table.add_row("runner", str(value.runner))
    table.add_row("runtime", str(value.runtime))
    return [table]
