"""The cells of a MindSpore network, found again among the operators of a model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.stages.checkpoint.cells import CellOutput
from pipeline.stages.divergence import WHOLE, Difference, closest
from pipeline.stages.trace import Trace, activated

#: Cells that the converter may have merged into the one before them: norm, activation, dropout.
_MERGED = 3
#: Elements from which on it is no chance that two arrays are the same.
_TELLING_SIZE = 16


@dataclass(frozen=True)
class Cells:
    """The outputs of a network's cells, in the order in which their calls ended.

    The converter merges what follows a layer into it, so the next few cells' outputs will do as
    well: an operator that computes wrongly gives none of them.
    """

    trace: Trace
    cells: Sequence[CellOutput]

    def layer(self, number: int) -> str:
        """As the network's attributes spell it, or all of the network."""
        return self.trace.steps[number].layer or WHOLE

    def candidates(self, number: int) -> list[Any]:
        """The outputs of every call of its cell, and of what may be merged into it."""
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
                return cell.cell or WHOLE, found
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
