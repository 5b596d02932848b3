"""Training samples in the order of an epoch, images changed a little each time.

The order and the changes hang on the seed and the number of the epoch alone, so that a training
that goes on after it was killed sees what it would have seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from pipeline.config.recover import Augment
from pipeline.stages.recover.errors import TrainingSetUnfit

_MOST_SEED = 1 << 31


def check(source: str, shapes: Sequence[tuple[int, ...]], augment: Augment) -> None:
    """Whether samples of these shapes (batch included) can be changed so. TrainingSetUnfit."""
    if augment.moves and (len(shapes) != 1 or len(shapes[0]) != 4 or shapes[0][1] not in (1, 3)):
        reason = "only images [N, 1 or 3, height, width] as the only input can be moved or flipped"
        raise TrainingSetUnfit(source, reason)


def batches(
    inputs: Sequence[Any], labels: Any, augment: Augment, batch: int, seed: tuple[int, int]
) -> Iterator[tuple[list[Any], Any]]:
    """Whole batches of an epoch: inputs [batch, ...] and labels [batch] (int32).

    What is left over takes part in another epoch; ``seed`` is the training's and the epoch.
    """
    random = np.random.default_rng(seed)
    count = len(labels) // batch * batch
    order = random.permutation(len(labels))[:count]
    moved = _moved(inputs[0], order, augment, batch, int(random.integers(_MOST_SEED)))
    for start in range(0, count, batch):
        rows = order[start : start + batch]
        chosen = [next(moved)] if augment.moves else [np.asarray(array[rows]) for array in inputs]
        if augment.noise:
            chosen = [_noisy(array, augment.noise, random) for array in chosen]
        yield chosen, labels[rows].astype(np.int32)


def _noisy(array: Any, sigma: float, random: np.random.Generator) -> Any:
    if not np.issubdtype(array.dtype, np.floating):
        return array
    return (array + random.normal(0, sigma, array.shape)).astype(array.dtype)


def _moved(images: Any, order: Any, augment: Augment, batch: int, seed: int) -> Iterator[Any]:
    """Batches [batch, channels, height, width] of float32, through MindSpore's own transforms."""
    from mindspore import dataset

    dataset.config.set_seed(seed)
    height, width = images.shape[2:]
    rows = dataset.GeneratorDataset(
        _Rows(images, order), ["image"], shuffle=False, num_parallel_workers=1
    )
    changed = rows.map(
        _transforms(augment, height, width), input_columns=["image"], num_parallel_workers=1
    )
    whole = changed.batch(batch, drop_remainder=True, num_parallel_workers=1)
    for (array,) in whole.create_tuple_iterator(num_epochs=1, output_numpy=True):
        yield np.ascontiguousarray(array.transpose(0, 3, 1, 2))


class _Rows:
    """Images as rows of a data set, [height, width, channels]."""

    def __init__(self, images: Any, order: Any) -> None:
        self._images, self._order = images, order

    def __len__(self) -> int:
        return len(self._order)

    def __getitem__(self, number: int) -> tuple[Any]:
        image = self._images[self._order[number]]
        return (np.ascontiguousarray(image.transpose(1, 2, 0), dtype=np.float32),)


def _transforms(augment: Augment, height: int, width: int) -> list[Any]:
    from mindspore.dataset import vision

    bilinear = vision.Inter.BILINEAR
    found: list[Any] = []
    if augment.rotate or augment.shift or augment.scale:
        right, down = (min(1.0, augment.shift / side) for side in (width, height))
        found.append(
            vision.RandomAffine(
                augment.rotate,
                translate=(-right, right, -down, down),
                scale=(1 - augment.scale, 1 + augment.scale),
                resample=bilinear,
            )
        )
    if augment.crop:
        least, shape = (1 - augment.crop) ** 2, width / height
        found.append(
            vision.RandomResizedCrop((height, width), (least, 1.0), (shape, shape), bilinear)
        )
    if augment.flip == "horizontal":
        found.append(vision.RandomHorizontalFlip())
    return found
