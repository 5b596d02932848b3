"""Choosing an option for each weight: what to try next, given what was measured so far.

Nothing is measured here. ``propose`` gives choices that were not tried; ``tell`` takes how each
did. The same answers lead to the same proposals, so a search that was interrupted takes the same
way again, through trials that are kept.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

_SEED = 0
#: Rounds in which random weights of the costs may propose nothing new before the search ends.
_PATIENCE = 400
#: How far the costs are disturbed, as the deviation of a normal distribution of the exponent.
_DISTURBANCE = 0.7
#: Prices of a byte are searched through between these powers of ten, relative to the costs.
_PRICES = (-14.0, 4.0)

#: For each layer (in the order of the model) the number of its option.
Choice = tuple[int, ...]


class Sized(Protocol):
    """What is asked of an option."""

    @property
    def stored_bytes(self) -> int:
        """Bytes in the file."""

    @property
    def error(self) -> float:
        """Sum of squared errors of the weights."""


@dataclass(frozen=True)
class Found:
    """A choice that was measured; ``good``: within the limit."""

    choice: Choice
    size: int
    good: bool


@dataclass
class SizeSearch:
    """The smallest choice that is good.

    ``options``: for each weight its options, the smallest first; ``costs``: for each weight what a
    squared error does to the outputs. First prices of a byte are halved in between good and bad,
    each byte and each error having one price everywhere; then single and paired steps from the
    best are tried; then costs are disturbed.
    """

    options: Mapping[str, tuple[Sized, ...]]
    costs: Mapping[str, float]
    best: Found | None = None
    tried: dict[Choice, bool] = field(default_factory=dict)
    phase: str = "prices"
    _good_price: float = _PRICES[0]
    _bad_price: float = _PRICES[1]
    _random: random.Random = field(default_factory=lambda: random.Random(_SEED))
    _priced: dict[Choice, float] = field(default_factory=dict)

    def propose(self, count: int) -> list[Choice]:
        """Up to ``count`` choices that were not tried; none when there is nothing left to try."""
        if self.phase == "prices":
            if found := self._prices(count):
                return found
            self.phase = "steps"
        if self.phase == "steps":
            if found := self._untried(self._steps(), count):
                return found
            self.phase = "disturbed"
        return self._untried(self._disturbed(), count)

    def tell(self, choice: Choice, size: int, good: bool) -> None:
        """How a choice did; also of choices that were not proposed."""
        self.tried[choice] = good
        if choice in self._priced:
            price = self._priced[choice]
            if good:
                self._good_price = max(self._good_price, price)
            else:
                self._bad_price = min(self._bad_price, price)
        if good and (self.best is None or size < self.best.size):
            self.best = Found(choice, size, good)
            if self.phase == "disturbed":
                self.phase = "steps"

    def allocate(self, log_price: float, costs: Mapping[str, float] | None = None) -> Choice:
        """The choice that pays least, a byte at 10**log_price."""
        costs = costs or self.costs
        price = 10.0**log_price
        chosen = []
        for layer in self.options:
            paid = [
                price * option.stored_bytes + costs[layer] * option.error
                for option in self.options[layer]
            ]
            chosen.append(paid.index(min(paid)))
        return tuple(chosen)

    def bytes_of(self, choice: Choice) -> int:
        """What its weights take."""
        return sum(option.stored_bytes for option in self._chosen(choice))

    def _prices(self, count: int) -> list[Choice]:
        """Choices at prices evenly between the highest good and the lowest bad one."""
        low, high = self._good_price, self._bad_price
        if high <= low:  # luck: a bad one below a good one
            return []
        edges = (self.allocate(low), self.allocate(high))
        found: list[Choice] = []
        for step in range(1, 33):
            for part in range(1, step + 1):
                price = low + (high - low) * part / (step + 1)
                choice = self.allocate(price)
                if choice in self.tried or choice in found or choice == edges[0] != edges[1]:
                    continue
                self._priced[choice] = price
                found.append(choice)
                if len(found) == count:
                    return found
            if found and step >= count:
                return found
        return found

    def _steps(self) -> Iterator[Choice]:
        """The best with one weight a step smaller, or that and another one larger: least harm
        for the bytes first."""
        if self.best is None:
            return
        base = self.best.choice
        layers = list(self.options)
        moves = []
        for place, layer in enumerate(layers):
            for jump in (1, 2):
                if base[place] - jump >= 0:
                    moves.append(self._move(base, place, layer, -jump))
            if base[place] + 1 < len(self.options[layer]):
                moves.append(self._move(base, place, layer, 1))
        single = [move for move in moves if move[0] < 0]
        paired = [
            (one[0] + other[0], one[1] + other[1], {**one[2], **other[2]})
            for one in single
            for other in moves
            if one[2].keys() != other[2].keys() and one[0] + other[0] < 0
        ]
        ranked = sorted(single, key=_harm) + sorted(paired, key=_harm)
        for _, _, change in ranked:
            yield tuple(change.get(place, number) for place, number in enumerate(base))

    def _move(
        self, base: Choice, place: int, layer: str, step: int
    ) -> tuple[int, float, dict[int, int]]:
        """Bytes and predicted distortion that a step adds, and the step."""
        old, new = self.options[layer][base[place]], self.options[layer][base[place] + step]
        return (
            new.stored_bytes - old.stored_bytes,
            self.costs[layer] * (new.error - old.error),
            {place: base[place] + step},
        )

    def _disturbed(self) -> Iterator[Choice]:
        """Choices by disturbed costs that are a little smaller than the best."""
        limit = self.bytes_of(self.best.choice) if self.best else math.inf
        for _ in range(_PATIENCE):
            costs = {
                layer: cost * math.exp(self._random.gauss(0, _DISTURBANCE))
                for layer, cost in self.costs.items()
            }
            low, high = _PRICES
            for _ in range(24):
                middle = (low + high) / 2
                if self.bytes_of(self.allocate(middle, costs)) < limit:
                    high = middle
                else:
                    low = middle
            yield self.allocate(high, costs)

    def _untried(self, choices: Iterator[Choice], count: int) -> list[Choice]:
        found: list[Choice] = []
        for choice in choices:
            if choice not in self.tried and choice not in found:
                found.append(choice)
                if len(found) == count:
                    break
        return found

    def _chosen(self, choice: Choice) -> Iterator[Sized]:
        for layer, number in zip(self.options, choice, strict=True):
            yield self.options[layer][number]


def _harm(move: tuple[int, float, dict[int, int]]) -> float:
    """Predicted distortion for a byte saved."""
    return move[1] / -move[0]
