"""The page of accuracy that was won back: what each step without training gave, and each epoch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.report.charts.epochs import Curve, epochs
from pipeline.report.document import (
    Again,
    Column,
    Figure,
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
from pipeline.report.words import UNKNOWN, duration, percent, points, times
from pipeline.stages.recover.state import Epoch


@dataclass(frozen=True)
class FreeStep:
    """A step without training: accuracy in percent on the validation set after it, None where it
    was not tried for the reason in ``note``; what did not help was not ``kept``."""

    name: str
    percent: float | None
    kept: bool
    note: str = ""


@dataclass(frozen=True)
class Recovery:
    """A recovery that has ended.

    Accuracies in percent on the ``n`` samples of the test set, but for those of steps and epochs,
    which are of the validation set. ``before_percent`` is None where the recipe alone leaves no
    usable model; ``epochs`` begin with number 0, before training, and may be none.
    """

    name: str
    recipe: str
    float_percent: float
    before_percent: float | None
    after_percent: float
    n: int
    float_bytes: int
    size_bytes: int
    epochs: Sequence[Epoch]
    best_epoch: int
    steps: Sequence[FreeStep] = ()
    failures: Sequence[str] = ()

    @property
    def seconds(self) -> float:
        """Of training."""
        return sum(epoch.seconds for epoch in self.epochs)

    @property
    def trained_epochs(self) -> int:
        """Epochs without number 0."""
        return sum(epoch.loss is not None for epoch in self.epochs)


def recover_page(found: Recovery, again: Again) -> str:
    """One HTML file: the verdict, before and after, steps without training, the training."""
    sections = [Section("Before and after", _models(found))]
    if found.steps:
        sections.append(Section("Without training", _steps(found)))
    sections.append(Section("Training", _training(found)))
    sections.append(again.section())
    return html(Page(f"{found.name}: {found.recipe} recovered", _verdict(found), sections))


def _verdict(found: Recovery) -> Verdict:
    change = found.after_percent - found.float_percent
    told = f"{found.recipe} has {percent(found.after_percent)} of {found.n:,} samples, "
    told += f"{points(change)} points against the float network, "
    told += f"{times(found.float_bytes, found.size_bytes)} smaller"
    before = found.before_percent
    told += "; before it was no usable model" if before is None else f"; before {percent(before)}"
    told += f" ({_spent(found)})."
    if found.failures:
        return Verdict(Tone.BAD, "Limit not met:", f"{found.failures[0]}. {told}")
    return Verdict(Tone.GOOD, "Recovered:", told)


def _spent(found: Recovery) -> str:
    if not found.trained_epochs:
        return "without training"
    return f"{found.trained_epochs} epochs in {duration(found.seconds)}"


def _models(found: Recovery) -> list[Part]:
    columns = [Column("model", numeric=False), *map(Column, ("bytes", "smaller", "accuracy"))]
    columns.append(Column("change in points"))
    float_row = (
        "float",
        f"{found.float_bytes:,}",
        "1.00x",
        percent(found.float_percent),
        points(0.0),
    )
    rows = [
        Row(float_row),
        Row((f"{found.recipe}, before", UNKNOWN, UNKNOWN, *_accuracy(found, found.before_percent))),
        Row(
            (
                f"{found.recipe}, recovered",
                f"{found.size_bytes:,}",
                times(found.float_bytes, found.size_bytes),
                *_accuracy(found, found.after_percent),
            ),
            Tone.BAD if found.failures else Tone.GOOD,
        ),
    ]
    caption = f"On the {found.n:,} samples of the test set, by the models themselves"
    return [Table(caption, columns, rows)]


def _accuracy(found: Recovery, value: float | None) -> tuple[str, str]:
    if value is None:
        return "unusable", UNKNOWN
    return percent(value), points(value - found.float_percent)


def _steps(found: Recovery) -> list[Part]:
    columns = [
        Column("step", numeric=False),
        Column("accuracy"),
        Column("kept", numeric=False),
        Column("remark", numeric=False),
    ]
    rows = [
        Row(
            (
                step.name,
                UNKNOWN if step.percent is None else percent(step.percent),
                "yes" if step.kept else "no",
                step.note,
            )
        )
        for step in found.steps
    ]
    return [Table("On the validation set, each after those that were kept", columns, rows)]


def _training(found: Recovery) -> list[Part]:
    if not found.trained_epochs:
        return [Prose("Nothing was trained: the accuracy was good enough before.")]
    columns = [*map(Column, ("epoch", "loss", "accuracy", "seconds"))]
    columns.append(Column("remark", numeric=False))
    rows = [_epoch(epoch, found.best_epoch) for epoch in found.epochs]
    curve = Curve(
        found.recipe,
        [epoch.percent for epoch in found.epochs],
        [epoch.loss for epoch in found.epochs if epoch.loss is not None],
        found.best_epoch,
    )
    return [
        Figure(
            epochs([curve], found.float_percent),
            "On the validation set. The line is the float network's accuracy on the test set.",
        ),
        Table("Each epoch, checked on the validation set", columns, rows),
    ]


def _epoch(epoch: Epoch, best: int) -> Row:
    kept = epoch.number == best
    remark = "as it was" if epoch.loss is None else ""
    cells = (
        str(epoch.number),
        UNKNOWN if epoch.loss is None else f"{epoch.loss:.4f}",
        percent(epoch.percent),
        f"{epoch.seconds:.1f}",
        "kept" if kept else remark,
    )
    return Row(cells, Tone.GOOD if kept else Tone.PLAIN)
