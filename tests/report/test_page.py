"""Pages as a browser reads them."""

from __future__ import annotations

import re

import pytest

from pipeline.core.errors import one_line
from pipeline.report.charts.layers import bars
from pipeline.report.charts.picture import Colour
from pipeline.report.document import (
    Code,
    Column,
    Facts,
    Figure,
    Folded,
    Page,
    Prose,
    Row,
    Section,
    Table,
    Tone,
    Verdict,
)
from pipeline.report.page import html
from tests.report import made


def page(name: str) -> Page:
    """A page with ``name`` wherever a text can stand."""
    table = Table(name, [Column(name, False), Column(name)], [Row((name, name), Tone.GOOD)])
    figure = Figure(bars(made.costs(2)), name)
    parts = [
        table, figure, Prose(name), Code(name, name), Facts(name, {name: name}),
        Folded(name, [table]),
    ]  # fmt: skip
    return Page(name, Verdict(Tone.BAD, name, name), [Section(name, parts)])


@pytest.mark.parametrize("name", made.HOSTILE)
def test_every_text_is_escaped(name: str) -> None:
    text = html(page(name))
    seen = made.read(text)
    assert text.encode()
    assert "\u202e" not in text and "\x1b" not in text
    assert set(seen.tags) == set(made.read(html(page("plain"))).tags) | (set(seen.tags) & {"bdi"})
    assert seen.text.count(one_line(name)) >= 18


def test_the_verdict_comes_first_and_headings_in_order() -> None:
    text = html(page("plain"))
    tags = [tag for tag in made.read(text).tags if re.fullmatch(r"h\d", tag)]
    assert tags == ["h1", "h2", "h3", "h3"]
    places = [text.index(mark) for mark in ("<h1>", 'class="verdict bad"', "<h2>", "<table>")]
    assert places == sorted(places)
    assert text.startswith('<!doctype html>\n<html lang="en">')


def test_wide_things_scroll_by_keyboard() -> None:
    text = html(page("plain"))
    assert text.count('<div class="wide" role="region" tabindex="0" aria-label="plain">') == 3
    for tag in ("table", "pre"):
        assert all(part.endswith('aria-label="plain">') for part in text.split(f"<{tag}")[:-1:2])


def test_pictures_take_the_colour_of_the_text() -> None:
    text = html(page("plain"))
    assert "fill: currentColor" in text
    assert Colour.TEXT.value not in text and Colour.GRID.value not in text


def test_code_keeps_its_lines() -> None:
    code = Code("recipe", "rules:\n  - bits: 4\n")
    text = html(Page("t", Verdict(Tone.PLAIN, "w", "s"), [Section("s", [code])]))
    assert "<code>rules:\n  - bits: 4</code>" in text


def test_a_row_has_a_cell_for_each_column() -> None:
    with pytest.raises(ValueError, match="other columns"):
        Table("t", [Column("a")], [Row(("1", "2"))])
