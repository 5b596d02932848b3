"""The images: the digits that come along, or MNIST's own files where they are given.

A share of the training images is held back to choose the best epoch with, so that the test images
are looked at once, at the end.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from examples.digits import data
from pipeline.core import files
from pipeline.core.errors import NoDataError

VALIDATION_SHARE = 0.2
_MOST_VALIDATION = 5000
_CALIBRATION_EACH = 10
_SEED = 1998

Set = tuple[data.Images, data.Labels]


@dataclass(eq=False)
class ImagesUnusable(NoDataError):
    """The folder that was given has no images that can be trained with."""

    folder: Path
    reason: str

    @property
    def message(self) -> str:
        return f"no images in {self.folder}: {self.reason}"

    @property
    def hint(self) -> str:
        return "give a folder with the four IDX files of MNIST, as they are or with .gz"


@dataclass(frozen=True)
class Samples:
    """Sets by name (train, validation, test, calibration) as files, and what they are."""

    name: str
    folder: Path
    digest: str

    def file(self, name: str) -> Path:
        """The .npz of a set: ``inputs`` [N, 1, 28, 28] and ``labels`` [N]."""
        return self.folder / f"{name}.npz"


def prepare(folder: Path, given: Path | None) -> Samples:
    """Write the sets into ``folder``, unless they are there. Raises ImagesUnusable."""
    sets = _sets(*_read(given))
    digest, mark = _digest(sets), folder / "digest"
    samples = Samples("MNIST" if given else "digits", folder, digest)
    if not mark.is_file() or mark.read_text("utf-8") != digest:
        folder.mkdir(parents=True, exist_ok=True)
        for name, (images, labels) in sets.items():
            part = folder / f".{name}.npz"
            np.savez(part, inputs=images, labels=labels)
            os.replace(part, samples.file(name))
        files.write_text(mark, digest)
    return samples


def _read(given: Path | None) -> tuple[Set, Set]:
    if given is None:
        return data.train(), data.test()
    try:
        train, test = data.mnist(given, "train"), data.mnist(given, "test")
    except (ValueError, OSError) as error:
        raise ImagesUnusable(given, str(error)) from error
    for images, labels in (train, test):
        _check(given, images, labels)
    return train, test


def _check(given: Path, images: data.Images, labels: data.Labels) -> None:
    side = data.SIDE
    if images.shape[1:] != (1, side, side):
        size = "x".join(map(str, images.shape[2:]))
        raise ImagesUnusable(given, f"they have {size} pixels, not {side}x{side}")
    if set(np.unique(labels).tolist()) != set(range(data.CLASSES)):
        raise ImagesUnusable(given, f"their labels are not 0 to {data.CLASSES - 1}, each of them")


def _sets(train: Set, test: Set) -> Mapping[str, Set]:
    images, labels = train
    random = np.random.default_rng(_SEED)
    share = min(VALIDATION_SHARE, _MOST_VALIDATION / len(labels))
    held_back, chosen = [], []
    for digit in range(data.CLASSES):
        rows = random.permutation(np.flatnonzero(labels == digit))
        count = round(len(rows) * share)
        held_back.append(rows[:count])
        chosen.append(rows[count : count + _CALIBRATION_EACH])
    validation = np.sort(np.concatenate(held_back))
    calibration = random.permutation(np.concatenate(chosen))
    rest = np.setdiff1d(np.arange(len(labels)), validation)
    return {
        "train": (images[rest], labels[rest]),
        "validation": (images[validation], labels[validation]),
        "calibration": (images[calibration], labels[calibration]),
        "test": test,
    }


def _digest(sets: Mapping[str, Set]) -> str:
    digest = hashlib.sha256()
    for name, (images, labels) in sets.items():
        digest.update(f"{name} {images.shape}".encode())
        digest.update(images.tobytes())
        digest.update(labels.tobytes())
    return digest.hexdigest()
