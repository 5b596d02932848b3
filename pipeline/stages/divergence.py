"""Where two computations of the same thing part: layer by layer, in the order in which they ran.

A layer *differs* when its cosine similarity is under the threshold, when the relative error is
more than vectors of equal length with that cosine can have, or when it holds NaN that the
reference does not.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

#: For a model that computes in floating point, against the network that it was made of.
FLOAT_THRESHOLD = 0.9999
#: For a quantized model: int8 costs a layer a few thousandths, and they add up.
QUANTIZED_THRESHOLD = 0.98


class State(str, Enum):
    """How a layer compares. ``INNER``: the reference has no such value (a fused operator's half,
    a step within a layer), so that nothing can be said of it."""

    SAME = "same"
    DIFFERS = "differs"
    INNER = "inner"


@dataclass(frozen=True)
class Difference:
    """One array against another. Errors are absolute, in the unit of the values, except
    ``relative_error``: the length of the difference over that of the reference."""

    cosine: float
    relative_error: float
    max_error: float
    nan_count: int

    def within(self, threshold: float) -> bool:
        """Whether both are the same as far as ``threshold`` (a cosine) asks."""
        if self.nan_count or not math.isfinite(self.relative_error):
            return False
        # |a - b|^2 = |a|^2 + |b|^2 - 2|a||b|cos, which is 2(1 - cos) for two of length 1.
        return self.cosine >= threshold and self.relative_error <= math.sqrt(2 * (1 - threshold))


@dataclass(frozen=True)
class Layer:
    """A row of the table: a layer of the network, the operator that ends it, and how it compares.

    ``lost`` is what this layer itself takes from the cosine, beyond the layers that feed it.
    """

    layer: str
    node: str
    kind: str
    state: State
    difference: Difference
    lost: float = 0.0
    remark: str = ""

    def as_json(self) -> dict[str, Any]:
        """For ``--json``; a number that is not finite is null."""
        values = {
            "layer": self.layer,
            "node": self.node,
            "kind": self.kind,
            "state": self.state.value,
            "cosine": self.difference.cosine,
            "relative_error": self.difference.relative_error,
            "max_error": self.difference.max_error,
            "nan_count": self.difference.nan_count,
            "lost": self.lost,
            "remark": self.remark,
        }
        return {
            key: None if isinstance(value, float) and not math.isfinite(value) else value
            for key, value in values.items()
        }


#: The kind of the rows that compare what goes in.
INPUT = "input"
#: The layer of what a network does itself, outside its cells.
WHOLE = "(network)"


@dataclass(frozen=True)
class Divergence:
    """Two computations beside each other; ``layers`` in the order in which the model ran them."""

    reference: str
    model: str
    threshold: float
    layers: tuple[Layer, ...]
    unmatched: int = 0

    @property
    def first(self) -> Layer | None:
        """The first layer that differs."""
        return next((row for row in self.layers if row.state is State.DIFFERS), None)

    @property
    def costliest(self) -> Layer | None:
        """The layer that takes most from the cosine by itself."""
        compared = [row for row in self.layers if row.state is not State.INNER and row.lost > 0]
        return max(compared, key=lambda row: row.lost, default=None)

    @property
    def message(self) -> str:
        """One line for people."""
        first = self.first
        if first is None:
            compared = [row for row in self.layers if row.state is State.SAME]
            if not any(row.kind != INPUT for row in compared):
                return f"{self.model} and {self.reference} have no layer that could be compared"
            lowest = min(row.difference.cosine for row in compared)
            return (
                f"{self.model} agrees with {self.reference} in all {len(compared)} layers "
                f"compared (lowest cosine {lowest:.5f})"
            )
        if first.kind == INPUT:
            what = f"{self.model} differs from {self.reference} from the input on: {first.layer}"
        else:
            what = f"{self.model} differs from {self.reference} first at layer {first.layer}"
            what += f" ({first.kind} {first.node})"
        return what + _how(first)

    def as_json(self) -> dict[str, Any]:
        """For ``--json``."""
        first, costliest = self.first, self.costliest
        return {
            "reference": self.reference,
            "model": self.model,
            "threshold": self.threshold,
            "message": self.message,
            "first": None if first is None else first.as_json(),
            "costliest": None if costliest is None else costliest.as_json(),
            "unmatched": self.unmatched,
            "layers": [row.as_json() for row in self.layers],
        }


def _how(row: Layer) -> str:
    difference = row.difference
    if difference.nan_count:
        return f", {difference.nan_count} NaN or infinite values"
    remark = f"; {row.remark}" if row.remark else ""
    return (
        f", cosine {difference.cosine:.5f}, relative error {difference.relative_error:.3g}{remark}"
    )


def measure(ours: Any, theirs: Any) -> Difference:
    """Two arrays of the same number of elements, in the same order. NaN is that of ``ours``."""
    import numpy as np

    left = np.asarray(ours, dtype=np.float64).ravel()
    right = np.asarray(theirs, dtype=np.float64).ravel()
    nan_count = int((~np.isfinite(left)).sum())
    if nan_count or not np.isfinite(right).all():
        return Difference(math.nan, math.nan, math.nan, nan_count)
    error = left - right
    lengths = [float(np.linalg.norm(vector)) for vector in (left, right, error)]
    largest = float(np.abs(error).max(initial=0.0))
    if lengths[2] == 0.0:
        return Difference(1.0, 0.0, 0.0, 0)
    cosine = 0.0
    if lengths[0] and lengths[1]:
        cosine = float(np.clip(left @ right / (lengths[0] * lengths[1]), -1.0, 1.0))
    relative = lengths[2] / lengths[1] if lengths[1] else math.inf
    return Difference(cosine, relative, largest, 0)


def closest(ours: Any, candidates: Iterable[Any]) -> Difference | None:
    """The best of the comparisons with those candidates that have as many elements, in whichever
    order of axes fits; None when there is no such candidate."""
    import numpy as np

    orders = [np.ascontiguousarray(array) for array in _orders(ours)]
    found = [
        measure(array, candidate)
        for candidate in candidates
        if candidate.size == ours.size
        for array in orders
    ]
    return min(found, key=_rank) if found else None


def _rank(difference: Difference) -> float:
    return math.inf if math.isnan(difference.relative_error) else difference.relative_error


def _orders(array: Any) -> list[Any]:
    """As it is, and with the channels before the places: models have them behind."""
    moved = {3: (0, 2, 1), 4: (0, 3, 1, 2)}.get(array.ndim)
    return [array] if moved is None else [array, array.transpose(moved)]


def state_of(difference: Difference, threshold: float) -> State:
    """``INNER`` where the reference itself is not finite: there is nothing to compare with."""
    if not difference.nan_count and math.isnan(difference.relative_error):
        return State.INNER
    return State.SAME if difference.within(threshold) else State.DIFFERS


def layer_of(node: str) -> str:
    """The layer that an operator's name tells: ``Default/block-Block/0-Conv2d/Conv2D-op3`` is
    ``block.0``, as the network's own attributes are called."""
    parts = node.split("/")[:-1]
    if parts and parts[0] == "Default":
        parts = parts[1:]
    return ".".join(part.rpartition("-")[0] or part for part in parts if part)


def with_losses(rows: Sequence[Layer], feeders: Sequence[Sequence[int]]) -> tuple[Layer, ...]:
    """The rows with ``lost`` filled in; ``feeders`` has the rows that feed each."""
    filled = []
    for row, sources in zip(rows, feeders, strict=True):
        before = min((rows[index].difference.cosine for index in sources), default=1.0)
        lost = before - row.difference.cosine
        known = row.state is not State.INNER and math.isfinite(lost)
        filled.append(replace(row, lost=max(0.0, lost)) if known else row)
    return tuple(filled)
