"""Levels: what training sees is what the quantizer gives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pipeline.config.recipe import Grid
from pipeline.quantize import layer
from pipeline.quantize.rules import LayerSetting
from pipeline.stages.recover import levels

RANDOM = np.random.default_rng(2)
KERNEL = RANDOM.normal(size=(8, 5, 5, 3)).astype(np.float32)


def uniform(bits: int, per_channel: bool = True) -> LayerSetting:
    return LayerSetting(False, bits, Grid.UNIFORM, None, per_channel, None)


def book(entries: int, per_channel: bool = False) -> LayerSetting:
    bits = (entries - 1).bit_length()
    return LayerSetting(False, bits, Grid.CODEBOOK, entries, per_channel, None)


SETTINGS = [
    *(uniform(bits) for bits in (1, 2, 4, 8)),
    *(uniform(bits, per_channel=False) for bits in (1, 3, 6, 7, 8)),
    *(book(entries) for entries in (2, 4, 12, 256)),
    *(book(entries, per_channel=True) for entries in (2, 4, 16)),
]


@pytest.mark.parametrize("axis", [0, 3])
@pytest.mark.parametrize(
    "setting", SETTINGS, ids=lambda s: f"{s.grid.value}{s.bits}{s.per_channel}"
)
def test_the_quantizers_own_values_are_kept_bit_for_bit(setting: LayerSetting, axis: int) -> None:
    real = layer.quantize(KERNEL, axis, setting).real
    assert levels.quantized(KERNEL, axis, setting).tobytes() == real.tobytes()
    assert levels.fit(KERNEL, axis, setting).snap(real).tobytes() == real.tobytes()


@pytest.mark.parametrize(
    "setting", SETTINGS, ids=lambda s: f"{s.grid.value}{s.bits}{s.per_channel}"
)
def test_weights_go_where_the_quantizer_puts_them_or_to_a_level_as_near(
    setting: LayerSetting,
) -> None:
    real = layer.quantize(KERNEL, 0, setting).real
    found = levels.fit(KERNEL, 0, setting).snap(KERNEL)
    assert (np.abs(found - KERNEL) <= np.abs(real - KERNEL) + 1e-4).all()
    assert (found != real).mean() < 0.01


@given(
    hnp.arrays(np.float32, (3, 7), elements=st.floats(-100, 100, width=32)),
    st.sampled_from(SETTINGS),
)
def test_snapping_twice_is_snapping_once(weights: Any, setting: LayerSetting) -> None:
    found = levels.fit(weights, 0, setting)
    once = found.snap(weights)
    assert once.dtype == np.float32 and once.shape == weights.shape
    assert found.snap(once).tobytes() == once.tobytes()


def test_other_weights_are_put_on_the_same_levels() -> None:
    found = levels.fit(KERNEL, 0, book(4))
    moved = found.snap(KERNEL + RANDOM.normal(size=KERNEL.shape).astype(np.float32))
    assert set(np.unique(moved)) <= set(np.unique(found.snap(KERNEL)))
