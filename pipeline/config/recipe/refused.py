"""Combinations that cannot be, each with its reason.

The converter's own rules are those of its quant_param_parser and of runs of version 2.0.0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from pipeline.config.recipe import parts, rules_refused
from pipeline.config.recipe.kinds import (
    Compression,
    Grid,
    Quantization,
    Quantizer,
    Strategy,
    TargetDevice,
)

if TYPE_CHECKING:
    from pipeline.config.recipe.model import Recipe

_WEIGHT, _DYNAMIC, _FULL = Quantization.WEIGHT, Quantization.DYNAMIC, Quantization.FULL

#: What a key has a meaning with; the others have one with all.
_NEEDS: Mapping[str, tuple[Quantization, ...]] = {
    "grid": (_WEIGHT,),
    "entries": (_WEIGHT,),
    "step": (_WEIGHT,),
    "range": (_WEIGHT,),
    "compression": (_WEIGHT,),
    "min_weight_elements": (_WEIGHT,),
    "min_weight_channels": (_WEIGHT,),
    "mixed_bit": (_WEIGHT,),
    "max_segments": (_WEIGHT,),
    "quant_strategy": (_WEIGHT, _DYNAMIC),
    "per_channel": (_WEIGHT, _FULL),
    "bias_correction": (_WEIGHT, _FULL),
    "activation_method": (_FULL,),
    "target_device": (_FULL,),
    "smooth_alpha": (_FULL,),
    "enable_smooth_shift": (_FULL,),
}
_STRATEGIES: Mapping[Quantization, tuple[Strategy, ...]] = {
    _WEIGHT: (Strategy.MAX_MIN, Strategy.GPTQ),
    _DYNAMIC: (Strategy.ALWC, Strategy.ACWL),
}
#: What only the converter does to weights.
_CONVERTERS_OWN = (
    "mixed_bit",
    "bias_correction",
    "quant_strategy",
    "max_segments",
    "min_weight_channels",
)
#: Widths that are those of a number type, so that nothing has to be packed.
_PLAIN_BITS = (8, 16)


def reason(recipe: Recipe) -> str | None:
    """Why the recipe cannot be, or None."""
    return next((found for check in _CHECKS for found in check(recipe)), None)


def beyond_converter(recipe: Recipe) -> tuple[str, ...]:
    """What of the recipe only the pipeline's own quantizer does, in words."""
    found = []
    if recipe.grid is not Grid.UNIFORM:
        found.append(f"`grid: {recipe.grid.value}`")
    told = ("entries", "step", "range")
    found += [f"`{key}`" for key in told if getattr(recipe, key) is not None]
    found += [
        f"`{rule.layer_keys[0]}` of rule {number}"
        for number, rule in enumerate(recipe.rules, 1)
        if rule.layer_keys
    ]
    return tuple(found)


def _told(recipe: Recipe, key: str) -> bool:
    return key in recipe.model_fields_set and getattr(recipe, key) is not None


def _without_quantization(recipe: Recipe) -> Iterator[str]:
    if recipe.quantization is Quantization.NONE:
        for key in ("bits", "skip_nodes", "rules"):
            if _told(recipe, key) and getattr(recipe, key) != ():
                yield f"`{key}` has no meaning with `quantization: none`"


def _half_precision(recipe: Recipe) -> Iterator[str]:
    if recipe.fp16 and recipe.quantization is not Quantization.NONE:
        yield (
            f"fp16 cannot be combined with {recipe.quantization.value} quantization: the "
            "converter ignores it for quantized weights, and litert 2.0 computes wrong "
            "outputs from dynamic quantization in fp16"
        )


def _needs(recipe: Recipe) -> Iterator[str]:
    for key, kinds in _NEEDS.items():
        if _told(recipe, key) and recipe.quantization not in kinds:
            wanted = " or ".join(f"`quantization: {kind.value}`" for kind in kinds)
            yield f"`{key}` needs {wanted}"
    strategy = recipe.quant_strategy
    if strategy is not None and strategy not in _STRATEGIES[recipe.quantization]:
        known = " or ".join(each.value for each in _STRATEGIES[recipe.quantization])
        yield (
            f"`quant_strategy: {strategy.value}` is not one of {recipe.quantization.value} "
            f"quantization, which has {known}"
        )
    if recipe.quantizer is Quantizer.PIPELINE and recipe.quantization is not _WEIGHT:
        yield (
            "`quantizer: pipeline` needs `quantization: weight`: only the converter quantizes "
            "activations"
        )


def _bits(recipe: Recipe) -> Iterator[str]:
    if recipe.quantization in (_FULL, _DYNAMIC) and recipe.bits != 8:
        yield f"{recipe.quantization.value} quantization needs `bits: 8`"
    if recipe.mixed_bit is not None and recipe.bits is not None:
        yield "`bits` has no meaning with `mixed_bit`, which searches the bits of each layer"
    if recipe.mixed_bit is None and recipe.bits is None:
        yield "`bits` is a number from 1 to 16"


def _width(recipe: Recipe) -> Iterator[str]:
    if recipe.entries is not None and recipe.grid is not Grid.CODEBOOK:
        yield "`entries` needs `grid: codebook`"
    if recipe.step is not None and recipe.grid is not Grid.ENTROPY:
        yield "`step` needs `grid: entropy`"
    if recipe.grid is Grid.ENTROPY:
        for key in ("bits", "range", "per_channel"):
            if _told(recipe, key):
                yield f"`{key}` has no meaning with `grid: entropy`; `step` has"
    try:
        if recipe.grid is Grid.CODEBOOK:
            parts.check_index(recipe.bits)
        parts.check_width(recipe.bits, recipe.entries)
        parts.check_range(recipe.range, recipe.per_channel)
    except ValueError as error:
        yield str(error)


def _writer(recipe: Recipe) -> Iterator[str]:
    if recipe.quantization is not _WEIGHT:
        return
    ours = beyond_converter(recipe)
    if ours and recipe.quantizer is Quantizer.CONVERTER:
        yield (
            f"{ours[0]} needs `quantizer: pipeline`: the converter has uniform grids, ranges of "
            "its own, and one setting for all layers"
        )
    if recipe.written_by_pipeline:
        for key in _CONVERTERS_OWN:
            if _told(recipe, key):
                yield (
                    f"`{key}` is the converter's own and cannot be combined with "
                    f"{_why_pipeline(recipe, ours)}"
                )


def _why_pipeline(recipe: Recipe, ours: tuple[str, ...]) -> str:
    if recipe.quantizer is not None:
        return "`quantizer: pipeline`"
    return ours[0] if ours else "`per_channel`, unless with `quantizer: converter` (from 2.7 on)"


def _packing(recipe: Recipe) -> Iterator[str]:
    packed = recipe.compression is Compression.NONE and not recipe.written_by_pipeline
    if packed and recipe.quantization is _WEIGHT and recipe.bits not in _PLAIN_BITS:
        yield (
            "`compression: none` needs `bits: 8` or `bits: 16`: the converter stores other "
            "widths packed only"
        )


def _device(recipe: Recipe) -> Iterator[str]:
    if recipe.target_device is TargetDevice.DSP and recipe.bias_correction is not False:
        yield (
            "`target_device: DSP` needs `bias_correction: false`: correcting runs the model on "
            "the CPU, which has no kernels for it, and the converter never ends"
        )


def _skips(recipe: Recipe) -> Iterator[str]:
    for node in recipe.skip_nodes:
        if not node:
            yield "the node name '' cannot be told to the converter: a node has a name"
        if not recipe.written_by_pipeline and not parts.writable(node):
            yield (
                f"the node name {node!r} cannot be told to the converter: its configuration "
                "format has no way to write a comma, `=`, a double quote, a line break or a "
                "blank at an end"
            )


_CHECKS: tuple[Callable[[Recipe], Iterator[str]], ...] = (
    _needs,
    _bits,
    _without_quantization,
    _half_precision,
    _width,
    _writer,
    _packing,
    _device,
    rules_refused.reasons,
    _skips,
)
