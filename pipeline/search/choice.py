"""Choosing an option for each weight: what to try next, given what was measured so far.

Nothing is measured here. ``propose`` gives choices that were not tried; ``tell`` takes how each
did. The same answers lead to the same proposals, so a search that was interrupted takes the same
way again, through trials that are kept.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

_SEED = 0
#: Rounds in which random weights of the costs may propose nothing new before the search ends.
_PATIENCE = 400
#: How far the costs are disturbed, as the deviation of a normal distribution of the exponent.
_DISTURBANCE = 0.7
#: Prices of a byte are searched through between these powers of ten, relative to the costs.
_PRICES = (-14.0, 4.0)
#: A step from the best that saves a smaller part of its bytes is not worth a trial.
_LEAST_SAVING = 0.001
#: Nothing is looked for that takes less than this part of what is known to be possible.
_DEEPEST = 4.0

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
    """A good choice, and the number of the model that led to it."""

    choice: Choice
    size: int
    model: int


@dataclass
class SizeSearch:
    """The smallest choice that is good.

    ``options``: for each layer its options, the smallest first. ``models``: guesses of what a
    squared error in each layer does, of which one may serve better than another. ``most_bytes``:
    what is known to be possible, so that nothing larger is tried.

    For each model prices of a byte are halved in between good and bad, each byte and each error
    having one price everywhere; then single and paired steps from the best are tried, by the model
    that led there; then its costs are disturbed.
    """

    options: Mapping[str, tuple[Sized, ...]]
    models: Sequence[Mapping[str, float]]
    most_bytes: float = math.inf
    best: Found | None = None
    tried: dict[Choice, bool] = field(default_factory=dict)
    phase: str = "prices"
    costs: Mapping[str, float] = field(init=False)
    _model: int = 0
    _bracket: tuple[float, float] | None = None
    _random: random.Random = field(default_factory=lambda: random.Random(_SEED))
    _priced: dict[Choice, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.costs = self.models[0]

    def propose(self, count: int) -> list[Choice]:
        """Up to ``count`` choices that were not tried; none when there is nothing left to try."""
        while self.phase == "prices":
            if found := self._prices(count):
                return found
            self._next_model()
        if self.phase == "steps":
            if found := self._untried(self._steps(), count):
                return found
            self.phase = "disturbed"
        return self._untried(self._disturbed(), count)

    def tell(self, choice: Choice, size: int, good: bool) -> None:
        """How a choice did; also of choices that were not proposed."""
        self.tried[choice] = good
        if choice in self._priced and self._bracket is not None:
            low, high = self._bracket
            price = self._priced[choice]
            self._bracket = (max(low, price), high) if good else (low, min(high, price))
        if good and (self.best is None or size < self.best.size):
            self.best = Found(choice, size, self._model)
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

    def _next_model(self) -> None:
        """The next guess of costs; after the last one steps by the one that was best."""
        self._model += 1
        self._bracket = None
        self._priced.clear()
        if self._model < len(self.models):
            self.costs = self.models[self._model]
            return
        self._model = self.best.model if self.best else 0
        self.costs = self.models[self._model]
        self.phase = "steps"

    def _prices(self, count: int) -> list[Choice]:
        """Choices at prices evenly between the highest good and the lowest bad one."""
        if self._bracket is None:
            most = min(self.most_bytes, self.bytes_of(self.best.choice) if self.best else math.inf)
            deepest = _PRICES[1] if most == math.inf else self._price_of(most / _DEEPEST)
            self._bracket = (self._price_of(most), deepest)
        low, high = self._bracket
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

    def _price_of(self, most: float, costs: Mapping[str, float] | None = None) -> float:
        """The lowest price at which no more than ``most`` bytes are taken."""
        low, high = _PRICES
        if most == math.inf:
            return low
        for _ in range(24):
            middle = (low + high) / 2
            if self.bytes_of(self.allocate(middle, costs)) <= most:
                high = middle
            else:
                low = middle
        return high

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
        least = _LEAST_SAVING * self.bytes_of(base)
        shrinking = [move for move in moves if move[0] < 0]
        single = [move for move in shrinking if -move[0] >= least]
        paired = [
            (one[0] + other[0], one[1] + other[1], {**one[2], **other[2]})
            for one in shrinking
            for other in moves
            if one[2].keys() != other[2].keys() and -(one[0] + other[0]) >= least
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
            yield self.allocate(self._price_of(limit - 1, costs), costs)

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
