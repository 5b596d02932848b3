"""The search for the smallest good choice, on made-up layers whose optimum is known or bounded."""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass

import pytest

from pipeline.search.choice import Choice, SizeSearch


@dataclass(frozen=True)
class Step:
    stored_bytes: int
    error: float


def landscape(seed: int, layers: int, steps: int) -> tuple[dict[str, tuple[Step, ...]], dict]:
    """Layers with the steps of a codebook: two bits more, sixteen times less error."""
    chance = random.Random(seed)
    options, costs = {}, {}
    for number in range(layers):
        size, power = chance.randint(100, 20_000), chance.uniform(0.1, 10)
        name = f"layer{number}"
        options[name] = tuple(
            Step(size * (bits + 1), size * power * 4.0 ** -(bits + chance.uniform(0, 0.5)))
            for bits in range(steps)
        )
        costs[name] = chance.lognormvariate(0, 2)
    return options, costs


class Bench:
    """Measures choices by the true costs, which the search does not know exactly."""

    def __init__(self, options: dict, true: dict[str, float], limit: float) -> None:
        self.options, self.true, self.limit = options, true, limit
        self.measured = 0

    def size(self, choice: Choice) -> int:
        return sum(
            steps[number].stored_bytes
            for steps, number in zip(self.options.values(), choice, strict=True)
        )

    def good(self, choice: Choice) -> bool:
        pairs = zip(self.options.items(), choice, strict=True)
        return sum(self.true[name] * steps[n].error for (name, steps), n in pairs) <= self.limit

    def run(self, search: SizeSearch, trials: int, workers: int = 2) -> None:
        while self.measured < trials:
            batch = search.propose(workers)
            if not batch:
                return
            for choice in batch:
                assert choice not in search.tried
                self.measured += 1
                search.tell(choice, self.size(choice), self.good(choice))

    def optimum(self) -> int:
        ranges = (range(len(steps)) for steps in self.options.values())
        return min(self.size(c) for c in itertools.product(*ranges) if self.good(c))


@pytest.mark.parametrize("seed", range(3))
def test_it_finds_the_smallest_of_few_layers(seed: int) -> None:
    options, costs = landscape(seed, layers=4, steps=6)
    limit = sum(costs[name] * steps[3].error for name, steps in options.items())
    bench = Bench(options, costs, limit)
    search = SizeSearch(options, [costs])
    bench.run(search, trials=200)
    assert search.best is not None
    assert search.best.size <= 1.01 * bench.optimum()


@pytest.mark.parametrize("seed", range(2))
def test_wrong_costs_cost_little(seed: int) -> None:
    options, true = landscape(seed, layers=5, steps=6)
    chance = random.Random(99)
    believed = {name: cost * chance.lognormvariate(0, 0.7) for name, cost in true.items()}
    limit = sum(true[name] * steps[2].error for name, steps in options.items())
    bench = Bench(options, true, limit)
    search = SizeSearch(options, [believed])
    bench.run(search, trials=200)
    assert search.best is not None
    assert search.best.size <= 1.03 * bench.optimum()


def test_it_beats_every_uniform_choice_of_many_layers() -> None:
    options, costs = landscape(3, layers=60, steps=8)
    limit = sum(costs[name] * steps[4].error for name, steps in options.items())
    bench = Bench(options, costs, limit)
    search = SizeSearch(options, [costs])
    bench.run(search, trials=150)
    uniform = [(step,) * 60 for step in range(8)]
    assert search.best is not None
    assert search.best.size < 0.9 * min(bench.size(c) for c in uniform if bench.good(c))


def test_of_several_guesses_the_best_one_wins() -> None:
    options, true = landscape(5, layers=30, steps=8)
    chance = random.Random(7)
    wrong = {name: cost * chance.lognormvariate(0, 3) for name, cost in true.items()}
    limit = sum(true[name] * steps[4].error for name, steps in options.items())
    sizes = []
    for models in ([wrong], [wrong, true], [true, wrong]):
        bench = Bench(options, true, limit)
        search = SizeSearch(options, models)
        bench.run(search, trials=60)
        assert search.best is not None
        sizes.append(search.best.size)
    assert max(sizes[1:]) < 0.97 * sizes[0]


def test_nothing_larger_than_what_is_known_is_tried() -> None:
    options, costs = landscape(4, layers=20, steps=8)
    bench = Bench(options, costs, limit=1e9)
    most = 0.3 * sum(steps[-1].stored_bytes for steps in options.values())
    search = SizeSearch(options, [costs], most)
    bench.run(search, trials=10)
    assert all(bench.size(choice) <= most for choice in search.tried)


def test_the_same_answers_lead_the_same_way() -> None:
    options, costs = landscape(1, layers=12, steps=6)
    ways = []
    for _ in range(2):
        bench = Bench(options, costs, limit=50.0)
        search = SizeSearch(options, [costs])
        bench.run(search, trials=120)
        ways.append(list(search.tried))
    assert ways[0] == ways[1]


def test_a_limit_that_nothing_meets_ends_without_a_best() -> None:
    options, costs = landscape(2, layers=3, steps=3)
    bench = Bench(options, costs, limit=-1.0)
    search = SizeSearch(options, [costs])
    bench.run(search, trials=10_000)
    assert search.best is None
    assert bench.measured < 200
