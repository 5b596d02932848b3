"""Samples written into a folder, each input as one ``.npy``, and the facts of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.data import layout
from pipeline.data.arrays import Arrays, Unusable
from pipeline.data.rows import Row
from pipeline.data.spool import Misfit, Spool

_LABELS = "labels.npy"


def arrays(given: Arrays, folder: Path) -> dict[str, Any]:
    """Keep whole arrays."""
    for number, array in enumerate(given.inputs):
        layout.write_npy(array, folder / _input(number))
    kinds = [(array.shape[1:], str(array.dtype)) for array in given.inputs]
    facts = _facts(kinds, len(given.inputs[0]), given.labels, folder)
    return {**facts, "input_names": list(given.names)}


def rows(given: Iterable[Row], folder: Path, limit: int | None = None) -> dict[str, Any]:
    """Keep samples as they come, the first ``limit``; raises Unusable with a sample's number."""
    samples: Iterator[Row] = islice(given, limit)
    first = next(samples, None)
    if first is None:
        raise Unusable("no samples")
    labels: list[int | None] = []
    with ExitStack() as stack:
        spools = [
            stack.enter_context(Spool(folder / _input(number))) for number in range(len(first[0]))
        ]
        _add(spools, first, labels)
        for row in samples:
            _add(spools, row, labels)
    if any(label is None for label in labels) and any(label is not None for label in labels):
        raise Unusable(f"sample {labels.index(None)} has no label, others have")
    kinds = [(spool.shape, str(np.dtype(spool.dtype))) for spool in spools]
    found = None if labels[0] is None else np.array(labels, np.int64)
    return _facts(kinds, len(labels), found, folder)


def _add(spools: list[Spool], row: Row, labels: list[int | None]) -> None:
    inputs, label = row
    if len(inputs) != len(spools):
        raise Unusable(
            f"sample {len(labels)} has {len(inputs)} inputs, the first had {len(spools)}"
        )
    for spool, array in zip(spools, inputs, strict=True):
        try:
            spool.add(array)
        except Misfit as error:
            raise Unusable(f"sample {len(labels)} is {error}") from None
    labels.append(label)


def _facts(
    kinds: list[tuple[tuple[int, ...], str]], count: int, labels: Any | None, folder: Path
) -> dict[str, Any]:
    if labels is not None:
        layout.write_npy(labels, folder / _LABELS)
    return {
        "inputs": [_input(number) for number in range(len(kinds))],
        "labels": _LABELS if labels is not None else None,
        "count": count,
        "sample_shapes": [list(shape) for shape, _ in kinds],
        "dtypes": [dtype for _, dtype in kinds],
        "classes": int(labels.max()) + 1 if labels is not None else None,
    }


def _input(number: int) -> str:
    return f"input_{number}.npy"
