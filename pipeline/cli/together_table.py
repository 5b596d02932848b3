"""Models side by side as people read them: alone, beside the others, and what that costs."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from pipeline.chain.report import Row
from pipeline.chain.together import Member, Together


def together(value: Together) -> list[RenderableType]:
    """The table, the storage that all take, and the verdict."""
    parts: list[RenderableType] = [Text(), _models(value), _storage(value)]
    if value.emulated:
        parts.append(
            Text(
                f"EMULATED {value.profile} ({value.device.where.value}): latencies are those of "
                "this computer and say nothing about a phone or watch",
                style="bold yellow",
            )
        )
    else:
        parts.append(Text(f"measured on {value.device.key}: {value.device.summary}"))
    for failure in value.failures:
        parts.append(Text.assemble(("limit not met: ", "bold red"), failure))
    parts.append(Text.assemble(("run folder: ", "bold"), str(value.run_folder)))
    return parts


def _models(value: Together) -> Table:
    table = Table(box=SIMPLE_HEAD, title=value.name, title_justify="left", title_style="bold")
    mark = "\nEMULATED" if value.emulated else ""
    table.add_column("model", no_wrap=True)
    table.add_column("bytes", justify="right", no_wrap=True)
    for name in ("alone p50 ms", "beside p50 ms", "ratio"):
        table.add_column(f"{name}{mark}", justify="right", no_wrap=True)
    for name in ("alone MB", "beside MB"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for member in value.members:
        failed = member.alone.failures or member.beside.failures
        table.add_row(
            member.alone.name,
            f"{member.alone.size_bytes:,}",
            _p50(member.alone),
            _p50(member.beside),
            _ratio(member),
            _memory(member.alone),
            _memory(member.beside),
            Text("limit not met", "bold red") if failed else Text("ok", "green"),
        )
    return table


def _storage(value: Together) -> Text:
    budget = f" of {value.budget_bytes:,}" if value.budget_bytes is not None else ""
    return Text(f"{len(value.members)} models, {value.size_bytes:,}{budget} bytes", style="dim")


def _p50(row: Row) -> str:
    latency = row.measurement.latency if row.measurement else None
    return f"{latency.p50_ns / 1e6:.4g}" if latency else ""


def _ratio(member: Member) -> str:
    """With its interval where the runs bear one."""
    ratio = member.ratio
    if ratio is None:
        return ""
    known = ratio.low is not None and ratio.high is not None
    return f"{ratio.value:.2f}" + (f" [{ratio.low:.2f}, {ratio.high:.2f}]" if known else "")


def _memory(row: Row) -> str:
    peak = row.measurement.peak_memory_bytes if row.measurement else None
    return f"{peak / 1e6:.1f}" if peak is not None else ""
