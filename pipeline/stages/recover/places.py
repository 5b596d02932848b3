"""Where in a network the quantized weights are computed with, and how to put a cell around one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import reduce
from typing import Any

from mindspore import Parameter, nn

from pipeline.stages.recover.weights import Link


@dataclass(frozen=True)
class Place:
    """A layer: the paths of the cell that has the weight and of the one whose output is the
    layer's (its batch norm, or the same), the number of channels, their axis in that output, and
    the parameter, if any, that is added to each of them.
    """

    link: Link
    cell: str
    end: str
    channels: int
    axis: int
    shift: str | None


def find(network: nn.Cell, links: Iterable[Link]) -> tuple[Place, ...]:
    """The places of ``links``, in their order; a weight of the outermost cell has none."""
    owners = {
        parameter.name: (path, cell)
        for path, cell in network.cells_and_names()
        for parameter in cell.get_parameters(expand=False)
    }
    return tuple(_place(link, owners) for link in links if owners[link.parameter][0])


def put_around(network: nn.Cell, path: str, wrap: Callable[[nn.Cell], nn.Cell]) -> None:
    """Replace the cell at ``path`` by what ``wrap`` makes of it."""
    *outer, last = path.split(".")
    parent: Any = reduce(lambda cell, name: cell._cells[name], outer, network)
    parent._cells[last] = wrap(parent._cells[last])
    if isinstance(parent, nn.SequentialCell):
        parent.cell_list = list(parent._cells.values())


def other_axes(rank: int, axis: int) -> tuple[int, ...]:
    """All axes of an output of ``rank`` dimensions but that of the channels."""
    return tuple(number for number in range(rank) if number != axis % rank)


def beside(rank: int, axis: int) -> tuple[int, ...]:
    """The shape that puts numbers of channels beside an output of ``rank`` dimensions."""
    return tuple(-1 if number == axis % rank else 1 for number in range(rank))


def _place(link: Link, owners: dict[str, tuple[str, Any]]) -> Place:
    path, cell = owners[link.parameter]
    own = {each.name: each for each in cell.get_parameters(expand=False)}
    shape = own[link.parameter].shape
    axis = 1 if len(shape) > 2 else -1
    if link.norm is None:
        bias = getattr(cell, "bias", None)
        shift = bias.name if isinstance(bias, Parameter) and bias.ndim == 1 else None
        return Place(link, path, path, shape[link.order[link.axis]], axis, shift)
    end, norm = owners[link.norm.gamma]
    return Place(link, path, end, len(norm.gamma), axis, norm.beta.name)
