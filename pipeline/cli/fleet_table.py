"""A deployment to several devices as people read it."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from pipeline.chain.fleet_report import Fleet, Section
from pipeline.cli import cost, tables


def fleet(value: Fleet) -> list[RenderableType]:
    """A part for each device, p50 of every model on every device, and what was lost."""
    parts: list[RenderableType] = []
    for section in value.sections:
        heading = section.label + (f" ({section.profile})" if section.profile else "")
        parts.append(Text(f"\n{heading}", style="bold"))
        parts += tables.report(section.report) if section.report else _trouble(section)
    if len(value.reports) > 1:
        parts.append(_side_by_side(value))
    parts.append(Text.assemble(("run folder: ", "bold"), str(value.run_folder)))
    return parts


def _trouble(section: Section) -> list[RenderableType]:
    assert section.trouble is not None  # what has no report has trouble
    return [
        Text.assemble(("error: ", "bold red"), section.trouble.message),
        Text.assemble(("hint: ", "bold cyan"), section.trouble.hint),
    ]


def _side_by_side(value: Fleet) -> Table:
    table = Table(box=SIMPLE_HEAD, title="p50 ms", title_justify="left", title_style="bold")
    table.add_column("model", no_wrap=True)
    for report in value.reports:
        assert report.device is not None  # measured
        mark = "\nEMULATED" if report.emulated else ""
        table.add_column(f"{report.device.key}{mark}", justify="right")
    for rows in zip(*(report.rows for report in value.reports), strict=True):
        found = [row.measurement for row in rows]
        table.add_row(rows[0].name, *(cost.figure(one) if one else "" for one in found))
    return table
