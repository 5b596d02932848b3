"""Recipes: what the converter would refuse is refused before it starts, with the reason."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest
from pydantic import ValidationError

from pipeline.config.document import load
from pipeline.config.errors import ConfigInvalid
from pipeline.config.recipe import ActivationMethod, Quantization, Recipe

REFUSED = {
    "full in other than 8 bits": (
        "quantization: full\nbits: 4",
        "full quantization needs `bits: 8`",
    ),
    "dynamic in other than 8 bits": (
        "quantization: dynamic\nbits: 16",
        "dynamic quantization needs `bits: 8`",
    ),
    "bits of nothing": ("quantization: none\nbits: 8", "`bits` has no meaning"),
    "bits below one": ("quantization: weight\nbits: 0", "greater than or equal to 1"),
    "bits above 16": ("quantization: weight\nbits: 17", "less than or equal to 16"),
    "fp16 of weights": ("quantization: weight\nfp16: true", "fp16 cannot be combined with weight"),
    "fp16 of dynamic": ("quantization: dynamic\nfp16: true", "computes wrong outputs"),
    "fp16 of full": ("quantization: full\nfp16: true", "fp16 cannot be combined with full"),
    "a method of nothing": (
        "activation_method: KL",
        "`activation_method` needs `quantization: full`",
    ),
    "a method of weights": (
        "quantization: weight\nactivation_method: KL",
        "needs `quantization: full`",
    ),
    "the documents' own misspelling": (
        "quantization: full\nactivation_method: RemovalOutlier",
        "'MAX_MIN', 'KL' or 'REMOVAL_OUTLIER'",
    ),
    "bias correction of dynamic": (
        "quantization: dynamic\nbias_correction: false",
        "`bias_correction` needs",
    ),
    "channels of weights": ("quantization: weight\nper_channel: true", "`per_channel` needs"),
    "least elements of full": (
        "quantization: full\nmin_weight_elements: 1",
        "`min_weight_elements` needs `quantization: weight`",
    ),
    "least channels of dynamic": (
        "quantization: dynamic\nmin_weight_channels: 1",
        "`min_weight_channels` needs",
    ),
    "least elements below zero": (
        "quantization: weight\nmin_weight_elements: -1",
        "greater than or equal to 0",
    ),
    "least channels above the limit": (
        "quantization: weight\nmin_weight_channels: 65536",
        "less than or equal to 65535",
    ),
    "nodes skipped by nothing": ("skip_nodes: [a]", "`skip_nodes` has no meaning"),
    "a node with a comma": (
        "quantization: full\nskip_nodes: ['a,b']",
        "cannot be told to the converter",
    ),
    "a node with an equals sign": ("quantization: weight\nskip_nodes: ['a=b']", "cannot be told"),
    "a node with a quote": ("quantization: weight\nskip_nodes: ['a\"b']", "cannot be told"),
    "a node with a line break": ('quantization: weight\nskip_nodes: ["a\\nb"]', "cannot be told"),
    "a node without a name": ("quantization: weight\nskip_nodes: ['']", "cannot be told"),
    "a node with a blank before it": ("quantization: weight\nskip_nodes: [' a']", "cannot be told"),
    "an unknown quantization": ("quantization: int8", "'none', 'weight', 'dynamic' or 'full'"),
}


@pytest.mark.parametrize(("content", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_the_converter_would_refuse_is_refused_with_the_reason(write, content, reason):
    with pytest.raises(ConfigInvalid) as caught:
        load(write(content, "mine.yaml"), Recipe, "recipe")
    assert reason in caught.value.message


ALLOWED = [
    "",
    "quantization: none\nfp16: true",
    *(f"quantization: weight\nbits: {bits}" for bits in (1, 8, 16)),
    "quantization: weight\nmin_weight_elements: 0\nmin_weight_channels: 65535",
    "quantization: weight\nskip_nodes: [Default/conv1-Conv2d/Conv2D-op0, 'with blank:colon']",
    "quantization: dynamic\nbits: 8",
    *(f"quantization: full\nactivation_method: {name.value}" for name in ActivationMethod),
    "quantization: full\nbias_correction: false\nper_channel: false",
]


@pytest.mark.parametrize("content", ALLOWED)
def test_what_it_takes_is_allowed(write, content):
    recipe = load(write(content, "mine.yaml"), Recipe, "recipe")
    assert recipe.needs_calibration is ("full" in content)


@pytest.mark.parametrize(
    ("quantization", "fp16", "bits"), list(product(Quantization, [False, True], [None, 4, 8]))
)
def test_the_rules_hold_for_every_combination(quantization, fp16, bits):
    given = {} if bits is None else {"bits": bits}
    allowed = (
        not (fp16 and quantization is not Quantization.NONE)
        and not (bits == 4 and quantization in (Quantization.FULL, Quantization.DYNAMIC))
        and not (bits and quantization is Quantization.NONE)
    )
    try:
        Recipe(quantization=quantization, fp16=fp16, **given)
    except ValidationError:
        assert not allowed
    else:
        assert allowed


def test_a_recipe_cannot_be_changed():
    with pytest.raises(ValidationError):
        Recipe().bits = 4


@pytest.mark.parametrize(
    "path",
    sorted((Path(__file__).parents[2] / "configs" / "quantization").glob("*.yaml")),
    ids=lambda path: path.stem,
)
def test_every_recipe_that_comes_along_is_whole(path):
    recipe = load(path, Recipe, "recipe")
    assert recipe.description
    assert recipe.fp16 is ("fp16" in path.stem)
    assert recipe.quantization.value == path.stem.partition("-")[0].replace("fp32", "none").replace(
        "fp16", "none"
    )
    assert (recipe.bias_correction is False) is ("uncorrected" in path.stem)


def test_no_two_recipes_that_come_along_are_the_same():
    folder = Path(__file__).parents[2] / "configs" / "quantization"
    recipes = [load(path, Recipe, "recipe") for path in sorted(folder.glob("*.yaml"))]
    assert len({recipe.model_dump_json(exclude={"description"}) for recipe in recipes}) >= 10
