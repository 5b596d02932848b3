"""Two-digit numbers: two handwritten digits side by side, an image of its own each time.

Every function returns ``(inputs, labels)``: float32 [N, 1, 32, 64] in steps of 1/255 from 0 to 1,
and int32 [N], the number that stands there, 0 ("00") to 99. Both digits are of one side of the
split of ``examples.digits.data``: no digit of a test image was ever trained on. Size, place,
slant, ink, paper and noise are drawn anew for each image, from a fixed seed.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from examples.digits import data as digits
from examples.digits.data import Images, Labels

Coordinates = npt.NDArray[np.float32]
Rows = npt.NDArray[np.intp]

SIDE = 32
CLASSES = 100
SEED = 2018
TRAIN_IMAGES = 20_000
TEST_IMAGES = 4_000
CALIBRATION_IMAGES = 200
VALIDATION_IMAGES = 1_000

#: Smallest and largest side of a digit in pixels; degrees to either side; ink and paper are
#: brightnesses, noise is the standard deviation of one.
SIZE = (20.0, 28.0)
SLANT = (-10.0, 10.0)
INK = (0.6, 1.0)
PAPER = (0.0, 0.25)
NOISE = (0.02, 0.08)

_TRAIN, _TEST, _CALIBRATION, _VALIDATION = range(4)
#: Images at a time, so that what is worked on stays in the processor's cache.
_CHUNK = 250


def train(epoch: int = 0, count: int = TRAIN_IMAGES) -> tuple[Images, Labels]:
    """Images of the training digits; other ones for another ``epoch``."""
    return _numbers(digits.train(), count, (SEED, _TRAIN, epoch))


def test() -> tuple[Images, Labels]:
    """4,000 images, forty of each number, of the digits that training never sees."""
    return _numbers(digits.test(), TEST_IMAGES, (SEED, _TEST))


def calibration() -> tuple[Images, Labels]:
    """200 images of the training digits, two of each number, for the ranges of activations."""
    return _numbers(digits.train(), CALIBRATION_IMAGES, (SEED, _CALIBRATION))


def validation() -> tuple[Images, Labels]:
    """1,000 images of the training digits, ten of each number, written as none of training is."""
    return _numbers(digits.train(), VALIDATION_IMAGES, (SEED, _VALIDATION))


def _numbers(
    source: tuple[Images, Labels], count: int, seed: tuple[int, ...]
) -> tuple[Images, Labels]:
    """``count`` images in a shuffled order, every number as often as the others."""
    shapes, figures = source
    random = np.random.default_rng(seed)
    labels = random.permutation(np.arange(count, dtype=np.int32) % CLASSES)
    images = np.empty((count, 1, SIDE, 2 * SIDE), np.float32)
    for start in range(0, count, _CHUNK):
        wanted = labels[start : start + _CHUNK]
        halves = [
            _placed(shapes[_some_of(figures, figure, random), 0], random)
            for figure in (wanted // 10, wanted % 10)
        ]
        images[start : start + _CHUNK, 0] = _written(np.concatenate(halves, axis=2), random)
    return images, labels


def _some_of(figures: Labels, wanted: Labels, random: np.random.Generator) -> Rows:
    """For each wanted figure the row of one of the digits that show it."""
    order = np.argsort(figures, kind="stable")
    counts = np.bincount(figures, minlength=digits.CLASSES)
    first = counts.cumsum() - counts
    return order[first[wanted] + random.integers(counts[wanted])]


def _placed(shapes: Images, random: np.random.Generator) -> Images:
    """[N, H, W] turned, made smaller and put somewhere into [N, 32, 32]."""
    height, width = shapes.shape[1:]
    size = _uniform(random, SIZE, len(shapes))
    slant = np.deg2rad(_uniform(random, SLANT, len(shapes)))
    room = (SIDE - size) / 2
    middle = (SIDE - 1) / 2 + np.stack([room, room]) * _uniform(random, (-1, 1), 2, len(shapes))
    y, x = np.mgrid[:SIDE, :SIDE].astype(np.float32)[:, None] - middle
    from_y = (np.cos(slant) * y - np.sin(slant) * x) * (height / size) + (height - 1) / 2
    from_x = (np.sin(slant) * y + np.cos(slant) * x) * (width / size) + (width - 1) / 2
    return _sampled(shapes, from_y, from_x)


def _sampled(images: Images, y: Coordinates, x: Coordinates) -> Images:
    """Bilinear samples of [N, H, W] at [N, h, w] real coordinates; 0 outside."""
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1)))
    _, height, width = padded.shape
    y, x = (y + 1).clip(0, height - 1.001), (x + 1).clip(0, width - 1.001)
    top, left = y.astype(np.int32), x.astype(np.int32)
    down, right = y - top, x - left
    corner = (np.arange(len(images), dtype=np.int32)[:, None, None] * height + top) * width + left
    pixels = padded.ravel()
    upper = pixels[corner] * (1 - right) + pixels[corner + 1] * right
    lower = pixels[corner + width] * (1 - right) + pixels[corner + width + 1] * right
    samples: Images = upper * (1 - down) + lower * down
    return samples


def _written(shapes: Images, random: np.random.Generator) -> Images:
    """[N, H, W] of 0 (paper) to 1 (ink) as a camera would give it, in steps of 1/255."""
    ink, paper, noise = (_uniform(random, span, len(shapes)) for span in (INK, PAPER, NOISE))
    grain = random.standard_normal(shapes.shape, np.float32)
    levels = np.rint((paper + (ink - paper) * shapes + noise * grain) * 255).clip(0, 255)
    images: Images = levels / np.float32(255)
    return images


def _uniform(random: np.random.Generator, span: tuple[float, float], *shape: int) -> Coordinates:
    """float32 [*shape, 1, 1] from the span."""
    return random.uniform(*span, (*shape, 1, 1)).astype(np.float32)
