"""The pictures of an experiment."""

from __future__ import annotations

import statistics
import subprocess
from collections.abc import Sequence

from examples.experiment import pictures, words
from examples.experiment.plan import WAYS, Augmentation
from examples.experiment.published import PUBLISHED
from examples.experiment.result import Result, Summary
from examples.experiment.runner import Experiment
from pipeline.report.charts.epochs import Curve, epochs
from pipeline.report.charts.gallery import Images, gallery
from pipeline.report.charts.levels import Levels, levels
from pipeline.report.charts.sizes import Line, Size, sizes
from pipeline.report.charts.states import Point, States, states
from pipeline.report.document import Figure, Part, Prose

#: Whose fine-tunings are drawn epoch by epoch.
_DRAWN = ("uniform-2", "codebook-2", "uniform-1", "codebook-1")


def of_states(found: Sequence[Summary]) -> list[Part]:
    """Accuracies in each state, a row for each way to quantize."""
    published = [
        Point("float", PUBLISHED.float_percent),
        Point("quantized", PUBLISHED.quantized_percent),
        Point(words.AUGMENTATIONS[Augmentation.MOVED], PUBLISHED.tuned_percent),
    ]
    rows = [States(words.way(one.way), _points(one)) for one in found]
    caption = "To the right is better; the same step is as many times fewer errors. Bars: one "
    caption += "standard deviation over the seeds to either side."
    return [Figure(states([*rows, States("published, 8 bits", published)]), caption)]


def _points(one: Summary) -> list[Point]:
    points = [Point("float", one.float_.mean, one.float_.deviation)]
    if one.quantized is not None:
        points.append(Point("quantized", one.quantized.mean, one.quantized.deviation))
    points += [
        Point(words.AUGMENTATIONS[key], value.mean, value.deviation)
        for key, value in one.tuned.items()
        if key is not Augmentation.FLIPPED
    ]
    return points


def of_sizes(found: Sequence[Summary]) -> Figure:
    """Accuracy against size."""
    grids = dict.fromkeys(WAYS[one.way].grid for one in found)
    lines = [
        Line(grid, [_size(one) for one in found if WAYS[one.way].grid == grid]) for grid in grids
    ]
    one = PUBLISHED
    lines.append(
        Line(
            "published",
            [
                Size("float", 1.0, None, one.float_percent),
                Size("8 bits", one.times_smaller, one.quantized_percent, one.tuned_percent),
            ],
        )
    )
    return Figure(sizes(lines), "Up and to the right is better. Arrows: what fine-tuning gives.")


def _size(one: Summary) -> Size:
    before = None if one.quantized is None else one.quantized.mean
    bits = f"{WAYS[one.way].bits:g}"
    return Size(bits, one.times_smaller, before, one.chosen.mean)


def of_epochs(results: Sequence[Result]) -> list[Part]:
    """Some fine-tunings, epoch by epoch."""
    curves = [
        Curve(words.way(name), _mean_curve(mine))
        for name in _DRAWN
        if (mine := [one for one in results if one.way == name])
    ]
    if not curves:
        return [Prose("None of those that are drawn was run.")]
    caption = "On the validation set, the mean over seeds, with and without augmentation."
    return [Figure(epochs(curves), caption)]


def _mean_curve(results: Sequence[Result]) -> list[float]:
    kept = [one.curve for one in results if one.augmentation is not Augmentation.FLIPPED]
    return [statistics.fmean(values) for values in zip(*kept, strict=False)]


def of_material(experiment: Experiment) -> list[Part]:
    """Images as they are fine-tuned with, and weights with their levels."""
    seed = experiment.plan.seeds[0]
    out = experiment.folder / "pictures.npz"
    try:
        found = pictures.gather(experiment.samples.file("train"), experiment.checkpoint(seed), out)
    except subprocess.CalledProcessError as error:
        return [Prose(f"They could not be made: {error.stderr.decode(errors='replace')[-300:]}")]
    names = {
        Augmentation.NONE: "as they are",
        Augmentation.MOVED: "turned and cropped",
        Augmentation.FLIPPED: "turned, cropped and flipped",
    }
    rows = [Images(names[key], list(images)) for key, images in found.images.items()]
    shown = [
        Levels(grid, [float(value) for value in values], found.losses[grid])
        for grid, values in found.levels.items()
    ]
    return [
        Figure(gallery(rows), "Training images, and as one epoch of fine-tuning sees them."),
        Figure(
            levels(found.weights, shown),
            f"Weights of {pictures.LAYER} and the {2**pictures.BITS} values that "
            f"{pictures.BITS} bits leave them: evenly, and closer together where weights are.",
        ),
    ]
