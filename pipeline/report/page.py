"""A document as one HTML file that needs nothing else: no network, no script, no other file.

Every text is escaped here and nowhere else. Only the pictures of ``charts`` are taken as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from importlib import resources

from pipeline.core.errors import one_line
from pipeline.report.charts.picture import Colour
from pipeline.report.document import (
    Code,
    Facts,
    Figure,
    Folded,
    Page,
    Part,
    Prose,
    Row,
    Section,
    Table,
    Tone,
)

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
#: Letters of a cell that is broken into lines rather than make its table wide; the first one of a
#: row stays in sight beside the others.
_LONG, _LONG_NAME = 40, 20


def html(page: Page) -> str:
    """The whole file. The same page gives the same text."""
    style = resources.files("pipeline.report").joinpath("page.css").read_text("utf-8")
    title, verdict = _text(page.title), page.verdict
    sections = "\n".join(_section(section) for section in page.sections)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p class="verdict {verdict.tone.value}"><strong>{_text(verdict.word)}</strong> \
{_text(verdict.sentence)}</p>
{sections}
</main>
</body>
</html>
"""


def _section(section: Section) -> str:
    return f"<section>\n<h2>{_text(section.title)}</h2>\n{_parts(section.parts)}\n</section>"


def _parts(parts: Sequence[Part]) -> str:
    return "\n".join(_part(part) for part in parts)


def _part(part: Part) -> str:
    if isinstance(part, Table):
        return _table(part)
    if isinstance(part, Figure):
        return _figure(part)
    if isinstance(part, Prose):
        return f"<p>{_text(part.text)}</p>"
    if isinstance(part, Code):
        return f"<h3>{_text(part.about)}</h3>\n{_scrolled(part.about, _code(part.text))}"
    if isinstance(part, Facts):
        return f"<h3>{_text(part.about)}</h3>\n{_facts(part)}"
    assert isinstance(part, Folded)
    return f"<details>\n<summary>{_text(part.summary)}</summary>\n{_parts(part.parts)}\n</details>"


def _table(table: Table) -> str:
    heads = "".join(
        f'<th scope="col"{_class("n" if column.numeric else "")}>{_text(column.name)}</th>'
        for column in table.columns
    )
    rows = "\n".join(_row(row, table) for row in table.rows)
    return _scrolled(
        table.caption,
        f"<table>\n<caption><span>{_text(table.caption)}</span></caption>\n"
        f"<thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table>",
    )


def _row(row: Row, table: Table) -> str:
    cells = []
    for place, (cell, column) in enumerate(zip(row.cells, table.columns, strict=True)):
        tag, scope = ("th", ' scope="row"') if place == 0 else ("td", "")
        most = _LONG if place else _LONG_NAME
        kind = _class("n" if column.numeric else "long" if len(cell) > most else "")
        cells.append(f"<{tag}{scope}{kind}>{_text(cell)}</{tag}>")
    tone = "" if row.tone is Tone.PLAIN else row.tone.value
    return f"<tr{_class(tone)}>{''.join(cells)}</tr>"


def _figure(figure: Figure) -> str:
    svg = figure.picture.svg
    for colour in (Colour.TEXT, Colour.GRID):
        svg = svg.replace(colour.value, "currentColor")
    return f"<figure>\n{svg}\n<figcaption>{_text(figure.caption)}</figcaption>\n</figure>"


def _facts(facts: Facts) -> str:
    pairs = "\n".join(
        f"<div><dt>{_text(name)}</dt><dd>{_text(value)}</dd></div>"
        for name, value in facts.pairs.items()
    )
    return f"<dl>\n{pairs}\n</dl>"


def _code(text: str) -> str:
    lines = "\n".join(
        "".join(char if char.isprintable() else " " for char in line) for line in text.splitlines()
    )
    return f'<pre dir="ltr"><code>{escape(lines)}</code></pre>'


def _scrolled(name: str, inside: str) -> str:
    """Wide things scroll within, by the keyboard too."""
    label = escape(one_line(name))
    return f'<div class="wide" role="region" tabindex="0" aria-label="{label}">{inside}</div>'


def _text(text: str) -> str:
    """Text on one line, which turns nothing around it when it is written from the right."""
    safe = escape(one_line(text))
    return safe if text.isascii() else f"<bdi>{safe}</bdi>"


def _class(name: str) -> str:
    return f' class="{name}"' if name else ""
