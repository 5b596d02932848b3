"""The history of a workspace: what runs put into it, and what is asked of it."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.chain.run import WORKSPACE, Run
from pipeline.core.errors import PipelineError, UsageError
from pipeline.core.events import Listener
from pipeline.core.places import expand
from pipeline.history import exchange, manifest
from pipeline.history.errors import ResultsUnreadable
from pipeline.history.history import Added, Filter, History
from pipeline.history.result import Figure, Result
from pipeline.history.trend import Trend, trends

NAME = "history.db"
_AGO = re.compile(r"(\d+)\s*([hdwy])")
_HOURS = {"h": 1, "d": 24, "w": 24 * 7, "y": 24 * 365}


@dataclass(eq=False)
class TimeUnreadable(UsageError):
    """A time that is none."""

    text: str

    @property
    def message(self) -> str:
        return f"{self.text!r} is no time"

    @property
    def hint(self) -> str:
        return (
            "give a day (2026-01-31), a moment (2026-01-31T08:00), or how long ago (12h, 30d, 8w)"
        )


def place(history: Path | None, workspace: Path = WORKSPACE) -> Path:
    """The file that is named, or the workspace's."""
    return expand(history or workspace / NAME).absolute()


def record(run: Run, history: Path | None, listener: Listener) -> None:
    """Put the results of a run that is finished into the history.

    A history that cannot be written is a warning: the run is in its folder, and
    ``pipeline history import`` takes it from there.
    """
    try:
        found = manifest.read(run.folder)
        with History(place(history, run.workspace), create=True) as opened:
            opened.add(found)
    except PipelineError as error:
        listener.warning(
            f"not in the history: {error}; later: pipeline history import {run.folder}"
        )


def listed(history: Path, asked: Filter, limit: int | None) -> tuple[Result, ...]:
    """Results, the newest first. Raises the errors of ``pipeline.history.errors``."""
    with History(history) as opened:
        return tuple(opened.find(asked, limit))


def trend(history: Path, asked: Filter, figure: Figure, nights: int) -> tuple[Trend, ...]:
    """A figure over time, a trend for each set of conditions; the newest first."""
    with History(history) as opened:
        return trends(opened, asked, figure, nights)


def exported(
    history: Path, asked: Filter, *, csv: bool = False, whole: bool = False
) -> Iterator[str]:
    """Pieces of a text: JSON, ``whole`` with the records and every sample, or CSV."""
    with History(history) as opened:
        found = opened.find(asked)
        yield from exchange.as_csv(found) if csv else exchange.as_json(opened, found, whole)


@dataclass(frozen=True)
class Imported:
    """What came out of which file or folder."""

    source: Path
    added: Added
    problem: str | None = None

    def as_json(self) -> dict[str, Any]:
        """For ``--json``."""
        return {"source": str(self.source), **self.added.as_json(), "problem": self.problem}


def imported(history: Path, sources: Sequence[Path]) -> tuple[Imported, ...]:
    """Add what run folders, manifests, exports and other histories hold, each result once.

    Of several run folders those that failed, or have nothing, are passed over.
    """
    found = []
    with History(history, create=True) as opened:
        for source in map(expand, sources):
            try:
                found.append(Imported(source, exchange.add_from(opened, source)))
            except ResultsUnreadable as error:
                if not source.is_dir() or len(sources) == 1:
                    raise
                found.append(Imported(source, Added(0, 0), str(error)))
    return tuple(found)


def asked(
    model: str | None = None,
    recipe: str | None = None,
    device: str | None = None,
    where: str | None = None,
    since_text: str | None = None,
) -> Filter:
    """What a user asks for. Raises TimeUnreadable."""
    return Filter(model, recipe, device, where, since(since_text))


def since(text: str | None, now: datetime.datetime | None = None) -> int | None:
    """Milliseconds since 1970 of a day, a moment (UTC unless it says) or ``30d`` ago."""
    if text is None:
        return None
    now = now or datetime.datetime.now(datetime.timezone.utc)
    try:
        if ago := _AGO.fullmatch(text.strip()):
            moment = now - datetime.timedelta(hours=int(ago[1]) * _HOURS[ago[2]])
        else:
            moment = datetime.datetime.fromisoformat(text.strip())
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=datetime.timezone.utc)
        return int(moment.timestamp() * 1000)
    except (ValueError, OverflowError):
        raise TimeUnreadable(text) from None
