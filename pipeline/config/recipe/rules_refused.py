"""Rules that contradict the recipe or one another, found without knowing the model.

A rule is judged against all that an earlier one may have left on the same node, so that nothing is
left to go wrong when the rules meet a model.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pipeline.config.recipe import parts
from pipeline.config.recipe.kinds import Grid, Quantization

if TYPE_CHECKING:
    from pipeline.config.recipe.model import Recipe


def reasons(recipe: Recipe) -> Iterator[str]:
    """Why the rules cannot be as they are, none where they can."""
    if recipe.quantization is not Quantization.WEIGHT:
        for number, rule in enumerate(recipe.rules, 1):
            if rule.layer_keys:
                yield (
                    f"rule {number} sets `{rule.layer_keys[0]}`: with {recipe.quantization.value} "
                    "quantization a rule can only skip, since its kernels compute in 8 bits alone"
                )
    yield from _rules_of_codebooks(recipe)
    yield from _rules_of_ranges(recipe)


def _rules_of_codebooks(recipe: Recipe) -> Iterator[str]:
    """No rule may leave a node with a codebook and more bits than an index has, or with entries
    and no codebook, whichever of the rules before it match that node too."""
    grids = {recipe.grid}
    widest = recipe.bits or 0
    for number, rule in enumerate(recipe.rules, 1):
        bits = rule.bits_told
        possible = grids if rule.grid is None else {rule.grid}
        if rule.entries is not None and possible != {Grid.CODEBOOK}:
            yield f"rule {number} sets `entries`, which needs `grid: codebook` in the rule"
        if rule.grid is Grid.CODEBOOK and bits is None and widest > parts.MOST_INDEX_BITS:
            yield (
                f"rule {number} sets `grid: codebook` where the bits may be {widest}: say how "
                "many `entries` or `bits` (8 at most)"
            )
        if (bits or 0) > parts.MOST_INDEX_BITS and Grid.CODEBOOK in possible:
            yield (
                f"rule {number} sets `bits: {bits}` where the grid may be a codebook, which has "
                "8 at most: say `grid: uniform` too"
            )
        grids |= possible
        widest = max(widest, bits or 0)


def _rules_of_ranges(recipe: Recipe) -> Iterator[str]:
    ranged = recipe.range is not None
    for number, rule in enumerate(recipe.rules, 1):
        if ranged and rule.per_channel:
            yield (
                f"rule {number} sets `per_channel: true` where a `range` may be set, which is one "
                "for the whole weight"
            )
        ranged = ranged or rule.range is not None
