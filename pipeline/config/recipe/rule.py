"""A rule: other settings for some of a model's nodes."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from pipeline.config.document import Section
from pipeline.config.recipe import parts
from pipeline.config.recipe.kinds import Grid
from pipeline.config.recipe.parts import Bits, Entries, Range, Step

#: What a rule may set beside ``skip``.
LAYER_KEYS = ("bits", "grid", "entries", "step", "range", "per_channel")

_Name = Annotated[str, Field(min_length=1)]


class Rule(Section):
    """Which nodes, and what is different for them; a later rule wins, key by key."""

    scope: _Name | None = Field(
        None,
        description="Full name of a node, with * and ? for any letters; or one word, which also "
        "names a whole step of the name (conv1 for Default/conv1-Conv2d/Conv2D-op0)",
    )
    operator: _Name | None = Field(
        None, description="Conv2D, Dense, MatMul, or as in the model: Conv2DFusion, MatMulFusion"
    )
    skip: bool | None = Field(None, description="true: stays float; false: takes a skip back")
    bits: Bits | None = Field(None, description="Bits of a weight")
    grid: Grid | None = Field(None, description="Equal steps, or levels where the weights are")
    entries: Entries | None = Field(None, description="codebook only: how many levels")
    step: Step | None = Field(None, description="entropy only: as the recipe's")
    range: Range | None = Field(None, description="[low, high]; weights outside are clipped")
    per_channel: bool | None = Field(None, description="A scale for each channel")

    @property
    def layer_keys(self) -> tuple[str, ...]:
        """What it sets beside ``skip``."""
        return tuple(name for name in LAYER_KEYS if getattr(self, name) is not None)

    @property
    def bits_told(self) -> int | None:
        """Bits as the rule tells them, by ``bits`` or by ``entries``."""
        return self.bits if self.entries is None else parts.bits_of(self.entries)

    @property
    def words(self) -> str:
        """Which nodes, for people."""
        pairs = (("scope", self.scope), ("operator", self.operator))
        return ", ".join(f"{key} `{value}`" for key, value in pairs if value is not None)

    @model_validator(mode="after")
    def _refuse_what_cannot_be(self) -> Rule:
        if self.scope is None and self.operator is None:
            raise ValueError("a rule needs a `scope` or an `operator`")
        if self.skip is None and not self.layer_keys:
            raise ValueError(f"a rule sets `skip` or one of {', '.join(LAYER_KEYS)}")
        if self.skip and self.layer_keys:
            raise ValueError(f"`skip: true` leaves nothing to set, and `{self.layer_keys[0]}` is")
        if self.entries is not None and self.grid is Grid.UNIFORM:
            raise ValueError("`entries` needs `grid: codebook`")
        if self.step is not None and self.grid is not Grid.ENTROPY:
            raise ValueError("`step` needs `grid: entropy` in the rule")
        if self.grid is Grid.ENTROPY:
            for name in ("bits", "entries", "range", "per_channel"):
                if getattr(self, name) is not None:
                    raise ValueError(f"`{name}` has no meaning with `grid: entropy`; `step` has")
        if self.grid is Grid.CODEBOOK:
            parts.check_index(self.bits)
        parts.check_width(self.bits, self.entries)
        parts.check_range(self.range, self.per_channel)
        return self
