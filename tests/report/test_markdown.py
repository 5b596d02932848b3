"""Markdown as its readers see it, by a parser of CommonMark with GitHub's tables."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from pipeline.core.errors import one_line
from pipeline.report.document import (
    Code,
    Column,
    Facts,
    Folded,
    Page,
    Prose,
    Row,
    Section,
    Table,
    Tone,
    Verdict,
)
from pipeline.report.markdown import markdown
from tests.report import made


def tokens(text: str) -> list[Token]:
    return MarkdownIt("commonmark", {"html": True}).enable("table").parse(text)


def seen(token: Token) -> str:
    """An inline token as it is read, without comments."""
    children = token.children or []
    assert {child.type for child in children} <= {"text", "text_special", "html_inline"}, children
    return "".join(child.content for child in children if not child.content.startswith("<!-- -->"))


def page(name: str) -> Page:
    table = Table("caption", [Column("a", False), Column("b")], [Row((name, name), Tone.GOOD)])
    return Page("title", Verdict(Tone.BAD, "word", "sentence"), [Section("head", [table])])


@given(st.text())
def test_any_text_in_a_cell_is_read_as_it_is(name: str) -> None:
    found = tokens(markdown(page(name)))
    pairs = itertools.pairwise(found)
    cells = [after for before, after in pairs if before.type in ("th_open", "td_open")]
    assert [seen(cell).strip() for cell in cells[:2]] == ["a", "b"]
    assert seen(cells[2]).removeprefix("✅").strip() == one_line(name)
    assert seen(cells[3]).strip() == one_line(name)


@given(st.text(min_size=1))
def test_any_prose_is_one_paragraph_of_that_text(name: str) -> None:
    text = markdown(Page("t", Verdict(Tone.GOOD, "w", "s"), [Section("h", [Prose(name)])]))
    inlines = [token for token in tokens(text) if token.type == "inline"]
    said = [seen(token) for token in inlines[3:]]
    assert said == ([one_line(name)] if one_line(name) else [])


@pytest.mark.parametrize("name", made.HOSTILE)
def test_nobody_is_called_and_nothing_is_executed(name: str) -> None:
    text = markdown(page(name))
    assert "<script" not in text and "\x1b" not in text and "@someone" not in text


def test_code_cannot_end_its_fence() -> None:
    section = Section("h", [Code("about", "```\n# no heading\n````")])
    found = tokens(markdown(Page("t", Verdict(Tone.PLAIN, "w", "s"), [section])))
    fences = [token for token in found if token.type == "fence"]
    assert [fence.content for fence in fences] == ["```\n# no heading\n````\n"]


def test_a_section_of_pictures_alone_is_left_out() -> None:
    parts = [Folded("more", [])]
    text = markdown(Page("t", Verdict(Tone.GOOD, "w", "s"), [Section("Pictures", parts)]))
    assert "Pictures" not in text


def test_facts_and_people() -> None:
    section = Section("h", [Facts("Versions", {"a": "1"}), Prose("ask @someone about #12")])
    text = markdown(Page("t", Verdict(Tone.GOOD, "w", "s"), [section]))
    assert "Versions: a 1" in text
    assert "@<!-- -->someone" in text and "#<!-- -->12" in text
