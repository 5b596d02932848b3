"""Samples that come one at a time, or a batch at a time: from a data set or any iterable.

Told apart by what they can do, so that no framework has to be imported for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from pipeline.data.arrays import Unusable, as_array, check_elements, whole

#: Arrays for the inputs, and the label, of one sample.
Row = tuple[tuple[Any, ...], int | None]


def is_iterable(value: Any) -> bool:
    """Whether ``value`` gives samples, and is not a pair of arrays or something else."""
    if isinstance(value, (tuple, str, bytes, dict, np.ndarray)) or hasattr(value, "asnumpy"):
        return False
    return _is_mindspore(value) or hasattr(value, "__iter__") or hasattr(value, "__getitem__")


def rows(value: Any) -> Iterator[Row]:
    """Every sample, batches taken apart; raises Unusable with the number of the sample."""
    given = _of_mindspore(value) if _is_mindspore(value) else _of_iterable(value)
    number = 0
    for inputs, label, batched in given:
        try:
            for row in _apart(inputs, label, batched):
                yield row
                number += 1
        except Unusable as error:
            raise Unusable(f"sample {number}: {error}") from None


_Given = tuple[Sequence[Any], Any, bool]


def _is_mindspore(value: Any) -> bool:
    return hasattr(value, "create_tuple_iterator") or hasattr(value, "create_dict_iterator")


def _of_mindspore(value: Any) -> Iterator[_Given]:
    """Columns are inputs, and where there are several the last one is the label."""
    batched = getattr(value, "get_batch_size", lambda: 1)() > 1
    wanted = {"num_epochs": 1, "output_numpy": True}
    if hasattr(value, "create_tuple_iterator"):
        columns: Iterable[Sequence[Any]] = value.create_tuple_iterator(**wanted)
    else:
        columns = (tuple(row.values()) for row in value.create_dict_iterator(**wanted))
    for row in columns:
        yield (row[:-1], row[-1], batched) if len(row) > 1 else (row, None, batched)


def _of_iterable(value: Any) -> Iterator[_Given]:
    items = value if hasattr(value, "__iter__") else (value[at] for at in range(len(value)))
    for number, item in enumerate(items):
        if not isinstance(item, (tuple, list)) or len(item) != 2:
            kind = type(item).__name__
            raise Unusable(f"item {number} is a {kind} where a pair (inputs, label) was expected")
        inputs, label = item
        yield (inputs if isinstance(inputs, (tuple, list)) else (inputs,)), label, False


def _apart(given: Sequence[Any], label: Any, batched: bool) -> Iterator[Row]:
    inputs = tuple(as_array(each) for each in given)
    for number, array in enumerate(inputs):
        if not array.size:
            raise Unusable(f"input {number} has no elements")
        check_elements(array, number)
    labels = whole(as_array(label)) if label is not None else None
    if not batched and (labels is None or not labels.ndim):
        yield inputs, None if labels is None else int(labels)
    elif _is_batch(inputs, labels):
        for at in range(len(inputs[0])):
            label = int(labels[at].item()) if labels is not None else None
            yield tuple(array[at] for array in inputs), label
    elif labels is not None and labels.size == 1:
        yield inputs, int(labels.item())
    else:
        raise Unusable("its label is neither one whole number nor one for each input of a batch")


def _is_batch(inputs: tuple[Any, ...], labels: Any | None) -> bool:
    counts = {len(array) if array.ndim else 0 for array in inputs}
    return len(counts) == 1 and (labels is None or {labels.size} == {len(labels)} == counts)
