"""What an epoch leaves: found again whole, or not at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipeline.core.errors import LocalFileError
from pipeline.stages.recover import state
from pipeline.stages.recover.state import Epoch, State, Step

VALUES = {"a.weight": np.arange(6, dtype=np.float32).reshape(2, 3), "step/0": np.array([3])}


STEPS = (Step("bias", 6, 10, True, "", 1.0), Step("statistics", None, 10, False, "why", 0.0))


def epoch(number: int, correct: int) -> Epoch:
    return Epoch(number, 0.5 if number else None, correct, 10, 1.0)


def snapped(number: int) -> dict[str, np.ndarray]:
    return {"a.weight": np.full(2, number, np.float32)}


def kept(folder: Path, *correct: int) -> State:
    epochs = tuple(epoch(number, right) for number, right in enumerate(correct))
    for count in range(1, len(epochs) + 1):
        now = State(epochs[:count], VALUES, STEPS, 70.0)
        state.keep(folder, now, snapped(count - 1), "mark")
    return now


def test_what_was_kept_is_found(tmp_path: Path) -> None:
    before = kept(tmp_path, 4, 7)
    found = state.find(tmp_path, "mark")
    assert found is not None and found.epochs == before.epochs
    assert found.steps == STEPS and found.enough == 70.0
    assert list(found.values) == list(VALUES)
    for name, value in VALUES.items():
        assert found.values[name].dtype == value.dtype
        np.testing.assert_array_equal(found.values[name], value)


@pytest.mark.parametrize(
    ("correct", "best"), [((5,), 0), ((5, 4, 3), 0), ((5, 7, 6), 1), ((5, 7, 7, 6), 2)]
)
def test_the_last_of_the_best_is_kept(correct: tuple[int, ...], best: int, tmp_path: Path) -> None:
    assert kept(tmp_path, *correct).best.number == best
    assert state.best(tmp_path)["a.weight"].tolist() == [best, best]


def test_other_sources_begin_anew(tmp_path: Path) -> None:
    kept(tmp_path, 5)
    assert state.find(tmp_path, "another mark") is None


@pytest.mark.parametrize("name", ["last.npz", "best.npz"])
@pytest.mark.parametrize("part", [0.0, 0.3, 0.9])
def test_a_file_that_is_cut_is_none(name: str, part: float, tmp_path: Path) -> None:
    kept(tmp_path, 5, 6)
    data = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(data[: int(part * len(data))])
    assert state.find(tmp_path, "mark") is None
    if name == "best.npz":
        with pytest.raises(LocalFileError):
            state.best(tmp_path)


def test_nothing_is_found_where_nothing_is(tmp_path: Path) -> None:
    assert state.find(tmp_path, "mark") is None
