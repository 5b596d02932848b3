"""Samples one at a time and in batches, from whatever can give them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.data import keep
from pipeline.data.arrays import Unusable
from pipeline.data.rows import is_iterable, rows

X = np.arange(12, dtype=np.float32).reshape(4, 3)
Y = (2, 0, 1, 1)


class Indexed:
    """As the data sets of torch: a length and items, and no end of its own."""

    def __len__(self) -> int:
        return len(X)

    def __getitem__(self, at: int) -> Any:
        return X[at % len(X)], Y[at % len(X)]


class Columns:
    """As MindSpore's data sets: rows of columns."""

    def __init__(self, *given: Any, batch: int = 1) -> None:
        self._rows, self._batch = given, batch

    def get_batch_size(self) -> int:
        return self._batch

    def create_tuple_iterator(self, num_epochs: int, output_numpy: bool) -> Any:
        assert (num_epochs, output_numpy) == (1, True)
        return iter(self._rows)


class Named:
    """One that gives its rows by the columns' names only."""

    def create_dict_iterator(self, num_epochs: int, output_numpy: bool) -> Any:
        return ({"image": x, "label": np.array(y)} for x, y in zip(X, Y, strict=True))


class Tensor:
    """As MindSpore's tensors."""

    def __init__(self, value: Any) -> None:
        self._value = np.asarray(value)

    def asnumpy(self) -> Any:
        return self._value


PAIRS = list(zip(X, Y, strict=True))
ALIKE = {
    "a list of pairs": lambda: PAIRS,
    "a generator": lambda: (pair for pair in PAIRS),
    "an iterator": lambda: iter(PAIRS),
    "lists for pairs": lambda: [list(pair) for pair in PAIRS],
    "items by number": Indexed,
    "tensors": lambda: [(Tensor(x), Tensor(y)) for x, y in PAIRS],
    "batches": lambda: [(X[:3], np.array(Y[:3])), (X[3:], np.array(Y[3:]))],
    "labels in columns": lambda: [(X[:3], np.array([[2], [0], [1]])), (X[3:], [[1]])],
    "a label in an array": lambda: [(x, [y]) for x, y in PAIRS],
    "columns": lambda: Columns(*[(x, np.array(y)) for x, y in PAIRS]),
    "columns of batches": lambda: Columns((X[:2], Y[:2]), (X[2:], Y[2:]), batch=2),
    "columns with names": Named,
}


@pytest.mark.parametrize("make", ALIKE.values(), ids=ALIKE)
def test_all_ways_give_the_same_samples(make):
    value = make()
    assert is_iterable(value)
    found = list(rows(value))
    assert [inputs[0].tolist() for inputs, _ in found] == X.tolist()
    assert [label for _, label in found] == list(Y)
    assert all(type(label) is int for _, label in found)


def test_several_inputs_stay_apart():
    value = [((x, x[:1]), y) for x, y in PAIRS]
    assert [[each.tolist() for each in inputs] for inputs, _ in rows(value)] == [
        [x.tolist(), x[:1].tolist()] for x in X
    ]
    columns = Columns((X[:2], X[:2, :1], Y[:2]), batch=2)
    assert [len(inputs) for inputs, _ in rows(columns)] == [2, 2]


def test_samples_may_have_no_labels():
    assert [label for _, label in rows([(x, None) for x in X])] == [None] * 4
    assert [label for _, label in rows(Columns(*[(x,) for x in X]))] == [None] * 4
    found = list(rows(Columns((X[:2],), (X[2:],), batch=2)))
    assert [inputs[0].tolist() for inputs, _ in found] == X.tolist()


@pytest.mark.parametrize(
    "value",
    [None, 5, (X, Y), X, "text", b"bytes", {"a": 1}, Tensor(X)],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_set_of_samples_is_not_taken_for_one(value):
    assert not is_iterable(value)


ODD = {
    "bare arrays": ([X[0], X[1]], "item 0 is a ndarray where a pair"),
    "three things": ([PAIRS[0], (X[1], 1, 2)], "item 1 is a tuple where a pair"),
    "texts": (["ab"], "item 0 is a str where a pair"),
    "NaN": ([PAIRS[0], (np.array([np.nan]), 1)], "sample 1: input 0 holds NaN"),
    "no elements": ([(np.ones(0), 1)], "sample 0: input 0 has no elements"),
    "objects": ([(np.array([{}]), 1)], "elements of type object"),
    "ragged lists": ([([[[1, 2], [3]]], 1)], "not an array"),
    "a fraction for a label": ([PAIRS[0], (X[1], 0.5)], "sample 1: labels must be whole"),
    "a label below zero": ([(X[0], -1)], "labels must be whole"),
    "a text for a label": ([(X[0], "cat")], "labels must be whole"),
    "no label in a list": ([(X[0], [])], "labels must be whole"),
    "a label by class": ([(X[0], [0, 1])], "its label is neither one whole number nor"),
    "batches that do not fit": ([(X, np.array([0, 1]))], "its label is neither"),
}  # fmt: skip


@pytest.mark.parametrize(("value", "text"), ODD.values(), ids=ODD)
def test_samples_of_no_use_are_told_with_their_number(value, text):
    with pytest.raises(Unusable, match=text):
        list(rows(value))


def _kept(given: Any, folder: Any, limit: int | None = None) -> tuple[Any, Any]:
    facts = keep.rows(rows(given), folder, limit)
    labels = np.load(folder / facts["labels"]).tolist() if facts["labels"] else None
    assert facts["count"] == len(np.load(folder / facts["inputs"][0]))
    return np.load(folder / facts["inputs"][0]), labels


def test_samples_are_kept_in_their_order(tmp_path):
    inputs, labels = _kept(PAIRS, tmp_path)
    assert (inputs.dtype, inputs.tolist(), labels) == (np.float32, X.tolist(), list(Y))


def test_a_limit_ends_what_has_no_end(tmp_path):
    def endless() -> Any:
        while True:
            yield from PAIRS

    inputs, labels = _kept(endless(), tmp_path, 6)
    assert (len(inputs), labels) == (6, [*Y, *Y[:2]])
    assert len(_kept([(X, Y)], tmp_path, 3)[0]) == 3  # also within a batch


UNEQUAL = {
    "no samples": ([], "no samples"),
    "another shape": ([PAIRS[0], (X[1, :2], 1)], r"sample 1 is float32 \[2\], the first was"),
    "another type": ([PAIRS[0], (X[1].astype("f8"), 1)], r"sample 1 is float64 \[3\], the first"),
    "more inputs": ([PAIRS[0], ((X[1], X[1]), 1)], "sample 1 has 2 inputs, the first had 1"),
    "a label missing": ([PAIRS[0], (X[1], None)], "sample 1 has no label, others have"),
}  # fmt: skip


@pytest.mark.parametrize(("value", "text"), UNEQUAL.values(), ids=UNEQUAL)
def test_samples_that_are_unlike_are_refused(tmp_path, value, text):
    with pytest.raises(Unusable, match=text):
        keep.rows(rows(value), tmp_path)


@given(cuts=st.lists(st.integers(1, 5), min_size=1, max_size=8))
def test_how_samples_are_batched_does_not_matter(cuts):
    x, y = np.arange(sum(cuts) * 2).reshape(-1, 2), np.arange(sum(cuts))
    ends = np.cumsum(cuts)[:-1]
    batches = zip(np.split(x, ends), np.split(y, ends), strict=True)
    found = [(inputs[0].tolist(), label) for inputs, label in rows(batches)]
    assert found == list(zip(x.tolist(), y.tolist(), strict=True))
