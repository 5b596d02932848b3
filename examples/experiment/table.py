"""The table beside the published figures, as Markdown, and where it stands in a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from examples.experiment import words
from examples.experiment.claims import claims
from examples.experiment.plan import FLIPPED_WAY, Augmentation
from examples.experiment.published import PUBLISHED
from examples.experiment.result import Summary
from pipeline.core import files
from pipeline.core.errors import UsageError

BEGIN, END = "<!-- experiment -->", "<!-- /experiment -->"
_HEAD = (
    "| weights | bytes | smaller | float | quantized | fine-tuned | with augmentation "
    "| lost in the end |\n"
    "|---|--:|--:|--:|--:|--:|--:|--:|"
)


@dataclass(eq=False)
class NoPlaceForTable(UsageError):
    """The file has no markers, or not one of each in their order."""

    path: Path

    @property
    def message(self) -> str:
        return f"{self.path} has no place for the table"

    @property
    def hint(self) -> str:
        return f"put a line {BEGIN} and a line {END} into it, once each"


@dataclass(frozen=True)
class Circumstances:
    """What a reader has to know beside the figures: the data, images to test with, seeds, epochs
    of the training and of the fine-tuning."""

    data: str
    n: int
    seeds: int
    epochs: int
    tuning_epochs: int


def markdown(
    found: Sequence[Summary], about: Circumstances, failed: Mapping[str, str], speed: str = ""
) -> str:
    """The published figures, ours, what was asked, and what could not be run. ``speed`` is a
    table and a paragraph of its own."""
    lines = [_HEAD, _published(), *map(_row, found), "", told(about)]
    lines += [*_flips(found), "", *_asked(found)]
    lines += ["", speed] if speed else []
    lines += [f"Not run: {name}: {reason}." for name, reason in failed.items()]
    return "\n".join(lines).rstrip("\n") + "\n"


def put(path: Path, table: str) -> None:
    """Write ``table`` between the markers of ``path``. Raises NoPlaceForTable."""
    text = files.read_text(path)
    before, begin, rest = text.partition(f"{BEGIN}\n")
    _, end, after = rest.partition(f"{END}\n")
    if not begin or not end or BEGIN in after or END in before + after:
        raise NoPlaceForTable(path)
    files.write_text(path, f"{before}{begin}{table}{end}{after}")


def _published() -> str:
    one = PUBLISHED
    lost = one.float_percent - one.tuned_percent
    cells = (
        "*published: 8 bits, uniform*",
        f"{one.float_mb:g} MB to {one.quantized_mb:g} MB",
        f"{one.times_smaller:g}x",
        f"{one.float_percent:g} %",
        f"{one.quantized_percent:g} %",
        "",
        f"{one.tuned_percent:g} %",
        f"{lost:g}",
    )
    return _line(cells)


def _row(one: Summary) -> str:
    cells = (
        words.way(one.way),
        words.size(one.size_bytes),
        f"{one.times_smaller:.2f}x",
        words.accuracy(one.float_),
        words.accuracy(one.quantized),
        *(
            words.accuracy(one.tuned[key]) if key in one.tuned else ""
            for key in (Augmentation.NONE, Augmentation.MOVED)
        ),
        f"**{words.points(one.lost)}**",
    )
    return _line(cells)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def told(about: Circumstances) -> str:
    """How the figures came about."""
    networks = "networks, each" if about.seeds > 1 else "network,"
    return (
        f"{about.data}: {about.n:,} test images. Mean ± standard deviation over {about.seeds} "
        f"{networks} trained from scratch for {about.epochs} epochs with a seed of its own, "
        f"then fine-tuned for {about.tuning_epochs} from the float network's weights and answers. "
        "Lost in the end: percentage points below the same network in float, with or without "
        "augmentation as a validation set prefers, which also chooses the epoch; the test images "
        "are looked at once."
    )


def _flips(found: Sequence[Summary]) -> list[str]:
    for one in found:
        if one.way == FLIPPED_WAY and Augmentation.FLIPPED in one.tuned:
            flipped = words.accuracy(one.tuned[Augmentation.FLIPPED])
            return [f"With flips too, as published, {words.way(one.way)} comes to {flipped}."]
    return []


def _asked(found: Sequence[Summary]) -> list[str]:
    judged = claims(found)
    if not judged:
        return []
    asked = "; ".join(
        f"{one.text} within {one.points:g}: {'yes' if one.met else '**no**'}, "
        f"{words.points(one.lost)}"
        for one in judged
    )
    return [f"Asked, in points lost: {asked}."]
