"""Means of each channel of each layer, looked up while a network runs.

Told what they should be, a tap also moves the channels there, so that what comes behind sees them
as they will be: one run corrects every layer on the layers corrected before it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from mindspore import Parameter, Tensor, nn, ops

from pipeline.stages.recover import places
from pipeline.stages.recover.places import Place


class Tap(nn.Cell):  # type: ignore[misc]
    """``inner`` as it is, or moved to have the means that are ``wanted``."""

    def __init__(self, inner: nn.Cell, place: Place, number: int, moves: Parameter) -> None:
        super().__init__(auto_prefix=False)
        self.inner = inner
        self.axis = place.axis
        self.moves = moves
        zeros = np.zeros(place.channels, np.float32)
        self.seen = Parameter(Tensor(zeros), name=f"tap.{number}.seen", requires_grad=False)
        self.wanted = Parameter(Tensor(zeros), name=f"tap.{number}.wanted", requires_grad=False)

    def construct(self, inputs: Tensor) -> Tensor:
        """As ``inner``'s."""
        outputs = self.inner(inputs)
        rank = outputs.ndim
        mean = outputs.mean(places.other_axes(rank, self.axis))
        ops.assign(self.seen, mean)
        moved = (mean - self.wanted) * self.moves
        return outputs - moved.reshape(places.beside(rank, self.axis))


class Taps:
    """Taps behind the layers of a network that are named by their weights' parameters."""

    def __init__(self, network: nn.Cell, found: Sequence[Place]) -> None:
        self._network = network
        self._moves = Parameter(Tensor(np.float32(0)), name="tap.moves", requires_grad=False)
        self._taps: dict[str, Tap] = {}
        for number, place in enumerate(found):
            places.put_around(network, place.end, self._maker(place, number))

    def means(self, inputs: Sequence[Any], wanted: Mapping[str, Any] | None = None) -> Any:
        """Mean of each channel [channels] of each layer; with ``wanted``, of layers behind ones
        that were moved there."""
        for name, mean in (wanted or {}).items():
            self._taps[name].wanted.set_data(Tensor(mean))
        self._moves.set_data(Tensor(np.float32(wanted is not None)))
        self._network(*(Tensor(array) for array in inputs))
        return {name: tap.seen.asnumpy().copy() for name, tap in self._taps.items()}

    def _maker(self, place: Place, number: int) -> Any:
        def make(inner: nn.Cell) -> Tap:
            tap = Tap(inner, place, number, self._moves)
            self._taps[place.link.parameter] = tap
            return tap

        return make
