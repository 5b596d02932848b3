"""A night as its page shows it: out of its manifest, its folder and the history."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from pipeline.chain import history as histories
from pipeline.core.errors import PipelineError
from pipeline.history.history import Filter
from pipeline.history.record import conditions, samples
from pipeline.history.result import Conditions, Figure
from pipeline.history.samples import Runs
from pipeline.report.charts.trends import Line
from pipeline.report.morning import Cell, Mark, Morning
from pipeline.report.words import milliseconds

Json = Mapping[str, Any]
#: As many as a small picture can show.
_NIGHTS = 60
_FIGURES: tuple[tuple[Figure, Callable[[float], str]], ...] = (
    (Figure.P50, milliseconds),
    (Figure.INSTRUCTIONS, lambda value: f"{value / 1e6:.4g} M"),
)
_CHANGED = ("regressed", "improved")


def morning(night: Json, folder: Path, history: Path | None = None) -> Morning:
    """The night of a manifest (``Night.as_json``) in ``folder``; trends come from ``history``.

    Raises KeyError, TypeError or ValueError for what is no such manifest.
    """
    lines = _lines({one["case"]["model"] for one in night["cases"]}, history)
    cells = [_cell(one, folder, lines) for one in night["cases"]]
    cells += [
        Cell(one["model"], one["recipe"], one["device"], Mark.SKIPPED, (one["reason"],))
        for one in night["skipped"]
    ]
    remarks = tuple(_remarks(night))
    return Morning(night["name"], cells, night["seconds"], night["resumed"], remarks)


def _cell(one: Json, folder: Path, lines: Mapping[Conditions, Line]) -> Cell:
    case, row, before = one["case"], one["row"], one.get("before") or {}
    quarantined = one["quarantine"] is not None and one["status"] != Mark.PASSED.value
    record = row.get("benchmark") or {}
    stands_out = one["status"] != Mark.PASSED.value or before.get("verdict") in _CHANGED
    part = folder / "devices" / case["device"] / case["model"]
    return Cell(
        **case,
        mark=Mark.QUARANTINED if quarantined else Mark(one["status"]),
        reasons=_reasons(one) if quarantined else tuple(one["reasons"]),
        notes=tuple(one["notes"]),
        hint=one["hint"],
        row=row,
        before=before,
        line=lines.get(conditions(**_names(case), record=record)) if record else None,
        runs=_runs(part, row) if record and stands_out else (),
    )


def _runs(folder: Path, row: Json) -> Runs:
    """Every sample; none where the file is damaged, for the figures stand without them."""
    try:
        return samples(folder, row["name"], row["benchmark"])
    except (PipelineError, ValueError, KeyError, TypeError):
        return ()


def _names(case: Json) -> dict[str, str]:
    return {"model": case["model"], "recipe": case["recipe"], "profile": case["device"]}


def _reasons(one: Json) -> tuple[str, ...]:
    rule = one["quarantine"]
    until = f"quarantined until {rule['until']} by {rule['owner']}: {rule['reason']}"
    return (one["status"], *one["reasons"], until)


def _remarks(night: Json) -> Iterator[str]:
    if night["remark"]:
        yield night["remark"]
    for rule in night["expired_quarantines"]:
        cases = f"{rule['model']}/{rule['recipe']}/{rule['device']}"
        yield f"The quarantine of {cases} ended on {rule['until']}; its owner is {rule['owner']}."


def _lines(models: set[str], history: Path | None) -> dict[Conditions, Line]:
    """What the history has of these models' figures, by the conditions they were taken under."""
    found: dict[Conditions, Line] = {}
    if history is None or not history.is_file():
        return found
    for model in sorted(models):
        for figure, words in _FIGURES:
            with suppress(PipelineError):  # that there are none yet is no fault
                for trend in histories.trend(history, Filter(model=model), figure, _NIGHTS):
                    known = trend.conditions
                    found[known] = Line.of(trend, f"{known.recipe}, {known.profile}", words)
    return found
