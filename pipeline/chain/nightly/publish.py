"""A night for others to read: an HTML page, Markdown, JUnit XML, GitHub's summary and marks."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

from pipeline.chain.nightly.case import Status
from pipeline.chain.nightly.verdict import Judged, Night
from pipeline.chain.run import pipeline_version
from pipeline.core import files
from pipeline.report import junit
from pipeline.report.document import Again
from pipeline.report.github import Level, annotation
from pipeline.report.markdown import markdown
from pipeline.report.night import Cell, Mark, Morning, emulation, figure, night_page
from pipeline.report.page import html

_SUMMARY = "GITHUB_STEP_SUMMARY"


def publish(night: Night) -> None:
    """Write ``report.html``, ``report.md`` and ``junit.xml`` into the night's folder.

    On GitHub, the summary of the job gets the Markdown too.
    """
    page = night_page(_morning(night), _again(night))
    text = markdown(page)
    files.write_text(night.run_folder / "report.html", html(page))
    files.write_text(night.run_folder / "report.md", text)
    files.write_text(night.run_folder / "junit.xml", junit.junit(night.name, list(_cases(night))))
    if summary := os.environ.get(_SUMMARY):
        path = Path(summary)
        with files.disk_errors(path), path.open("a", encoding="utf-8") as stream:
            stream.write(text)


def marks(night: Night) -> Iterator[str]:
    """A line of GitHub's for each red case, and a quieter one for each quarantined."""
    for one in night.judged:
        if one.arrived.status is Status.PASSED:
            continue
        level = Level.WARNING if one.quarantine else Level.ERROR
        reasons = "; ".join(one.arrived.reasons)
        yield annotation(level, one.case.text, f"{one.arrived.status.value}: {reasons}")


def _morning(night: Night) -> Morning:
    cells = [
        Cell(
            model=one.case.model,
            recipe=one.case.recipe,
            device=one.case.device,
            mark=_mark(one),
            reasons=_reasons(one),
            notes=one.arrived.notes,
            hint=one.arrived.hint,
            row=one.arrived.row,
        )
        for one in night.judged
    ]
    cells += [
        Cell(case.model, case.recipe, case.device, Mark.SKIPPED, (reason,))
        for case, reason in night.skipped
    ]
    return Morning(night.name, cells, night.seconds, night.resumed, tuple(_remarks(night)))


def _mark(one: Judged) -> Mark:
    status = one.arrived.status
    quarantined = one.quarantine is not None and status is not Status.PASSED
    return Mark.QUARANTINED if quarantined else Mark(status.value)


def _reasons(one: Judged) -> tuple[str, ...]:
    rule = one.quarantine
    if rule is None or one.arrived.status is Status.PASSED:
        return one.arrived.reasons
    until = f"quarantined until {rule.until} by {rule.owner}: {rule.reason}"
    return (one.arrived.status.value, *one.arrived.reasons, until)


def _remarks(night: Night) -> Iterator[str]:
    if night.remark:
        yield night.remark
    for rule in night.expired:
        cases = f"{rule.model}/{rule.recipe}/{rule.device}"
        yield f"The quarantine of {cases} ended on {rule.until}; its owner is {rule.owner}."


_RESULTS = {
    Status.PASSED: junit.Result.PASSED,
    Status.FAILED: junit.Result.FAILURE,
    Status.INVALID: junit.Result.ERROR,
    Status.ERROR: junit.Result.ERROR,
    Status.MISSING: junit.Result.ERROR,
}


def _cases(night: Night) -> Iterator[junit.Case]:
    for one in night.judged:
        quarantined = _mark(one) is Mark.QUARANTINED
        seconds = (one.arrived.row.get("benchmark") or {}).get("seconds", 0.0)
        yield junit.Case(
            suite=one.case.device,
            group=one.case.model,
            name=one.case.recipe,
            result=junit.Result.SKIPPED if quarantined else _RESULTS[one.arrived.status],
            kind=one.arrived.status.value,
            message="; ".join((*_reasons(one), one.arrived.hint)).strip("; "),
            output=" ".join(filter(None, (figure(one.arrived.row), emulation([one.arrived.row])))),
            seconds=float(seconds),
        )
    for case, reason in night.skipped:
        yield junit.Case(case.device, case.model, case.recipe, junit.Result.SKIPPED, message=reason)


def _again(night: Night) -> Again:
    command = " ".join(["pipeline", *map(shlex.quote, sys.argv[1:])])
    hashes = {
        f"{one.case.model} {one.case.recipe}": str(one.arrived.row["sha256"])
        for one in night.judged
        if one.arrived.row
    }
    return Again(command, {"pipeline": pipeline_version()}, hashes)
