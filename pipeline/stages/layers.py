"""A model's run beside another model's, or beside its network's own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pipeline.stages.checkpoint.cells import CellOutput
from pipeline.stages.divergence import (
    INPUT,
    Difference,
    Divergence,
    Layer,
    State,
    closest,
    measure,
    state_of,
    with_losses,
)
from pipeline.stages.trace import Step, Trace, activated

#: Cells that the converter may have merged into the one before them: norm, activation, dropout.
_MERGED = 3
#: The layer of what the network itself does, outside its cells.
_WHOLE = "(network)"
#: Operators that only change the type of what another computed.
_CASTS = ("QuantDTypeCast", "DynamicQuant")
#: Elements from which on it is no chance that two arrays are the same.
_TELLING_SIZE = 16
#: Operators that cannot hide a difference: where their output is right, what they took was.
_TELLING = (
    "Conv2DFusion", "Conv2dTransposeFusion", "MatMulFusion", "FullConnection", "AddFusion",
    "SubFusion", "MulFusion", "AvgPoolFusion", "Transpose", "Reshape", "Flatten", "Concat",
)  # fmt: skip


def against_model(trace: Trace, reference: Trace, threshold: float) -> Divergence:
    """Compare by the operators' names, which a converter makes the same way for every recipe.

    What only one of the two has (casts, fused activations) is counted and otherwise left out.
    """
    theirs: dict[str, Step] = {}
    for step in reference.steps:
        theirs.setdefault(step.name, step)
    rows: dict[int, Layer] = {}
    for number, step in enumerate(trace.steps):
        if (other := theirs.pop(step.name, None)) is not None:
            difference = _beside(step, other)
            if difference is not None:
                rows[number] = _row(step, difference, state_of(difference, threshold))
    table = with_losses(tuple(rows.values()), _feeders(trace, rows))
    return Divergence(
        reference.model, trace.model, threshold, table, len(trace.steps) - len(rows) + len(theirs)
    )


def _beside(step: Step, other: Step) -> Difference | None:
    ours, theirs = step.values(), other.values()
    if ours is None or theirs is None or ours.size != theirs.size:
        return None
    if step.activation != other.activation:  # one has fused it, the other does it afterwards
        if step.activation and other.activation:
            return None
        if step.activation:
            theirs = activated(theirs, step.activation)
        else:
            ours = activated(ours, other.activation)
        if ours is None or theirs is None:
            return None
    return measure(ours, theirs) if ours.shape == theirs.shape else closest(ours, [theirs])


def against_network(
    trace: Trace, cells: Sequence[CellOutput], name: str, threshold: float
) -> Divergence:
    """Compare the operator that ends a layer with what the network's cell of that name gave.

    The converter merges what follows a layer into it, so the next few cells' outputs will do as
    well: an operator that computes wrongly gives none of them.
    """
    network = _Network(trace, cells)
    rows: dict[int, Layer] = {}
    for number, step in enumerate(trace.steps):
        if step.kind in _CASTS and any(trace.consumers(number)):
            continue
        values = step.values()
        if values is None:
            continue
        layer, difference = step.layer or _WHOLE, closest(values, network.candidates(number))
        if difference is None or not difference.within(threshold):
            layer, difference = network.elsewhere(values, threshold) or (
                layer,
                closest(values, network.around(number)) if difference is None else difference,
            )
        if difference is None:
            continue
        state = state_of(difference, threshold)
        if state is State.DIFFERS and not difference.nan_count and not network.ends(number):
            state = State.INNER
        rows[number] = replace(_row(step, difference, state), layer=layer)
    for number, row in rows.items():
        if row.state is State.DIFFERS and not row.difference.nan_count:
            rows[number] = _excused(trace, rows, number)
    table = with_losses(tuple(rows.values()), _feeders(trace, rows))
    return Divergence(name, trace.model, threshold, table, len(trace.steps) - len(rows))


def _excused(trace: Trace, rows: dict[int, Layer], number: int) -> Layer:
    """The row, ``INNER`` where what a telling operator makes of it is right: then it is a value
    that the network has not, not a wrong one."""
    for later, row in rows.items():
        step = trace.steps[later]
        if row.state is State.SAME and number in step.feeders and step.kind in _TELLING:
            return replace(rows[number], state=State.INNER)
    return rows[number]


@dataclass(frozen=True)
class _Network:
    trace: Trace
    cells: Sequence[CellOutput]

    def candidates(self, number: int) -> list[Any]:
        """What the network has that step ``number`` may be the same as."""
        step = self.trace.steps[number]
        layer = self._known(step.layer)
        wanted: dict[int, None] = {}
        for index in self._calls(layer):
            wanted.update(dict.fromkeys(range(index, index + 1 + _MERGED)))
        return self._arrays(wanted, step.activation)

    def around(self, number: int) -> list[Any]:
        """What the layers around that of step ``number`` gave."""
        step = self.trace.steps[number]
        wanted: dict[int, None] = {}
        layer = step.layer
        while layer:
            layer = layer.rpartition(".")[0]
            wanted.update(dict.fromkeys(self._calls(layer)))
        return self._arrays(wanted, step.activation)

    def elsewhere(self, values: Any, threshold: float) -> tuple[str, Difference] | None:
        """Another cell that gave the same, if any.

        MindSpore compiles cells of one class once, and names what their ``construct`` does itself
        after the first of them.
        """
        if values.size < _TELLING_SIZE:
            return None
        for cell in self.cells:
            found = closest(values, [cell.values()])
            if found is not None and found.within(threshold):
                return cell.cell or _WHOLE, found
        return None

    def _arrays(self, wanted: Iterable[int], activation: str) -> list[Any]:
        arrays = [self.cells[index].values() for index in wanted if index < len(self.cells)]
        if activation:
            done = [activated(array, activation) for array in arrays]
            arrays += [array for array in done if array is not None]
        return arrays

    def ends(self, number: int) -> bool:
        """Whether step ``number`` is the last of a call of its layer."""
        layer = self._known(self.trace.steps[number].layer)
        inside = [
            index for index, step in enumerate(self.trace.steps) if _within(step.layer, layer)
        ]
        calls = max(1, len(self._calls(layer)))
        if len(inside) % calls:
            return number == inside[-1]
        each = len(inside) // calls
        return number in inside[each - 1 :: each]

    def _known(self, layer: str) -> str:
        """The layer, or the innermost around it that the network has a cell for."""
        while layer and not self._calls(layer):
            layer = layer.rpartition(".")[0]
        return layer

    def _calls(self, layer: str) -> list[int]:
        return [index for index, cell in enumerate(self.cells) if cell.cell == layer]


def _within(layer: str, outer: str) -> bool:
    return not outer or layer == outer or layer.startswith(f"{outer}.")


def inputs_row(name: str, given: Any, wanted: Any, threshold: float) -> Layer:
    """The values that a model got beside those that its network got, both in the model's layout."""
    difference = measure(given, wanted)
    state = state_of(difference, threshold)
    remark = "" if state is State.SAME else _explanation(given, wanted)
    return Layer(name, "", INPUT, state, difference, remark=remark)


def _explanation(given: Any, wanted: Any) -> str:
    """What would make the one of the other, as far as that is to be seen."""
    import numpy as np

    ours, theirs = (np.asarray(array, dtype=np.float64) for array in (given, wanted))
    if not (np.isfinite(ours).all() and np.isfinite(theirs).all()):
        return ""
    if np.array_equal(np.sort(ours.ravel()), np.sort(theirs.ravel())):
        return "the same values in another order: NCHW where NHWC is wanted, or RGB for BGR?"
    channels = theirs.shape[-1] if theirs.ndim == 4 else 1
    left, right = (array.reshape(-1, channels) for array in (ours, theirs))
    for ours_one, theirs_one in zip(left.T, right.T, strict=True):
        matrix = np.stack([theirs_one, np.ones_like(theirs_one)], axis=1)
        solution = np.linalg.lstsq(matrix, ours_one, rcond=None)[0]
        if np.abs(matrix @ solution - ours_one).max() > 1e-4 * max(1.0, np.abs(ours_one).max()):
            return ""
    return "the same values with another scale or offset: another mean or std?"


def _row(step: Step, difference: Difference, state: State) -> Layer:
    return Layer(step.layer or _WHOLE, step.name, step.kind, state, difference)


def _feeders(trace: Trace, rows: dict[int, Layer]) -> list[list[int]]:
    """For each row the rows that feed it, straight or through steps that have none."""
    places = {number: place for place, number in enumerate(rows)}
    sources: list[set[int]] = []
    found = []
    for number, step in enumerate(trace.steps):
        above = {place for feeder in step.feeders for place in sources[feeder]}
        row = rows.get(number)
        if row is not None:
            found.append(sorted(above))
        compared = row is not None and row.state is not State.INNER
        sources.append({places[number]} if compared else above)
    return found
