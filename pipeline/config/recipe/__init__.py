"""Recipes: how to quantize, as data. ``model`` is the way in, ``refused`` says what cannot be."""

from pipeline.config.recipe.kinds import (
    ActivationMethod,
    Compression,
    Grid,
    Quantization,
    Quantizer,
    Strategy,
    TargetDevice,
)
from pipeline.config.recipe.mixed_bit import MixedBit
from pipeline.config.recipe.model import NamedRecipe, Recipe
from pipeline.config.recipe.parts import bits_of, writable
from pipeline.config.recipe.rule import Rule

__all__ = [
    "ActivationMethod",
    "Compression",
    "Grid",
    "MixedBit",
    "NamedRecipe",
    "Quantization",
    "Quantizer",
    "Recipe",
    "Rule",
    "Strategy",
    "TargetDevice",
    "bits_of",
    "writable",
]
