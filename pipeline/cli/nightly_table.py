"""A night as people read it: the verdict, the matrix, and what is red and why."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from pipeline.chain.nightly.case import Case, Status
from pipeline.chain.nightly.verdict import Judged, Night
from pipeline.core.errors import ExitCode, one_line
from pipeline.report.morning import emulation, figure

_STYLES = {
    Status.PASSED: "green",
    Status.FAILED: "bold red",
    Status.INVALID: "yellow",
    Status.ERROR: "bold red",
    Status.MISSING: "bold red",
}


def night(found: Night) -> list[RenderableType]:
    """The verdict first, then a line for each model and recipe with a column for each device."""
    return [Text(), _verdict(found), _matrix(found), *_red(found), *_remarks(found)]


def _verdict(found: Night) -> Text:
    passed, expected = found.count(Status.PASSED), len(found.judged)
    done = found.exit_code is ExitCode.DONE
    word = Text("PASSED", "bold green") if done else Text("FAILED", "bold red")
    told = f"  {found.name}: {passed} of {expected} cases passed in {found.seconds:.0f} s"
    resumed = f", {found.resumed} of them before an interruption" if found.resumed else ""
    return word.append(told + resumed, "default")


def _matrix(found: Night) -> Table:
    devices = list(dict.fromkeys(one.case.device for one in found.judged))
    table = Table(box=SIMPLE_HEAD)
    for name in ("model", "recipe"):
        table.add_column(name, no_wrap=True)
    for name in ("accuracy", "bytes"):
        table.add_column(name, justify="right", no_wrap=True)
    for device in devices:
        rows = [one.arrived.row for one in found.judged if one.case.device == device]
        mark = "\nEMULATED" if emulation(rows) else ""
        table.add_column(one_line(device) + mark, justify="right", no_wrap=True)
    lines: dict[tuple[str, str], dict[str, Judged]] = {}
    for one in found.judged:
        lines.setdefault((one.case.model, one.case.recipe), {})[one.case.device] = one
    skipped = {case for case, _ in found.skipped}
    for (model, recipe), cells in lines.items():
        row = next((one.arrived.row for one in cells.values() if one.arrived.row), {})
        table.add_row(
            one_line(model),
            one_line(recipe),
            f"{row['accuracy_percent']:.2f} %" if "accuracy_percent" in row else "",
            f"{row['size_bytes']:,}" if row else "",
            *(
                _cell(cells.get(device), Case(model, recipe, device) in skipped)
                for device in devices
            ),
        )
    return table


def _cell(one: Judged | None, skipped: bool) -> Text:
    if one is None:
        return Text("skipped" if skipped else "", "dim")
    status = one.arrived.status
    if status is not Status.PASSED:
        mark = " (quarantined)" if one.quarantine else ""
        return Text(status.value + mark, "dim" if one.quarantine else _STYLES[status])
    return Text(figure(one.arrived.row) or status.value, "green")


def _red(found: Night) -> list[RenderableType]:
    lines: list[RenderableType] = []
    for one in found.red:
        arrived = one.arrived
        reasons = one_line("; ".join(arrived.reasons))
        lines.append(
            Text.assemble(
                (f"{arrived.status.value}: ", _STYLES[arrived.status]),
                (one_line(one.case.text), "bold"),
                f": {reasons}",
            )
        )
        if arrived.hint:
            lines.append(Text.assemble(("  hint: ", "cyan"), arrived.hint))
    return lines


def _remarks(found: Night) -> list[RenderableType]:
    lines: list[RenderableType] = []
    for one in found.judged:
        lines += [Text(one_line(f"{one.case.text}: {note}"), "dim") for note in one.arrived.notes]
        if one.quarantine and one.arrived.status is not Status.PASSED:
            rule = one.quarantine
            why = one_line(f"{one.case.text}: {'; '.join(one.arrived.reasons)}")
            until = f"quarantined until {rule.until} by {rule.owner}: {rule.reason}"
            lines.append(Text(f"{why} ({one_line(until)})", "dim"))
    if found.remark:
        lines.append(Text(one_line(found.remark), "dim"))
    for rule in found.expired:
        text = f"quarantine of {rule.model}/{rule.recipe}/{rule.device} ended on {rule.until}"
        lines.append(Text(one_line(f"{text}: mend it or say anew until when"), "yellow"))
    lines.append(Text(f"night: {found.run_folder}"))
    return lines
