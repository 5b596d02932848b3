"""Batches of an epoch: whole, each sample once, and the same for the same seed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pipeline.config.recover import Augment
from pipeline.stages.recover import augment
from pipeline.stages.recover.errors import TrainingSetUnfit

RANDOM = np.random.default_rng(4)
IMAGES = RANDOM.random((22, 3, 12, 16)).astype(np.float32)
LABELS = np.arange(22)
EACH = [{"rotate": 20}, {"shift": 3}, {"scale": 0.3}, {"crop": 0.3}, {"noise": 0.1}]


def epoch(seed: tuple[int, int] = (0, 1), **amounts: Any) -> tuple[Any, Any]:
    how = Augment.model_validate(amounts)
    found = list(augment.batches([IMAGES], LABELS, how, 5, seed))
    return np.stack([inputs[0] for inputs, _ in found]), np.stack([labels for _, labels in found])


@pytest.mark.parametrize("amounts", [{}, *EACH, {"flip": "horizontal"}])
def test_whole_batches_of_different_samples(amounts: dict[str, Any]) -> None:
    images, labels = epoch(**amounts)
    assert images.shape == (4, 5, 3, 12, 16) and images.dtype == np.float32
    assert labels.dtype == np.int32 and len(set(labels.ravel().tolist())) == 20


def test_nothing_asked_for_changes_nothing() -> None:
    images, labels = epoch()
    np.testing.assert_array_equal(images.reshape(-1, 3, 12, 16), IMAGES[labels.ravel()])


@pytest.mark.parametrize("amounts", EACH)
def test_each_amount_changes_images_and_hangs_on_seed_and_epoch_alone(
    amounts: dict[str, Any],
) -> None:
    images, labels = epoch((7, 2), **amounts)
    again, _ = epoch((7, 2), **amounts)
    other, other_labels = epoch((7, 3), **amounts)
    assert images.tobytes() == again.tobytes()
    assert images.tobytes() != other.tobytes() and labels.tolist() != other_labels.tolist()
    changed = np.abs(images.reshape(-1, 3, 12, 16) - IMAGES[labels.ravel()]).max(axis=(1, 2, 3))
    assert (changed > 1e-3).mean() > 0.9


def test_a_flip_is_a_mirror_of_about_half() -> None:
    images, labels = epoch(flip="horizontal")
    own = IMAGES[labels.ravel()]
    flat = images.reshape(own.shape)
    mirrored = [np.array_equal(one, two[:, :, ::-1]) for one, two in zip(flat, own, strict=True)]
    same = [np.array_equal(one, two) for one, two in zip(flat, own, strict=True)]
    assert all(one != two for one, two in zip(mirrored, same, strict=True))
    assert 3 <= sum(mirrored) <= 17


def test_a_shift_stays_within_its_pixels() -> None:
    dots = np.zeros((22, 3, 12, 16), np.float32)
    dots[:, :, 6, 8] = 1
    how = Augment(shift=2)
    for (moved,), _ in augment.batches([dots], LABELS, how, 11, (0, 1)):
        rows, columns = np.nonzero(moved.sum(axis=(0, 1)))
        assert np.abs(rows - 6).max() <= 2 and np.abs(columns - 8).max() <= 2
        assert len(rows) > 1


@pytest.mark.parametrize("shapes", [[(1, 16)], [(1, 4, 8, 8)], [(1, 3, 8, 8), (1, 3, 8, 8)]])
def test_only_images_are_moved(shapes: list[tuple[int, ...]]) -> None:
    augment.check("set", shapes, Augment(noise=0.1))
    with pytest.raises(TrainingSetUnfit, match="set"):
        augment.check("set", shapes, Augment(rotate=1))
