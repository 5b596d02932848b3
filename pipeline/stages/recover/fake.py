"""Cells that compute as int8 operators do: what goes in and comes out is put on a grid.

Behind the grid gradients are those of its input, and none where that was outside: the
straight-through estimator (Jacob et al., Quantization and Training of Neural Networks for
Efficient Integer-Arithmetic-Only Inference, 2018).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import mindspore
from mindspore import Tensor, nn, ops

from pipeline.stages.recover import places
from pipeline.stages.recover.activations import Layer, Range
from pipeline.stages.recover.places import Place


class Gridded(nn.Cell):  # type: ignore[misc]
    """Values on a grid, of the shape that comes in."""

    def __init__(self, grid: Range) -> None:
        super().__init__()
        self.scale = Tensor(grid.scale, mindspore.float32)
        self.low, self.high = (Tensor(end, mindspore.float32) for end in (grid.low, grid.high))

    def construct(self, values: Tensor) -> Tensor:
        """The nearest levels."""
        inside = ops.minimum(ops.maximum(values, self.low), self.high)
        levels = ops.round(inside / self.scale) * self.scale
        return inside + ops.stop_gradient(levels - inside)


class Shifted(nn.Cell):  # type: ignore[misc]
    """A number added to each channel."""

    def __init__(self, shift: Any, axis: int) -> None:
        super().__init__()
        self.shift = Tensor(shift)
        self.axis = axis

    def construct(self, values: Tensor) -> Tensor:
        """Of the shape that comes in."""
        return values + self.shift.reshape(places.beside(values.ndim, self.axis))


class Around(nn.Cell):  # type: ignore[misc]
    """``inner`` between other cells."""

    def __init__(self, *cells: nn.Cell) -> None:
        super().__init__(auto_prefix=False)
        self.chain = nn.CellList(list(cells), auto_prefix=False)

    def construct(self, values: Tensor) -> Tensor:
        """What the last cell gives."""
        for cell in self.chain:
            values = cell(values)
        return values


def quantize(network: nn.Cell, found: Sequence[Place], layers: Mapping[str, Layer]) -> nn.Cell:
    """Put the grids of ``layers``, by the names of their weights, around these layers' cells.

    The grid of an output comes before the activation that the converter fused into the operator:
    it has a level at 0 and ends at the activation's end, so that this is the same.
    """
    for place in found:
        layer = layers[place.link.parameter]
        places.put_around(network, place.cell, partial(_before, layer.taken))
        places.put_around(network, place.end, partial(_behind, layer, place.axis))
    return network


def _before(grid: Range, cell: nn.Cell) -> nn.Cell:
    return Around(Gridded(grid), cell)


def _behind(layer: Layer, axis: int, cell: nn.Cell) -> nn.Cell:
    if layer.shift is None:
        return Around(cell, Gridded(layer.given))
    return Around(cell, Shifted(layer.shift, axis), Gridded(layer.given))
