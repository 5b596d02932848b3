"""What a cell gave, as its file holds it, and what several seeds give together."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from examples.experiment.plan import Augmentation


@dataclass(frozen=True)
class Result:
    """Accuracies in percent on the test set, sizes in bytes.

    Of a quantized model that is no usable one, ``quantized_percent`` and ``quantized_bytes`` are
    None. ``curve`` has the accuracy on the validation set before training and after each epoch.
    Files are named from the experiment's folder.
    """

    seed: int
    way: str
    augmentation: Augmentation
    float_percent: float
    float_bytes: int
    quantized_percent: float | None
    quantized_bytes: int | None
    tuned_percent: float
    tuned_bytes: int
    n: int
    curve: tuple[float, ...]
    seconds: float
    quantized_model: str | None
    tuned_model: str
    tuned_checkpoint: str

    def to_json(self) -> dict[str, Any]:
        """For the cell's file."""
        return {**asdict(self), "augmentation": self.augmentation.value, "curve": [*self.curve]}

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> Result:
        """What ``to_json`` gave. Raises KeyError, TypeError and ValueError for anything else."""
        return Result(
            **{
                **value,
                "augmentation": Augmentation(value["augmentation"]),
                "curve": tuple(value["curve"]),
            }
        )


@dataclass(frozen=True)
class Spread:
    """Mean and standard deviation (n - 1) over ``n`` seeds; the deviation of one is None."""

    mean: float
    deviation: float | None
    low: float
    high: float
    n: int


def spread(values: Sequence[float]) -> Spread:
    """Of at least one value; ValueError for none."""
    if not values:
        raise ValueError("there are no values")
    deviation = statistics.stdev(values) if len(values) > 1 else None
    return Spread(statistics.fmean(values), deviation, min(values), max(values), len(values))


@dataclass(frozen=True)
class Summary:
    """A way to quantize, over all seeds. ``size_bytes`` are means.

    ``quantized`` is None where a seed has no usable model. ``tuned`` and ``tuned_bytes`` have an
    entry for each augmentation that was tried. ``chosen`` takes for each seed the augmentation
    that the validation set prefers, and ``lost`` are its points below the seed's float network.
    """

    way: str
    float_: Spread
    quantized: Spread | None
    tuned: Mapping[Augmentation, Spread]
    chosen: Spread
    lost: Spread
    float_bytes: float
    quantized_bytes: float | None
    tuned_bytes: Mapping[Augmentation, float]

    @property
    def size_bytes(self) -> float:
        """Of the fine-tuned model; the augmentation moves it by some bytes at most."""
        return next(iter(self.tuned_bytes.values()))

    @property
    def times_smaller(self) -> float:
        """Than the float model."""
        return self.float_bytes / self.size_bytes


def summaries(results: Sequence[Result]) -> list[Summary]:
    """One for each way, in their order."""
    ways = dict.fromkeys(one.way for one in results)
    return [_summary(way, [one for one in results if one.way == way]) for way in ways]


def chosen(results: Sequence[Result]) -> Result:
    """The one of a seed's results that was best on the validation set; the first of equals."""
    return max(results, key=lambda one: max(one.curve))


def _summary(way: str, results: Sequence[Result]) -> Summary:
    by_seed: dict[int, list[Result]] = {}
    groups: dict[Augmentation, list[Result]] = {}
    for one in results:
        by_seed.setdefault(one.seed, []).append(one)
        groups.setdefault(one.augmentation, []).append(one)
    best = [chosen(group) for group in by_seed.values()]
    quantized = [one.quantized_percent for one in best if one.quantized_percent is not None]
    sizes = [one.quantized_bytes for one in best if one.quantized_bytes is not None]
    whole = len(quantized) == len(sizes) == len(best)
    return Summary(
        way=way,
        float_=spread([one.float_percent for one in best]),
        quantized=spread(quantized) if whole else None,
        tuned={key: spread([one.tuned_percent for one in group]) for key, group in groups.items()},
        chosen=spread([one.tuned_percent for one in best]),
        lost=spread([one.float_percent - one.tuned_percent for one in best]),
        float_bytes=statistics.fmean(one.float_bytes for one in best),
        quantized_bytes=statistics.fmean(sizes) if whole else None,
        tuned_bytes={
            key: statistics.fmean(one.tuned_bytes for one in group) for key, group in groups.items()
        },
    )
