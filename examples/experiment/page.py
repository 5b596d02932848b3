"""The page of an experiment: the verdict, the table, pictures, and how to run it again."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from examples.experiment import figures, speed_table, words
from examples.experiment.claims import Claim, claims
from examples.experiment.plan import Augmentation
from examples.experiment.published import PUBLISHED
from examples.experiment.result import Result, Summary
from examples.experiment.runner import Experiment, Outcome
from examples.experiment.speed import Graphs, Speed
from examples.experiment.table import Circumstances, told
from pipeline.core import files
from pipeline.report.document import (
    Again,
    Column,
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


def write_page(
    path: Path,
    experiment: Experiment,
    outcome: Outcome,
    found: Sequence[Summary],
    about: Circumstances,
    fast: Sequence[Speed],
    same: Graphs,
) -> None:
    """Write it, whole, with nothing from elsewhere."""
    sections = [
        Section("States", [_table(found), *figures.of_states(found), Prose(told(about))]),
        Section("Asked and found", [_claims(claims(found))]),
        Section("Size", [figures.of_sizes(found)]),
        Section("Speed", [_speeds(fast), Prose(speed_table.sentence(same))]),
        Section("Fine-tuning, epoch by epoch", figures.of_epochs(outcome.results)),
        Section("Images and weights", figures.of_material(experiment)),
        Section("Every run", [Folded(f"{len(outcome.results)} runs", [_runs(outcome.results)])]),
        *_failed(outcome),
        _again(experiment).section(),
    ]
    title = f"{about.data}: quantized and fine-tuned, beside what was published"
    files.write_text(path, html(Page(title, _verdict(found), sections)))


def _verdict(found: Sequence[Summary]) -> Verdict:
    judged = claims(found)
    missed = [one for one in judged if not one.met]
    sentence = "; ".join(f"{one.text} loses {words.points(one.lost)} points" for one in judged)
    if not judged:
        return Verdict(Tone.PLAIN, "Run:", "nothing that can be judged was tried.")
    if missed:
        return Verdict(Tone.BAD, f"{len(missed)} of {len(judged)} not met:", f"{sentence}.")
    return Verdict(Tone.GOOD, "All that was asked is met:", f"{sentence}.")


def _table(found: Sequence[Summary]) -> Table:
    columns = [Column("weights", numeric=False)]
    columns += map(Column, ("bytes", "smaller", "float", "quantized"))
    columns += [Column(words.AUGMENTATIONS[key]) for key in Augmentation]
    columns.append(Column("points lost in the end"))
    one = PUBLISHED
    cells = (
        "published: 8 bits, uniform",
        f"{one.float_mb:g} MB to {one.quantized_mb:g} MB",
        f"{one.times_smaller:g}x",
        f"{one.float_percent:g} %",
        f"{one.quantized_percent:g} %",
        "",
        "",
        f"{one.tuned_percent:g} %",
        f"{one.float_percent - one.tuned_percent:g}",
    )
    return Table("Accuracy in each state", columns, [Row(cells), *map(_row, found)])


def _row(one: Summary) -> Row:
    tuned = (words.accuracy(one.tuned[key]) if key in one.tuned else "" for key in Augmentation)
    return Row(
        (
            words.way(one.way),
            words.size(one.size_bytes),
            f"{one.times_smaller:.2f}x",
            words.accuracy(one.float_),
            words.accuracy(one.quantized),
            *tuned,
            words.points(one.lost),
        )
    )


def _claims(judged: Sequence[Claim]) -> Table:
    columns = [Column("asked", numeric=False), *map(Column, ("points at most", "points lost"))]
    columns.append(Column("", numeric=False))
    rows = [
        Row(
            (one.text, f"{one.points:g}", words.points(one.lost), "met" if one.met else "not met"),
            Tone.GOOD if one.met else Tone.BAD,
        )
        for one in judged
    ]
    return Table("Points of accuracy lost, the mean over the seeds", columns, rows)


def _speeds(fast: Sequence[Speed]) -> Table:
    columns = [Column(name, numeric=place > 0) for place, name in enumerate(speed_table.HEAD)]
    caption = "Before and after; in brackets the interval at 99 % confidence"
    return Table(caption, columns, [Row(cells) for cells in speed_table.rows(fast)])


def _runs(results: Sequence[Result]) -> Table:
    columns = [Column("weights", numeric=False), Column("fine-tuning", numeric=False)]
    columns += map(Column, ("seed", "float", "quantized", "tuned", "bytes", "seconds"))
    rows = [
        Row(
            (
                words.way(one.way),
                words.AUGMENTATIONS[one.augmentation],
                str(one.seed),
                f"{one.float_percent:.2f} %",
                "unusable" if one.quantized_percent is None else f"{one.quantized_percent:.2f} %",
                f"{one.tuned_percent:.2f} %",
                words.size(one.tuned_bytes),
                f"{one.seconds:.0f}",
            )
        )
        for one in results
    ]
    return Table("Accuracies on the test images", columns, rows)


def _failed(outcome: Outcome) -> list[Section]:
    if not outcome.failed:
        return []
    rows = [Row((name, error.message)) for name, error in outcome.failed.items()]
    columns = [Column("run", numeric=False), Column("why", numeric=False)]
    return [Section("Not run", [Table("What was refused or failed", columns, rows)])]


def _again(experiment: Experiment) -> Again:
    command = ["python", "-m", "examples.experiment", *sys.argv[1:]]
    hashes = {"images": experiment.samples.digest}
    for seed in experiment.plan.seeds:
        hashes[f"network of seed {seed}"] = files.sha256_file(experiment.checkpoint(seed))
    return Again(shlex.join(command), hashes=hashes)
