"""The page of a search for the best recipe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.report.charts.pareto import pareto
from pipeline.report.document import (
    Again,
    Code,
    Column,
    Figure,
    Folded,
    Page,
    Part,
    Prose,
    Row,
    Section,
    Table,
    Tone,
    Verdict,
)
from pipeline.report.page import html
from pipeline.report.words import UNKNOWN, duration, is_trial, milliseconds, percent, points, times
from pipeline.search.candidate import Candidate, Limit, Objective


@dataclass(frozen=True)
class Search:
    """A search that has ended.

    ``where`` the figures come from, such as ``host`` or ``device``; ``baseline`` is the model
    without quantization; ``recipe`` the text of the best one's file, empty where it is not new;
    ``remark`` what else there is to know, such as that it was interrupted.
    """

    name: str
    objective: Objective
    limit: Limit
    baseline: Candidate
    candidates: Sequence[Candidate]
    front: Sequence[Candidate]
    best: Candidate | None
    seconds: float
    where: str
    recipe: str = ""
    remark: str = ""


def tune_page(search: Search, again: Again) -> str:
    """One HTML file: the verdict, candidates worth a look, the picture, the recipe, the rest."""
    sections = [Section("Candidates", _candidates(search))]
    if search.recipe:
        sections.append(Section("The recipe", [Code(_best_name(search), search.recipe)]))
    sections.append(again.section())
    return html(Page(f"{search.name}: search for a recipe", _verdict(search), sections))


def _verdict(search: Search) -> Verdict:
    spent = f"{len(search.candidates)} candidates in {duration(search.seconds)}"
    spent += f" on {search.where}"
    spent += f"; {search.remark}" if search.remark else ""
    asked = f"at least {percent(search.limit.percent)}"
    best = search.best
    if best is None:
        return Verdict(Tone.BAD, "Nothing worked:", f"{asked} was asked for ({spent}).")
    told = f"{best.name} has {percent(best.percent)} in {best.size_bytes:,} bytes, "
    told += f"{times(search.baseline.size_bytes, best.size_bytes)} smaller than "
    told += f"{search.baseline.name}"
    if best.latency_p50_ns:
        told += f", with a latency of {milliseconds(best.latency_p50_ns)}"
    if search.limit.met(best):
        goal = "smallest" if search.objective is Objective.SIZE else "fastest"
        return Verdict(Tone.GOOD, f"The {goal} within the limit:", f"{told}; {asked} ({spent}).")
    return Verdict(Tone.BAD, "Limit not met:", f"the nearest, {told}; {asked} ({spent}).")


def _candidates(search: Search) -> list[Part]:
    parts: list[Part] = []
    told = [one for one in search.candidates if _worth_a_look(one, search)]
    parts.append(_table("Whole recipes, and trials on the front", told, search))
    if any(not one.failed and one.size_bytes > 0 for one in search.candidates):
        picture = pareto(search.candidates, search.front, search.limit, search.best)
        parts.append(Figure(picture, _caption(search)))
    else:
        parts.append(Prose("No candidate has figures."))
    parts.append(
        Folded(
            f"All {len(search.candidates)} candidates, as they were tried",
            [_table("All candidates, in the order of the search", search.candidates, search)],
        )
    )
    return parts


def _worth_a_look(one: Candidate, search: Search) -> bool:
    return not is_trial(one) or one in search.front or one == search.best


def _caption(search: Search) -> str:
    text = "Up and to the left is better. No other candidate beats those on the front."
    if any(one.latency_p50_ns for one in search.candidates):
        text += f" Latencies: {search.where}."
    return text


def _table(caption: str, shown: Sequence[Candidate], search: Search) -> Table:
    timed = any(one.latency_p50_ns for one in search.candidates)
    columns = [
        Column("candidate", numeric=False),
        Column("bytes"),
        Column("smaller"),
        Column("accuracy"),
        Column("change in points"),
        Column("cosine, mean"),
    ]
    if timed:
        columns.append(Column(f"p50, {search.where}"))
    columns.append(Column("remark", numeric=False))
    ordered = shown if shown is search.candidates else sorted(shown, key=_by_size)
    return Table(caption, columns, [_row(one, search, timed) for one in ordered])


def _by_size(one: Candidate) -> tuple[bool, int, float]:
    return bool(one.failed), -one.size_bytes, one.percent


def _row(one: Candidate, search: Search, timed: bool) -> Row:
    latency = [milliseconds(one.latency_p50_ns)] if timed else []
    if one.failed:
        blank = (UNKNOWN,) * (5 + len(latency))
        return Row((one.name, *blank, f"failed: {one.failed}"), Tone.BAD)
    best = search.best is not None and one.name == search.best.name
    cells = [
        one.name,
        f"{one.size_bytes:,}",
        times(search.baseline.size_bytes, one.size_bytes),
        percent(one.percent),
        points(one.percent - search.baseline.percent),
        f"{one.cosine_mean:.5f}",
        *latency,
        _mark(one, search, best),
    ]
    return Row(tuple(cells), Tone.GOOD if best and search.limit.met(one) else Tone.PLAIN)


def _mark(one: Candidate, search: Search, best: bool) -> str:
    if best and search.limit.met(one):
        return "best"
    marks = ["nearest"] if best else []
    if not search.limit.met(one):
        marks.append("below the limit")
    if one in search.front:
        marks.append("on the front")
    return ", ".join(marks)


def _best_name(search: Search) -> str:
    return search.best.name if search.best else "recipe"
