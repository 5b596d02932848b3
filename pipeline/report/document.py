"""What a page says, as plain data: nothing here knows of HTML, and nothing is escaped yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from pipeline.report.charts.picture import Picture


class Tone(str, Enum):
    """How a verdict or a row is to be taken. Always told in words too."""

    GOOD = "good"
    BAD = "bad"
    PLAIN = "plain"


@dataclass(frozen=True)
class Verdict:
    """What came out: a word or two, and one sentence with the figures."""

    tone: Tone
    word: str
    sentence: str


@dataclass(frozen=True)
class Column:
    """``numeric`` ones are aligned to the right."""

    name: str
    numeric: bool = True


@dataclass(frozen=True)
class Row:
    """One cell for each column; the first one names the row."""

    cells: tuple[str, ...]
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True)
class Table:
    """``caption`` says what the table shows."""

    caption: str
    columns: Sequence[Column]
    rows: Sequence[Row]

    def __post_init__(self) -> None:
        """Every row is as long as the columns."""
        if any(len(row.cells) != len(self.columns) for row in self.rows):
            raise ValueError(f"{self.caption}: a row has other columns than the table")


@dataclass(frozen=True)
class Figure:
    """A picture, and what to look for in it."""

    picture: Picture
    caption: str


@dataclass(frozen=True)
class Prose:
    """A paragraph."""

    text: str


@dataclass(frozen=True)
class Code:
    """Text to be copied as it is; ``about`` names it."""

    about: str
    text: str


@dataclass(frozen=True)
class Facts:
    """Names and their values."""

    about: str
    pairs: Mapping[str, str]


@dataclass(frozen=True)
class Folded:
    """Parts that are shown on demand."""

    summary: str
    parts: Sequence[Part]


Part = Table | Figure | Prose | Code | Facts | Folded


@dataclass(frozen=True)
class Section:
    """A heading and what stands below it."""

    title: str
    parts: Sequence[Part]


@dataclass(frozen=True)
class Page:
    """A page, the verdict first."""

    title: str
    verdict: Verdict
    sections: Sequence[Section]


@dataclass(frozen=True)
class Again:
    """How to get the same figures again: the command line, versions of what made them and hashes
    (of the network, data, models) that say what they are about."""

    command: str
    versions: Mapping[str, str] = field(default_factory=dict)
    hashes: Mapping[str, str] = field(default_factory=dict)

    def section(self) -> Section:
        """The last one of every page."""
        parts: list[Part] = [Code("Command", self.command)]
        if self.versions:
            parts.append(Facts("Versions", self.versions))
        if self.hashes:
            parts.append(Facts("SHA-256", self.hashes))
        return Section("Run it again", parts)
