"""One weight, quantized as its setting says and stored as small as the runtime can decode it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.config.recipe import Grid
from pipeline.config.recipe.parts import DEFAULT_STEP
from pipeline.quantize import codebook, forms, grid
from pipeline.quantize.entropy import entropy_coded
from pipeline.quantize.forms import Coded
from pipeline.quantize.rules import LayerSetting
from pipeline.quantize.stored import Channel, Constant

#: Up to these bits a whole tensor's levels are kept one by one, which puts them where they belong;
#: beyond, the grid is moved to have a level at 0, which costs less than half of a small step.
_LISTED_BITS = 6
#: Levels that are kept one by one are whole numbers of this many bits, times a scale.
_LEVEL_BITS = 16
_LARGEST_LEVEL = 2 ** (_LEVEL_BITS - 1) - 1


@dataclass(frozen=True)
class Quantized:
    """A weight as stored, the values (float32, its shape) that the runtime will compute with, and
    how many of the weights lay outside of an explicit range."""

    constant: Constant
    real: Any
    clipped: int = 0


def quantize(weights: Any, axis: int, setting: LayerSetting, compress: bool = True) -> Quantized:
    """``weights`` (float32, any shape) with the channels along ``axis``.

    Without ``compress`` the codes of a uniform grid are not packed any further than into bits. A
    weight with a single channel has one set of parameters, whatever the setting says.
    """
    several = weights.shape[axis] > 1 and setting.range is None
    if not several or setting.per_channel is not None:
        return _quantize(weights, axis, setting, several and bool(setting.per_channel), compress)
    whole, channels = (_quantize(weights, axis, setting, per, compress) for per in (False, True))
    return channels if _worth(weights, whole, channels) else whole


def _quantize(
    weights: Any, axis: int, setting: LayerSetting, per_channel: bool, compress: bool
) -> Quantized:
    moved = np.moveaxis(weights, axis, 0)
    rows = (moved.reshape(len(moved), -1) if per_channel else weights.reshape(1, -1)).astype(float)
    best: tuple[int, Constant, Any] | None = None
    for coded in _coded(rows, setting):
        codes = coded.codes
        if per_channel:
            codes = np.moveaxis(codes.reshape(moved.shape), 0, axis)
        constant = forms.smallest(coded, np.ascontiguousarray(codes), compress)
        if best is None or constant.stored_bytes < best[0]:
            best = (constant.stored_bytes, constant, coded.real)
    assert best is not None  # each grid has a form
    real = best[2]
    real = np.moveaxis(real.reshape(moved.shape), 0, axis) if per_channel else real
    return Quantized(
        best[1], real.reshape(weights.shape).astype(np.float32), _clipped(weights, setting)
    )


def _worth(weights: Any, whole: Quantized, channels: Quantized) -> bool:
    """Whether scales of channels save more than their bytes would as finer levels: each bit a
    weight more takes a quarter of the squared error."""
    errors = [float(((weights - one.real) ** 2).sum()) for one in (whole, channels)]
    more = channels.constant.stored_bytes - whole.constant.stored_bytes
    return bool(errors[1] * 4.0 ** (8 * more / weights.size) < errors[0])


def _coded(rows: Any, setting: LayerSetting) -> Iterator[Coded]:
    """The ways in which the weights [channels, elements] may be stored."""
    if setting.grid is Grid.CODEBOOK:
        make = codebook.for_channels if len(rows) > 1 else codebook.for_tensor
        booked = make(_inside(rows, setting), setting.entries or 2**setting.bits)
        yield from _listed(booked.codes, booked.levels, booked.scales)
        return
    if setting.grid is Grid.ENTROPY:
        booked = entropy_coded(rows, setting.step or DEFAULT_STEP)
        yield from _listed(booked.codes, booked.levels, booked.scales)
        return
    bits = setting.bits
    found = _grid(rows, setting)
    if len(rows) > 1:
        yield _channels(found, bits)
    elif bits <= _LISTED_BITS:
        half = 2 ** (bits - 1)
        levels = np.arange(-half, half) * found.steps[0] + found.middles[0]
        yield from _listed(found.codes.astype(int) + half, levels, np.ones(1))
    else:
        found = grid.with_whole_zero(rows, bits, found)
        zero = -round(found.middles[0] / found.steps[0])
        yield Coded(found.codes.astype(int), bits, (Channel(float(found.steps[0]), zero),))


def _grid(rows: Any, setting: LayerSetting) -> grid.Gridded:
    if setting.range is None:
        return grid.fitted(rows, setting.bits)
    low, high = (np.full(len(rows), float(end)) for end in setting.range)
    return grid.on_range(rows, setting.bits, low, high)


def _inside(rows: Any, setting: LayerSetting) -> Any:
    return rows if setting.range is None else np.clip(rows, *setting.range)


def _channels(found: grid.Gridded, bits: int) -> Coded:
    channels = tuple(
        Channel(float(step), 0, float(middle))
        for step, middle in zip(found.steps, found.middles, strict=True)
    )
    return Coded(found.codes.astype(int), bits, channels)


def _listed(indices: Any, levels: Any, scales: Any) -> Iterator[Coded]:
    """Levels one by one: whole numbers times a scale for each channel, or just as they are."""
    largest = max(float(np.abs(levels).max()), 1e-30)
    whole = np.rint(levels / largest * _LARGEST_LEVEL).astype(int)
    channels = tuple(Channel(float(scale) * largest / _LARGEST_LEVEL) for scale in scales)
    yield Coded(whole[indices], _LEVEL_BITS, channels, len(levels))
    if len(scales) == 1:
        yield Coded((levels * scales[0]).astype(np.float32)[indices], 32, (), len(levels))


def _clipped(weights: Any, setting: LayerSetting) -> int:
    if setting.range is None:
        return 0
    low, high = setting.range
    return int(((weights < low) | (weights > high)).sum())
