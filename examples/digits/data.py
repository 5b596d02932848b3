"""The 1,797 handwritten digits that scikit-learn ships, and a reader of MNIST's own files.

Every function returns ``(inputs, labels)``: float32 [N, 1, 28, 28] in [0, 1] and int32 [N]. The
same call gives the same arrays on every machine. Source of the digits: E. Alpaydin and C. Kaynak,
Optical Recognition of Handwritten Digits, UCI Machine Learning Repository, 1998.
"""

from __future__ import annotations

import gzip
import importlib.util
import math
import zlib
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

Images = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int32]

SIDE = 28
CLASSES = 10
SEED = 1998
TEST_SHARE = 0.2
CALIBRATION_IMAGES = 100

_MNIST_STEM = {"train": "train", "test": "t10k"}
#: IDX magic numbers: two zero bytes, 8 for unsigned bytes, the number of dimensions.
_IDX_LABELS, _IDX_IMAGES = 0x0801, 0x0803


def train() -> tuple[Images, Labels]:
    """The four fifths of the digits to train with, in a shuffled order."""
    images, labels = _digits()
    rows, _ = _split()
    return images[rows], labels[rows]


def test() -> tuple[Images, Labels]:
    """The fifth of the digits that training never sees, of every class its share."""
    images, labels = _digits()
    _, rows = _split()
    return images[rows], labels[rows]


def calibration() -> tuple[Images, Labels]:
    """100 training images, ten of each digit, for the ranges of activations."""
    images, labels = train()
    each = CALIBRATION_IMAGES // CLASSES
    rows = [np.flatnonzero(labels == digit)[:each] for digit in range(CLASSES)]
    order = np.random.default_rng(SEED + 1).permutation(np.concatenate(rows))
    return images[order], labels[order]


def mnist(folder: str | Path, split: str = "train") -> tuple[Images, Labels]:
    """MNIST (or a data set in its form) from the IDX files in ``folder``, plain or gzipped.

    ``split`` is ``train`` or ``test``. Raises ``FileNotFoundError`` when a file is not there and
    ``ValueError`` when it is not an IDX file of the right kind, is cut short or does not fit
    its partner.
    """
    if split not in _MNIST_STEM:
        raise ValueError(f"split must be one of {', '.join(_MNIST_STEM)}, not {split!r}")
    stem = _MNIST_STEM[split]
    image_file = _find(Path(folder), f"{stem}-images-idx3-ubyte")
    label_file = _find(Path(folder), f"{stem}-labels-idx1-ubyte")
    images, labels = _read_idx(image_file, _IDX_IMAGES), _read_idx(label_file, _IDX_LABELS)
    if len(images) != len(labels):
        raise ValueError(
            f"{image_file} has {len(images)} images, {label_file} has {len(labels)} labels"
        )
    return images[:, None].astype(np.float32) / np.float32(255), labels.astype(np.int32)


@lru_cache(maxsize=1)
def _digits() -> tuple[Images, Labels]:
    # The table is read by itself: to import scikit-learn would take a second.
    package = importlib.util.find_spec("sklearn")
    if package is None or not package.submodule_search_locations:
        raise ModuleNotFoundError("the digits come with scikit-learn: pip install scikit-learn")
    table = Path(package.submodule_search_locations[0], "datasets", "data", "digits.csv.gz")
    with gzip.open(table, "rt") as stream:
        rows = np.loadtxt(stream, delimiter=",", dtype=np.float32)
    images = _enlarge(rows[:, :-1].reshape(-1, 8, 8) / np.float32(16))
    labels = rows[:, -1].astype(np.int32)
    images.setflags(write=False)
    labels.setflags(write=False)
    return images[:, None], labels


@lru_cache(maxsize=1)
def _split() -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    _, labels = _digits()
    random = np.random.default_rng(SEED)
    held_back, kept = [], []
    for digit in range(CLASSES):
        rows = random.permutation(np.flatnonzero(labels == digit))
        count = round(len(rows) * TEST_SHARE)
        held_back.append(rows[:count])
        kept.append(rows[count:])
    return random.permutation(np.concatenate(kept)), random.permutation(np.concatenate(held_back))


def _enlarge(images: Images) -> Images:
    """[N, H, W] to [N, 28, 28]: bilinear, pixel centres aligned as image viewers do."""
    rows, columns = (_bilinear(side) for side in images.shape[1:])
    # Two small matrix products an image; summed by hand, for BLAS differs between machines.
    tall: Images = np.zeros((len(images), SIDE, images.shape[2]), np.float32)
    for source in range(images.shape[1]):
        tall += rows[:, source][None, :, None] * images[:, source][:, None, :]
    wide: Images = np.zeros((len(images), SIDE, SIDE), np.float32)
    for source in range(images.shape[2]):
        wide += columns[:, source][None, None, :] * tall[:, :, source][:, :, None]
    return wide


def _bilinear(side: int) -> Images:
    """[28, side]: the share that each old pixel has in each new one."""
    centres = ((np.arange(SIDE) + 0.5) * side / SIDE - 0.5).clip(0, side - 1)
    shares: Images = np.maximum(0, 1 - np.abs(centres[:, None] - np.arange(side))).astype("f4")
    return shares


def _find(folder: Path, name: str) -> Path:
    for candidate in (folder / name, folder / f"{name}.gz"):
        if candidate.is_file():
            return candidate
    raise FileNotFoundError(f"neither {name} nor {name}.gz in {folder}")


def _read_idx(path: Path, magic: int) -> npt.NDArray[np.uint8]:
    content = path.read_bytes()
    if path.suffix == ".gz":
        try:
            content = gzip.decompress(content)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise ValueError(f"{path} is not a whole gzip file: {error}") from None
    dimensions = magic & 0xFF
    head = 4 * (1 + dimensions)
    if len(content) < head:
        raise ValueError(f"{path} is cut short: {len(content)} bytes, its head alone has {head}")
    found, *shape = (int(number) for number in np.frombuffer(content[:head], ">u4"))
    if found != magic:
        raise ValueError(f"{path} is not the IDX file expected: magic {found:#x}, not {magic:#x}")
    expected = head + math.prod(shape)
    if len(content) != expected:
        raise ValueError(
            f"{path} has {len(content)} bytes where its shape {tuple(shape)} needs {expected}"
        )
    return np.frombuffer(content, np.uint8, offset=head).reshape(shape)
