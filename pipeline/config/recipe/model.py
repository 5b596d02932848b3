"""The recipe itself: every setting of both quantizers, with what each means."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, model_validator

from pipeline.config.document import Section
from pipeline.config.recipe import refused
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
from pipeline.config.recipe.parts import Bits, Entries, Range, Step, bits_of
from pipeline.config.recipe.rule import Rule

_Least = Annotated[int, Field(ge=0, le=65535)]


class Recipe(Section):
    """One way to quantize; the file's name is the recipe's name."""

    description: str = Field("", description="One line for people")
    quantization: Quantization = Field(Quantization.NONE, description="What is quantized")
    quantizer: Quantizer | None = Field(
        None, description="Who quantizes weights; told by the other keys if absent"
    )
    fp16: bool = Field(False, description="Store weights as fp16; run in fp16 where the CPU can")

    bits: Bits | None = Field(8, description="Bits of a weight; none with mixed_bit")
    grid: Grid = Field(
        Grid.UNIFORM,
        description="weight only: equal steps; codebook: levels where the weights are (k-means); "
        "entropy: levels for the least error and entropy-coded bits together, a whole weight each",
    )
    entries: Entries | None = Field(
        None, description="codebook only: how many levels; 2 to the power of bits if absent"
    )
    step: Step | None = Field(
        None,
        description="entropy only: distance of neighbouring levels, in the weights' root mean "
        "square; 0.5 if absent",
    )
    per_channel: bool | None = Field(
        None,
        description="weight and full: a scale for each channel; if absent true, for a codebook "
        "whichever serves better, weight by weight",
    )
    range: Range | None = Field(
        None,
        description="weight only: [low, high] instead of the weights' own range, one for the "
        "whole weight; weights outside are clipped",
    )
    compression: Compression = Field(
        Compression.AUTO, description="weight only: the smallest way the runtime decodes, or none"
    )
    min_weight_elements: _Least = Field(
        0, description="weight only: a weight of so many elements or fewer stays float"
    )
    min_weight_channels: _Least = Field(
        16,
        description="weight by the converter only: a convolution of so many channels or fewer "
        "stays float",
    )
    mixed_bit: MixedBit | None = Field(
        None, description="weight by the converter only: it searches the bits of each layer"
    )

    activation_method: ActivationMethod | None = Field(
        None, description="full only; MAX_MIN if absent"
    )
    bias_correction: bool | None = Field(
        None, description="full, and weight by a converter from 2.7 on; true if absent"
    )
    target_device: TargetDevice | None = Field(
        None,
        description="full only: for other kernels than the CPU's, so that the CPU runtime, which "
        "proves models, cannot run what comes out, or runs it in float",
    )
    smooth_alpha: Annotated[float, Field(ge=0, le=1)] | None = Field(
        None, description="full by a converter from 2.7 on: activations' ranges moved to weights"
    )
    enable_smooth_shift: bool | None = Field(
        None, description="full by a converter from 2.7 on: smoothing with shifts"
    )
    quant_strategy: Strategy | None = Field(
        None, description="weight: MAX_MIN or GPTQ, from 2.7 on; dynamic: ALWC or ACWL, from 2.1 on"
    )
    max_segments: Annotated[int, Field(ge=1)] | None = Field(
        None, description="weight by a converter from 2.7 on"
    )

    skip_nodes: tuple[str, ...] = Field((), description="Full names of nodes that stay float")
    rules: tuple[Rule, ...] = Field(
        (),
        description="Other settings for some nodes; a later rule wins, key by key, and one that "
        "matches no node is an error. dynamic, full and mixed_bit: skip only",
    )

    @model_validator(mode="before")
    @classmethod
    def _settle_bits(cls, data: Any) -> Any:
        """Bits that follow from other keys, so that nobody reads the default for them."""
        if not isinstance(data, dict) or "bits" in data:
            return data
        if data.get("mixed_bit") is not None:
            return {**data, "bits": None}
        entries = data.get("entries")
        if isinstance(entries, int) and 2 <= entries <= 256:
            return {**data, "bits": bits_of(entries)}
        return data

    @model_validator(mode="after")
    def _refuse_what_cannot_be(self) -> Recipe:
        if reason := refused.reason(self):
            raise ValueError(reason)
        return self

    def settings(self) -> dict[str, Any]:
        """What decides about the model that comes out: all that is not as by default."""
        return self.model_dump(mode="json", exclude={"description"}, exclude_defaults=True)

    @property
    def needs_calibration(self) -> bool:
        """Whether conversion needs a calibration set."""
        searched = self.mixed_bit is not None and self.mixed_bit.use_cv_data
        return self.quantization is Quantization.FULL or searched

    @property
    def written_by_pipeline(self) -> bool:
        """Whether the pipeline's own quantizer writes the weights, from the float model."""
        if self.quantizer is not None:
            return self.quantizer is Quantizer.PIPELINE
        if self.quantization is not Quantization.WEIGHT:
            return False
        return self.per_channel is not None or bool(refused.beyond_converter(self))


class NamedRecipe(Section):
    """A recipe with its name and the file that it was read from."""

    name: str
    path: Path
    recipe: Recipe
