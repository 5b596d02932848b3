"""A model's weights quantized as a recipe says, and what that did to each of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.config.recipe import Compression, Recipe
from pipeline.core import files
from pipeline.quantize.modelfile import ModelFile, Weight
from pipeline.quantize.rules import LayerSetting, Node, resolve

#: Part of the key of what the quantizer made: raise it when the same recipe gives other bytes.
QUANTIZER_VERSION = 3


@dataclass(frozen=True)
class Layer:
    """A weight before and after.

    ``sqnr_db``: power of the weights over that of the error, in decibels; infinite where nothing
    was lost. ``clipped``: part of the weights outside of an explicit range.
    """

    node: str
    operator: str
    weight: str
    shape: tuple[int, ...]
    bits: int
    grid: str
    per_channel: bool
    form: str
    float_bytes: int
    stored_bytes: int
    sqnr_db: float
    clipped: float

    @property
    def bits_per_weight(self) -> float:
        """Stored bits, parameters included, over the number of weights."""
        return 32 * self.stored_bytes / self.float_bytes

    def as_json(self) -> dict[str, Any]:
        """For the manifest; an infinite ratio is null."""
        return {
            "node": self.node,
            "operator": self.operator,
            "weight": self.weight,
            "shape": list(self.shape),
            "bits": self.bits,
            "grid": self.grid,
            "per_channel": self.per_channel,
            "form": self.form,
            "float_bytes": self.float_bytes,
            "stored_bytes": self.stored_bytes,
            "sqnr_db": self.sqnr_db if math.isfinite(self.sqnr_db) else None,
            "clipped": self.clipped,
        }


def layer_from_json(item: Mapping[str, Any]) -> Layer:
    """What ``as_json`` gave."""
    sqnr = math.inf if item["sqnr_db"] is None else item["sqnr_db"]
    return Layer(**{**item, "shape": tuple(item["shape"]), "sqnr_db": sqnr})


def settings_for(model: ModelFile, recipe: Recipe) -> dict[int, LayerSetting]:
    """How each weight of the model is to be quantized, by tensor; what stays float is left out.

    Raises ``RuleUnmatched`` for a rule that speaks of no node with weights.
    """
    nodes = {weight.node: Node(weight.node, weight.operator) for weight in model.weights}
    settings = resolve(recipe, list(nodes.values()))
    return {
        weight.tensor: settings[weight.node]
        for weight in model.weights
        if not settings[weight.node].skip and weight.elements > recipe.min_weight_elements
    }


def quantize_file(source: Path, recipe: Recipe, target: Path) -> tuple[Layer, ...]:
    """Write the float model ``source`` with quantized weights to ``target``.

    Raises what ``ModelFile`` raises, ``RuleUnmatched`` and ``LocalDiskFull``.
    """
    model = ModelFile(source)
    data, layers = quantize_model(model, settings_for(model, recipe), recipe.compression)
    files.write_bytes(target, data)
    return layers


def quantize_model(
    model: ModelFile,
    settings: Mapping[int, LayerSetting],
    compression: Compression = Compression.AUTO,
) -> tuple[bytes, tuple[Layer, ...]]:
    """The model's file with the weights of ``settings`` (by tensor) quantized."""
    from pipeline.quantize import layer

    constants, layers = {}, []
    for weight in model.weights:
        setting = settings.get(weight.tensor)
        if setting is None:
            continue
        values = model.values(weight)
        done = layer.quantize(values, weight.axis, setting, compression is Compression.AUTO)
        constants[weight.tensor] = done.constant
        layers.append(_layer(weight, setting, values, done))
    return model.with_constants(constants), tuple(layers)


def sqnr_db(values: Any, real: Any) -> float:
    """Signal-to-quantization-noise ratio of ``real`` against ``values``, in decibels."""
    import numpy as np

    exact = np.asarray(values, dtype=np.float64)
    noise = float(((exact - np.asarray(real, dtype=np.float64)) ** 2).sum())
    signal = float((exact**2).sum())
    if noise == 0.0:
        return math.inf
    return 10 * math.log10(signal / noise) if signal else -math.inf


def _layer(weight: Weight, setting: LayerSetting, values: Any, done: Any) -> Layer:
    constant = done.constant
    return Layer(
        node=weight.node,
        operator=weight.operator,
        weight=weight.name,
        shape=weight.shape,
        bits=setting.bits,
        grid=setting.grid.value,
        per_channel=len(constant.channels) > 1,
        form=constant.compression.name.lower(),
        float_bytes=4 * weight.elements,
        stored_bytes=constant.stored_bytes,
        sqnr_db=sqnr_db(values, done.real),
        clipped=done.clipped / weight.elements,
    )
