"""Tables on narrow terminals."""

from __future__ import annotations

import io

import pytest
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.cli.narrow import parts

NAMES = ("model", "bytes", "smaller", "accuracy", "change", "cosine", "p50 ms\nEMULATED", "")


def table(name: str = "dynamic-8") -> Table:
    made = Table(box=SIMPLE_HEAD, title="digits", title_justify="left")
    for header in NAMES:
        made.add_column(header, no_wrap=True, justify="right" if header else "left")
    cells = [name, "250,224", "3.14x", "99.44 %", "+0.00", "1.00000", "0.05282"]
    made.add_row(*cells, Text("p50 inconclusive", "yellow"))
    return made


def printed(shown: Table, width: int) -> tuple[int, str]:
    stream = io.StringIO()
    console = Console(file=stream, width=width)
    found = parts(shown, console)
    for part in found:
        console.print(part)
    return len(found), stream.getvalue()


@pytest.mark.parametrize("width", [40, 60, 80, 90])
def test_no_figure_is_cut_off(width: int) -> None:
    count, text = printed(table(), width)
    assert count > 1 and "…" not in text
    for cell in ("250,224", "3.14x", "99.44 %", "1.00000", "0.05282", "EMULATED", "inconclusive"):
        assert text.count(cell) == 1, cell
    assert text.count("dynamic-8") == count and text.count("digits") == 1
    assert max(map(len, text.splitlines())) <= width


def test_a_table_that_fits_stays_whole() -> None:
    count, text = printed(table(), 160)
    assert count == 1 and len(text.splitlines()) == 7


def test_what_names_a_row_is_in_each_part() -> None:
    made = Table(box=SIMPLE_HEAD)
    for header in ("model", "figure"):
        made.add_column(header, no_wrap=True)
    for header in ("before", "after", "change", "99 % interval"):
        made.add_column(header, no_wrap=True, justify="right")
    made.add_row("digits", "p50 ms", "0.05282 ms", "0.05471 ms", "+3.5 %", "+1.0 to +4.0 %")
    count, text = printed(made, 50)
    assert count > 1 and text.count("digits") == text.count("p50 ms") == count


def test_columns_that_may_wrap_do() -> None:
    made = Table(box=SIMPLE_HEAD)
    for header in ("case", "what", "why"):
        made.add_column(header)
    made.add_row("a/b", "failed", "because of many words that have a place to break " * 3)
    assert printed(made, 60)[0] == 1
