"""The pictures of a night: what each model's recipes cost and give, and how that went."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipeline.report.charts.distributions import distributions
from pipeline.report.charts.latencies import Cost, latencies
from pipeline.report.charts.nights import nights
from pipeline.report.charts.pareto import pareto
from pipeline.report.document import Figure, Part, Section
from pipeline.report.morning import Cell, Morning
from pipeline.search.candidate import Candidate, front

#: Beyond so many models or rows the tables are easier to read, and a page stays small.
_MOST_MODELS = 8
_MOST_LINES = 24
_MOST_SAMPLES = 10


def sections(morning: Morning) -> list[Section]:
    """A section for each of the first models, one for the samples of what stands out."""
    made = [
        Section(model, list(_model(cells, f"model{number}")))
        for number, (model, cells) in enumerate(list(morning.models.items())[:_MOST_MODELS])
    ]
    made.append(Section("Samples of what stands out", list(_samples(morning))))
    return [section for section in made if section.parts]


def _model(cells: Sequence[Cell], name: str) -> Iterator[Part]:
    candidates = _candidates(cells)
    if len(candidates) > 1:
        picture = pareto(candidates, front(candidates), None, None, f"{name}-size")
        yield Figure(picture, "Accuracy by size; up and to the left is better.")
    if timed := list(_times(cells)):
        caption = "The mark is p50, the thick line its 99 % interval, the thin one reaches to p99."
        yield Figure(latencies(timed, f"{name}-latency"), caption)
    if counted := list(_counts(cells)):
        words = "instructions of an inference"
        picture = latencies(counted, f"{name}-instructions", words, lambda n: f"{n / 1e6:.4g} M")
        yield Figure(picture, "Instructions that an emulated ARM64 processor executed.")
    lines = [cell.line for cell in cells if cell.line is not None and len(cell.line.values) > 1]
    if lines:
        shown = lines[:_MOST_LINES]
        caption = f"Over the nights, {len(shown)} of {len(lines)} cases: each against its own "
        caption += "median, all on one scale. Right: the last night, and its distance from the "
        caption += "median of those before. An upright bar is a step."
        yield Figure(nights(shown, f"{name}-nights"), caption)


def _candidates(cells: Sequence[Cell]) -> list[Candidate]:
    """One a recipe: size and accuracy are the model's own, wherever it runs."""
    found: dict[str, Candidate] = {}
    for cell in cells:
        if cell.row.get("n") and cell.recipe not in found:
            row = cell.row
            found[cell.recipe] = Candidate(
                cell.recipe, {}, row["size_bytes"], row["correct"], row["n"]
            )
    return list(found.values())


def _times(cells: Sequence[Cell]) -> Iterator[Cost]:
    for cell in cells:
        latency = cell.found.latency
        if latency.get("p50_ns") and not cell.found.invalid:
            low, high = cell.found.interval
            late = latency.get("p99_ns")
            yield Cost(cell.recipe, cell.place, latency["p50_ns"], low, high, late)


def _counts(cells: Sequence[Cell]) -> Iterator[Cost]:
    for cell in cells:
        if total := cell.found.instructions:
            yield Cost(cell.recipe, cell.place, total)


def _samples(morning: Morning) -> Iterator[Part]:
    shown = [one for cell in morning.cells if (one := cell.samples) is not None][:_MOST_SAMPLES]
    if shown:
        caption = "Every sample of cases that are red or changed; the line is the median, the bar "
        caption += "below it its 99 % interval."
        yield Figure(distributions(shown, "samples"), caption)
