"""A seeded choice of samples, balanced over the classes where there are labels."""

from __future__ import annotations

from typing import Any

import numpy as np


def choose(count: int, wanted: int, seed: int, labels: Any | None = None) -> list[int]:
    """Indices of ``wanted`` of ``count`` samples, ascending; all of them when there are fewer.

    With ``labels`` (int64 [N]) every class gives equally many, as far as it has them.
    """
    if wanted >= count:
        return list(range(count))
    generator = np.random.Generator(np.random.PCG64(seed))
    order = generator.permutation(count)
    if labels is None:
        return sorted(int(index) for index in order[:wanted])
    # The k-th sample of each class comes before the (k+1)-th of any.
    rank: dict[int, int] = {}
    ranked = []
    for position, index in enumerate(order):
        label = int(labels[index])
        rank[label] = rank.get(label, 0) + 1
        ranked.append((rank[label], position, int(index)))
    return sorted(index for _, _, index in sorted(ranked)[:wanted])


def derived(seed: int, draw: int) -> int:
    """The seed of the draw with this number; the first one, 0, has ``seed`` itself."""
    if not draw:
        return seed
    return int(np.random.SeedSequence((seed, draw)).generate_state(1, np.uint64)[0])
