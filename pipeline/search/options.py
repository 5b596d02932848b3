"""What a weight may be stored as: settings that none other beats in both bytes and error."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.config.recipe import Grid
from pipeline.quantize.rules import LayerSetting
from pipeline.quantize.stored import Channel, Compression, Constant

#: Entropy coding gives a fraction of a bit, so entries between powers of two are worth having.
_TENSOR_ENTRIES = (2, 3, 4, 6, 8, 16)
_CHANNEL_ENTRIES = (2, 4, 16)
_CHANNEL_BITS = (4, 6, 8)
#: Distances of entropy-coded levels: each a quarter more, some third of a bit less.
_STEPS = tuple(round(0.05 * 1.25**power, 4) for power in range(18))
#: Where channels are as small as those of a depthwise convolution, their parameters take more
#: than some bits for each weight.
_TENSOR_BITS = (8, 10, 12)


@dataclass(frozen=True)
class Option:
    """A setting for one weight, the constant that it gives and the sum of squared errors."""

    setting: LayerSetting
    constant: Constant
    error: float

    @property
    def stored_bytes(self) -> int:
        """What it takes in the file."""
        return self.constant.stored_bytes


def ladder() -> tuple[LayerSetting, ...]:
    """The settings that are tried on every weight."""
    found = [_codebook(entries, False) for entries in _TENSOR_ENTRIES]
    found += [_codebook(entries, True) for entries in _CHANNEL_ENTRIES]
    found += [LayerSetting(False, bits, Grid.UNIFORM, None, True, None) for bits in _CHANNEL_BITS]
    found += [LayerSetting(False, bits, Grid.UNIFORM, None, False, None) for bits in _TENSOR_BITS]
    found += [LayerSetting(False, 8, Grid.ENTROPY, None, False, None, step) for step in _STEPS]
    return tuple(found)


def options(values: Any, axis: int) -> tuple[Option, ...]:
    """Every setting of the ladder applied to a weight (float32) with channels along ``axis``."""
    from pipeline.quantize import layer

    found = []
    for setting in ladder():
        done = layer.quantize(values, axis, setting)
        error = float(((values.astype(float) - done.real) ** 2).sum())
        found.append(Option(setting, done.constant, error))
    return tuple(found)


@dataclass(frozen=True)
class Layer:
    """A setting for the weights of one node, which mostly has one: constants by tensor."""

    setting: LayerSetting
    constants: Mapping[int, Constant]
    error: float

    @property
    def stored_bytes(self) -> int:
        """What they take in the file."""
        return sum(constant.stored_bytes for constant in self.constants.values())


def of_node(found: Mapping[int, tuple[Option, ...]]) -> tuple[Layer, ...]:
    """From the options of a node's weights (by tensor), which share a setting: those that no
    other beats in bytes and error both, the smallest first."""
    tensors = sorted(found)
    layers = [
        Layer(
            same[0].setting,
            {tensor: option.constant for tensor, option in zip(tensors, same, strict=True)},
            sum(option.error for option in same),
        )
        for same in zip(*(found[tensor] for tensor in tensors), strict=True)
    ]
    return unbeaten(layers)


def unbeaten(found: Iterable[Layer]) -> tuple[Layer, ...]:
    """Those that no other beats in bytes and error both, the smallest first."""
    kept: list[Layer] = []
    for layer in sorted(found, key=lambda one: (one.stored_bytes, one.error)):
        if not kept or layer.error < kept[-1].error:
            kept.append(layer)
    return tuple(kept)


def _codebook(entries: int, per_channel: bool) -> LayerSetting:
    bits = (entries - 1).bit_length()
    return LayerSetting(False, bits, Grid.CODEBOOK, entries, per_channel, None)


def as_record(option: Option, start: int) -> dict[str, Any]:
    """For a file beside the data, in which the constant begins at ``start``."""
    constant, setting = option.constant, option.setting
    return {
        "bits": setting.bits,
        "grid": setting.grid.value,
        "entries": setting.entries,
        "per_channel": setting.per_channel,
        "step": setting.step,
        "error": option.error,
        "start": start,
        "bytes": len(constant.data),
        "dtype": constant.dtype,
        "compression": int(constant.compression),
        "constant_bits": constant.bits,
        "channels": [[one.scale, one.zero_point, one.mean] for one in constant.channels],
    }


def from_record(record: Mapping[str, Any], data: bytes) -> Option:
    """What ``as_record`` told of."""
    grid, entries = Grid(record["grid"]), record["entries"]
    setting = LayerSetting(
        False, record["bits"], grid, entries, record["per_channel"], None, record["step"]
    )
    constant = Constant(
        data[record["start"] : record["start"] + record["bytes"]],
        record["dtype"],
        Compression(record["compression"]),
        record["constant_bits"],
        tuple(Channel(scale, zero, mean) for scale, zero, mean in record["channels"]),
    )
    return Option(setting, constant, record["error"])
