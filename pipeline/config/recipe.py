"""A recipe: how to quantize, as data. Combinations that the converter refuses are refused here.

The converter's own rules: converter_lite's quant_param_parser and the runs of version 2.0.0.
"""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator

from pipeline.config.document import Section


class Quantization(str, Enum):
    """What is quantized: nothing, stored weights, weights with activations on the fly, or all."""

    NONE = "none"
    WEIGHT = "weight"
    DYNAMIC = "dynamic"
    FULL = "full"


class ActivationMethod(str, Enum):
    """How full quantization finds the range of an activation from the calibration set."""

    MAX_MIN = "MAX_MIN"
    KL = "KL"
    REMOVAL_OUTLIER = "REMOVAL_OUTLIER"


class Recipe(Section):
    """One way to quantize; the file's name is the recipe's name."""

    description: str = Field("", description="One line for people")
    quantization: Quantization = Quantization.NONE
    bits: Annotated[int, Field(ge=1, le=16, description="Bits of a weight")] = 8
    fp16: bool = Field(False, description="Store weights as fp16; run in fp16 where the CPU can")
    activation_method: ActivationMethod | None = Field(
        None, description="full only; MAX_MIN if absent"
    )
    bias_correction: bool | None = Field(None, description="full only; true if absent")
    per_channel: bool | None = Field(None, description="full only; true if absent")
    skip_nodes: tuple[str, ...] = Field((), description="Full names of nodes that stay float")
    min_weight_elements: Annotated[int, Field(ge=0, le=65535)] = 0
    min_weight_channels: Annotated[int, Field(ge=0, le=65535)] = 16

    @model_validator(mode="after")
    def _refuse_what_the_converter_refuses(self) -> Recipe:
        full = self.quantization is Quantization.FULL
        weight = self.quantization is Quantization.WEIGHT
        if self.quantization in (Quantization.FULL, Quantization.DYNAMIC) and self.bits != 8:
            raise ValueError(f"{self.quantization.value} quantization needs `bits: 8`")
        if self.quantization is Quantization.NONE and "bits" in self.model_fields_set:
            raise ValueError("`bits` has no meaning with `quantization: none`")
        if self.fp16 and self.quantization is not Quantization.NONE:
            raise ValueError(
                f"fp16 cannot be combined with {self.quantization.value} quantization: the "
                "converter ignores it for quantized weights, and litert 2.0 computes wrong "
                "outputs from dynamic quantization in fp16"
            )
        for name in ("activation_method", "bias_correction", "per_channel"):
            if getattr(self, name) is not None and not full:
                raise ValueError(f"`{name}` needs `quantization: full`")
        for name in ("min_weight_elements", "min_weight_channels"):
            if name in self.model_fields_set and not weight:
                raise ValueError(f"`{name}` needs `quantization: weight`")
        if self.skip_nodes and self.quantization is Quantization.NONE:
            raise ValueError("`skip_nodes` has no meaning with `quantization: none`")
        for node in self.skip_nodes:
            if any(sign in node for sign in ',="\r\n') or not node or node.strip() != node:
                raise ValueError(
                    f"the node name {node!r} cannot be told to the converter: its configuration "
                    "format has no way to write a comma, `=`, a double quote, a line break or a "
                    "blank at an end"
                )
        return self

    @property
    def needs_calibration(self) -> bool:
        """Whether conversion needs a calibration set."""
        return self.quantization is Quantization.FULL


class NamedRecipe(Section):
    """A recipe with its name and the file that it was read from."""

    name: str
    path: Path
    recipe: Recipe
