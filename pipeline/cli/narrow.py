"""Tables that a terminal is too narrow for: in parts below each other, no figure cut off."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.measure import Measurement
from rich.table import Column, Table

#: Padding and the line between two columns, as rich draws them.
_BETWEEN = 3
#: Part of a line that names of rows may take.
_MOST_NAMED = 0.6


def parts(table: Table, console: Console) -> list[Table]:
    """The table itself where what must not be broken fits, else parts of its columns.

    The columns that name the rows are in each.
    """
    needs = [_need(column, console) + _BETWEEN for column in table.columns]
    named = _named(table, needs, console.width)
    if sum(needs) < console.width or len(needs) < len(named) + 2:
        return [table]
    groups = list(_groups(needs, len(named), console.width - 1))
    return [_part(table, [*named, *group], first=group is groups[0]) for group in groups]


def _named(table: Table, needs: Sequence[int], width: int) -> range:
    """The first column, and words beside it as long as figures keep enough room."""
    count = 1
    for column in table.columns[1:]:
        if column.justify == "right" or sum(needs[: count + 1]) > _MOST_NAMED * width:
            break
        count += 1
    return range(count)


def _need(column: Column, console: Console) -> int:
    """Characters that a column takes at least: its words, or its lines where it must not wrap."""
    found = [
        Measurement.get(console, console.options, cell)
        for cell in (column.header, *column.cells)
        if cell != ""
    ]
    widths = [one.maximum if column.no_wrap else one.minimum for one in found]
    return max([column.min_width or 0, *widths])


def _groups(needs: Sequence[int], named: int, width: int) -> Iterator[list[int]]:
    """The columns after the ``named`` ones, as many together as fit beside them."""
    room = width - sum(needs[:named])
    group: list[int] = []
    for at in range(named, len(needs)):
        if group and sum(needs[one] for one in group) + needs[at] > room:
            yield group
            group = []
        group.append(at)
    yield group


def _part(table: Table, columns: Sequence[int], *, first: bool) -> Table:
    chosen = [table.columns[at] for at in columns]
    part = Table(
        *(column.copy() for column in chosen),
        box=table.box,
        show_header=table.show_header,
        pad_edge=table.pad_edge,
        title=table.title if first else None,
        title_style=table.title_style,
        title_justify=table.title_justify,
    )
    cells = [list(column.cells) for column in chosen]
    for place, row in enumerate(table.rows):
        part.add_row(*(some[place] for some in cells), style=row.style, end_section=row.end_section)
    return part
