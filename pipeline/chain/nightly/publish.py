"""A night for others to read: an HTML page, Markdown, JUnit XML, GitHub's summary and marks."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from pathlib import Path

from pipeline.chain.nightly.case import Status
from pipeline.chain.nightly.morning import Json, morning
from pipeline.chain.nightly.verdict import Night
from pipeline.core import files
from pipeline.history import manifest as manifests
from pipeline.report import junit
from pipeline.report.document import Again
from pipeline.report.github import Level, annotation
from pipeline.report.markdown import markdown
from pipeline.report.morning import Mark, Morning, emulation, figure
from pipeline.report.night import night_page
from pipeline.report.page import html

HTML, MARKDOWN, JUNIT = "report.html", "report.md", "junit.xml"
_SUMMARY = "GITHUB_STEP_SUMMARY"


def publish(night: Night, history: Path | None = None) -> None:
    """Write the pages of a night, whose manifest must be there; ``history`` has the trends.

    On GitHub, the summary of the job gets the Markdown too.
    """
    folder = night.run_folder
    content, _ = manifests.load(folder)
    write(content, folder, history)
    if summary := os.environ.get(_SUMMARY):
        path = Path(summary)
        with files.disk_errors(path), path.open("a", encoding="utf-8") as stream:
            stream.write((folder / MARKDOWN).read_text("utf-8"))


def write(content: Json, folder: Path, history: Path | None) -> tuple[Path, ...]:
    """``report.html``, ``report.md`` and ``junit.xml`` of the night of a manifest."""
    shown = morning(content, folder, history)
    page = night_page(shown, _again(content))
    texts = {
        HTML: html(page),
        MARKDOWN: markdown(page),
        JUNIT: junit.junit(shown.name, list(_cases(shown))),
    }
    for name, text in texts.items():
        files.write_text(folder / name, text)
    return tuple(folder / name for name in texts)


def marks(night: Night) -> Iterator[str]:
    """A line of GitHub's for each red case, and a quieter one for each quarantined."""
    for one in night.judged:
        if one.arrived.status is Status.PASSED:
            continue
        level = Level.WARNING if one.quarantine else Level.ERROR
        reasons = "; ".join(one.arrived.reasons)
        yield annotation(level, one.case.text, f"{one.arrived.status.value}: {reasons}")


_RESULTS = {
    Mark.PASSED: junit.Result.PASSED,
    Mark.FAILED: junit.Result.FAILURE,
    Mark.INVALID: junit.Result.ERROR,
    Mark.ERROR: junit.Result.ERROR,
    Mark.MISSING: junit.Result.ERROR,
    Mark.QUARANTINED: junit.Result.SKIPPED,
    Mark.SKIPPED: junit.Result.SKIPPED,
}


def _cases(shown: Morning) -> Iterator[junit.Case]:
    for cell in shown.cells:
        seconds = (cell.row.get("benchmark") or {}).get("seconds", 0.0)
        yield junit.Case(
            suite=cell.device,
            group=cell.model,
            name=cell.recipe,
            result=_RESULTS[cell.mark],
            kind=cell.mark.value,
            message="; ".join((*cell.reasons, cell.hint)).strip("; "),
            output=" ".join(filter(None, (figure(cell.row), emulation([cell.row])))),
            seconds=float(seconds),
        )


def _again(content: Json) -> Again:
    command = shlex.join(["pipeline", *(str(part) for part in content.get("argv") or ())])
    hashes = {
        f"{one['case']['model']} {one['case']['recipe']}": str(one["row"]["sha256"])
        for one in content["cases"]
        if one["row"]
    }
    versions = {
        "pipeline": str(content.get("pipeline_version", "")),
        "Python": str(content.get("python", "")),
        "host": str((content.get("host") or {}).get("system", "")),
    }
    return Again(command, {name: value for name, value in versions.items() if value}, hashes)
