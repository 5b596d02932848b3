"""The values that a weight may have: those of who quantizes, so that training sees the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.quantize import codebook, layer
from pipeline.quantize.rules import LayerSetting


@dataclass(frozen=True)
class Symmetric:
    """How the converter quantizes weights fully: int8, a scale for each channel, 0 in the middle
    (``FixedBitWeightQuantization`` of MindSpore Lite; checked against its models)."""


Setting = LayerSetting | Symmetric
_LARGEST = 127


@dataclass(frozen=True)
class Levels:
    """``codes * scales[c] + middles[c]`` for weights whose channels c lie along ``axis``.

    ``codes`` (float64, ascending) are shared by all channels; one channel is the whole tensor.
    """

    codes: Any
    scales: Any
    middles: Any
    axis: int

    def snap(self, weights: Any) -> Any:
        """The nearest levels, float32 of the shape of ``weights``."""
        scales, middles = (
            self._beside(numbers, weights) for numbers in (self.scales, self.middles)
        )
        places = self._nearest((weights - middles) / scales)
        # 64-bit arithmetic and float32 at the end, as the runtime does it.
        return (self.codes[places] * scales + middles).astype(np.float32)

    def _nearest(self, numbers: Any) -> Any:
        first, count = self.codes[0], len(self.codes)
        if count > 1 and self.codes[-1] - first == count - 1:  # whole numbers in a row
            return np.clip(np.ceil(numbers - 0.5) - first, 0, count - 1).astype(np.intp)
        return codebook.nearest(numbers, self.codes)

    def _beside(self, numbers: Any, weights: Any) -> Any:
        shape = [1] * weights.ndim
        if len(numbers) > 1:
            shape[self.axis] = len(numbers)
        return numbers.reshape(shape)


def quantized(weights: Any, axis: int, setting: Setting) -> Any:
    """What the runtime will compute with, float32 of the shape of ``weights``.

    Where a grid also counts the bytes of a code, these are not the nearest levels throughout.
    """
    if isinstance(setting, Symmetric):
        return _symmetric(weights, axis).snap(weights)
    return layer.quantize(weights, axis, setting, compress=False).real


def fit(weights: Any, axis: int, setting: Setting) -> Levels:
    """The levels that the quantizer chooses for ``weights`` (float32, the model's layout)."""
    if isinstance(setting, Symmetric):
        return _symmetric(weights, axis)
    done = layer.quantize(weights, axis, setting, compress=False)
    constant = done.constant
    if not constant.channels:  # floats, one by one
        return Levels(np.unique(done.real).astype(float), np.ones(1), np.zeros(1), axis)
    scales = np.array([channel.scale for channel in constant.channels])
    middles = np.array([channel.mean for channel in constant.channels])
    if constant.bits == setting.bits:
        half = 2 ** (setting.bits - 1)
        codes = np.arange(-half, half, dtype=float) - constant.channels[0].zero_point
        return Levels(codes, scales, middles, axis)
    rows = np.moveaxis(done.real, axis, 0).reshape(len(scales), -1)
    # A channel of zeros has a scale like any other, and its only code is 0.
    return Levels(np.unique(np.rint(rows / scales[:, None])), scales, middles, axis)


def _symmetric(weights: Any, axis: int) -> Levels:
    rows = np.abs(np.moveaxis(weights, axis, 0).reshape(weights.shape[axis], -1))
    largest = rows.max(axis=1).astype(float)
    scales = np.where(largest > 0, largest, 1.0) / _LARGEST
    codes = np.arange(-_LARGEST, _LARGEST + 1, dtype=float)
    return Levels(codes, scales, np.zeros(len(scales)), axis)
