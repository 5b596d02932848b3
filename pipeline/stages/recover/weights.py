"""Parameters of a network and the weights of its converted model: which is which.

A weight has its parameter's name. Its dimensions may be in another order (kernels are OIHW in
MindSpore, OHWI in a model), and the converter multiplies batch norm's ``gamma / sqrt(variance +
epsilon)`` into the convolution before it. Both are told from the values, which must agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Any

import numpy as np

from pipeline.quantize.modelfile import ModelFile, Weight
from pipeline.stages.recover import levels
from pipeline.stages.recover.errors import WeightUnmatched
from pipeline.stages.recover.levels import Levels, Setting

Values = Mapping[str, Any]

_RTOL = 1e-4
#: Snapped values that are fitted again settle after one or two rounds, mostly at once.
_ROUNDS = 16
_SETTLED = 1e-6
_LEAST_FACTOR = 1e-12


@dataclass(frozen=True)
class Norm:
    """A batch norm: the names of its parameters, and what is added to the variance."""

    gamma: str
    variance: str
    epsilon: float
    beta: str = ""

    def factor(self, values: Values) -> Any:
        """What it multiplies each channel with, float32 [channels]."""
        factor = values[self.gamma] / np.sqrt(values[self.variance] + np.float32(self.epsilon))
        return np.where(np.abs(factor) < _LEAST_FACTOR, _LEAST_FACTOR, factor).astype(np.float32)


@dataclass(frozen=True)
class Link:
    """A parameter that is a quantized weight: ``order`` are its axes in the model's order, and
    ``norm``, if any, scales its channels, which lie along ``channels`` of the parameter."""

    parameter: str
    axis: int
    setting: Setting
    order: tuple[int, ...]
    norm: Norm | None = None
    channels: int = 0

    def to_model(self, values: Values) -> Any:
        """The weight as the converter makes it of the parameters."""
        weight = values[self.parameter]
        if self.norm is not None:
            weight = weight * self._beside(self.norm.factor(values), weight)
        return weight.transpose(self.order)

    def from_model(self, weight: Any, values: Values) -> Any:
        """The parameter that ``to_model`` makes ``weight`` of."""
        back = np.ascontiguousarray(weight.transpose(np.argsort(self.order)))
        if self.norm is not None:
            back = back / self._beside(self.norm.factor(values), back)
        return back.astype(np.float32)

    def _beside(self, factor: Any, weight: Any) -> Any:
        shape = [1] * weight.ndim
        shape[self.channels] = len(factor)
        return factor.reshape(shape)


def link(
    model: ModelFile,
    settings: Mapping[int, Setting],
    values: Values,
    norms: Sequence[Norm],
) -> tuple[Link, ...]:
    """The parameters of the weights in ``settings`` (by tensor). Raises WeightUnmatched."""
    return tuple(
        _linked(weight, model.values(weight), settings[weight.tensor], values, norms)
        for weight in model.weights
        if weight.tensor in settings
    )


def names(links: Iterable[Link]) -> set[str]:
    """Of all parameters that the functions below read."""
    found = set()
    for each in links:
        found.add(each.parameter)
        if each.norm is not None:
            found |= {each.norm.gamma, each.norm.variance}
    return found


def fit(links: Iterable[Link], values: Values) -> dict[str, Levels]:
    """The levels of each parameter."""
    return {
        each.parameter: levels.fit(_weight(each, values), each.axis, each.setting) for each in links
    }


def snapped(links: Iterable[Link], values: Values, chosen: Mapping[str, Levels]) -> dict[str, Any]:
    """Each parameter at its nearest levels."""
    return {
        each.parameter: each.from_model(chosen[each.parameter].snap(each.to_model(values)), values)
        for each in links
    }


def settled(links: Sequence[Link], values: Values) -> dict[str, Any]:
    """Each parameter at the values that the quantizer gives it, and gives to those again.

    A grid that a channel does not use to its ends is another one when it is fitted anew, so this
    goes on until nothing moves.
    """
    now = _quantized(links, values)
    for _ in range(_ROUNDS):
        after = _quantized(links, {**values, **now})
        if all(_close(now[name], after[name]) for name in now):
            break
        now = after
    return now


def _quantized(links: Iterable[Link], values: Values) -> dict[str, Any]:
    return {
        each.parameter: each.from_model(
            levels.quantized(_weight(each, values), each.axis, each.setting), values
        )
        for each in links
    }


def _weight(link: Link, values: Values) -> Any:
    return np.ascontiguousarray(link.to_model(values))


def _close(one: Any, other: Any) -> bool:
    scale = float(np.abs(one).max(initial=0.0))
    return bool(np.abs(one - other).max(initial=0.0) <= _SETTLED * scale)


def _linked(
    weight: Weight,
    found: Any,
    setting: Setting,
    values: Values,
    norms: Sequence[Norm],
) -> Link:
    parameter = values.get(weight.name)
    if parameter is None:
        reason = "the network has no parameter of that name"
        raise WeightUnmatched(weight.name, weight.node, reason)
    for order in _orders(parameter.shape, found.shape):
        plain = Link(weight.name, weight.axis, setting, order)
        if _same(plain.to_model(values), found):
            return plain
        for norm in norms:
            for channels in range(min(2, parameter.ndim)):
                if len(values[norm.gamma]) != parameter.shape[channels]:
                    continue
                folded = Link(weight.name, weight.axis, setting, order, norm, channels)
                if _same(folded.to_model(values), found):
                    return folded
    reason = "the converter made other values of the parameter, in a way not known here"
    raise WeightUnmatched(weight.name, weight.node, reason)


def _orders(own: tuple[int, ...], wanted: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Orders of the axes of ``own`` that give ``wanted``."""
    if len(own) != len(wanted) or len(own) > 5:
        return []
    every = permutations(range(len(own)))
    return [order for order in every if tuple(own[axis] for axis in order) == wanted]


def _same(one: Any, other: Any) -> bool:
    scale = float(np.abs(other).max(initial=0.0))
    return bool(np.abs(one - other).max(initial=0.0) <= _RTOL * scale)
