"""A document as GitHub's Markdown, for a pull request or a job summary. Pictures are left out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import escape

from pipeline.core.errors import one_line
from pipeline.report.document import (
    Code,
    Facts,
    Folded,
    Page,
    Part,
    Prose,
    Row,
    Section,
    Table,
    Tone,
)

#: Signs that mean something within a line of Markdown.
_SPECIAL = re.compile(r"([\\`*_\[\]|~])")
#: These begin something only where a line begins.
_LEADING = re.compile(r"^([-+](?=\s|$)|\d+(?=[.)](?:\s|$)))")
#: These would call people and threads; a comment between keeps them from it.
_CALLS = re.compile(r"([@#])(?=\w)")
_MARKS = {Tone.GOOD: "✅ ", Tone.BAD: "❌ ", Tone.PLAIN: ""}


def markdown(page: Page) -> str:
    """The whole text. The same page gives the same text."""
    lines = [f"# {_text(page.title)}", ""]
    verdict = page.verdict
    mark = _MARKS[verdict.tone]
    lines += [f"{mark}**{_text(verdict.word)}** {_text(verdict.sentence)}", ""]
    for section in page.sections:
        lines += _section(section)
    return "\n".join(lines).rstrip() + "\n"


def _section(section: Section) -> Iterator[str]:
    parts = [line for part in section.parts for line in _part(part)]
    if parts:
        yield from (f"## {_text(section.title)}", "", *parts)


def _part(part: Part) -> Iterator[str]:
    if isinstance(part, Table):
        yield from _table(part)
    elif isinstance(part, Prose):
        yield from (_text(part.text), "")
    elif isinstance(part, Code):
        yield from (f"{_text(part.about)}:", "", *_code(part.text), "")
    elif isinstance(part, Facts):
        pairs = ", ".join(f"{_text(name)} {_text(value)}" for name, value in part.pairs.items())
        yield from (f"{_text(part.about)}: {pairs}", "")
    elif isinstance(part, Folded):
        inside = [line for one in part.parts for line in _part(one)]
        if inside:
            summary = escape(one_line(part.summary))
            head = f"<details><summary>{summary}</summary>"
            yield from (head, "", *inside, "</details>", "")


def _table(table: Table) -> Iterator[str]:
    yield from (f"{_text(table.caption)}:", "")
    yield _line([_text(column.name) or " " for column in table.columns])
    yield _line(["---:" if column.numeric else ":---" for column in table.columns])
    for row in table.rows:
        yield _line(_cells(row))
    yield ""


def _cells(row: Row) -> list[str]:
    first, *others = row.cells
    return [_MARKS[row.tone] + _text(first), *map(_text, others)]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _code(text: str) -> list[str]:
    lines = [
        "".join(sign if sign.isprintable() else " " for sign in line) for line in text.splitlines()
    ]
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return [fence, *lines, fence]


def _text(text: str) -> str:
    """Text that means only itself."""
    plain = _SPECIAL.sub(r"\\\1", escape(one_line(text), quote=False))
    return _CALLS.sub(r"\1<!-- -->", _LEADING.sub(_unled, plain))


def _unled(found: re.Match[str]) -> str:
    sign = found[1]
    return f"{sign}<!-- -->" if sign.isdigit() else f"\\{sign}"
