"""The converter's own search for bits, a layer at a time."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from pipeline.config.document import Section


class MixedBit(Section):
    """What the search may do. What a setting turned out to do is of version 2.0.0.

    It writes entropy-coded weights of a step that it chooses for each layer: by ``init_scale``
    of the layer's noise, or as wide as a search finds (``auto_tune``).
    """

    init_scale: Annotated[
        float,
        Field(
            gt=0,
            lt=1,
            description="Larger makes smaller models; too small a one for a tiny layer fails in "
            "the converter (0.01 does for 840 weights). Not used with auto_tune",
        ),
    ] = 0.02
    auto_tune: bool = Field(False, description="Let the converter search the scale")
    use_cv_data: bool = Field(False, description="auto_tune judges with the calibration set")
    max_iterations: Annotated[
        int, Field(ge=40, le=65535, description="auto_tune only: how long it may search")
    ] = 40

    @model_validator(mode="after")
    def _refuse_what_has_no_effect(self) -> MixedBit:
        if self.auto_tune and "init_scale" in self.model_fields_set:
            raise ValueError("`init_scale` has no effect with `auto_tune: true`, which searches it")
        if self.use_cv_data and not self.auto_tune:
            raise ValueError("`use_cv_data` has no effect without `auto_tune: true`")
        if "max_iterations" in self.model_fields_set and not self.auto_tune:
            raise ValueError("`max_iterations` has no effect without `auto_tune: true`")
        return self
