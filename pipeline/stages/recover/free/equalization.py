"""Cross-layer equalization: channels of neighbouring layers brought to the same range.

A channel that one layer makes smaller and the next takes larger leaves the network what it is,
where only operators stand between that pass a positive factor on: ReLU, pooling, moving
(Nagel et al., Data-Free Quantization Through Weight Equalization and Bias Correction, 2019).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.inspect.record import Inspection, Operator
from pipeline.stages.recover.weights import Link

Values = Mapping[str, Any]

_WEIGHTED = ("Conv2DFusion", "MatMulFusion", "FullConnection")
_PASSING = (
    "Activation", "MaxPoolFusion", "AvgPoolFusion", "ReduceFusion", "Transpose", "Flatten",
    "Reshape", "Squeeze",
)  # fmt: skip
_LINEAR = ("", "RELU", "LEAKY_RELU")
_SWEEPS = 20
_SETTLED = 1e-3
_LEAST = 1e-8


@dataclass(frozen=True)
class Pair:
    """A layer and the only one that computes with its output. ``bias`` is the first one's, if it
    has one of its own; each channel feeds ``block`` inputs of the second in a row, which filters
    each channel by itself where it is ``deep``."""

    first: Link
    second: Link
    bias: str | None
    block: int
    deep: bool


def pairs(model: Inspection, links: Iterable[Link], values: Values) -> tuple[Pair, ...]:
    """The pairs of ``links`` in the float model whose channels may be scaled."""
    known = {link.parameter: link for link in links}
    uses = Counter(name for each in model.operators for name in each.inputs)
    ends = {tensor.name for tensor in model.outputs}
    readers = {name: each for each in model.operators for name in each.inputs}
    found = []
    for first in model.operators:
        second = _next(first, readers, uses, ends)
        if second is None or not all(_single(each, known, uses) for each in (first, second)):
            continue
        pair = _pair(first, known[first.inputs[1]], known[second.inputs[1]], values)
        if pair is not None:
            found.append(pair)
    return tuple(found)


def equalized(found: Sequence[Pair], values: Values) -> dict[str, Any]:
    """The parameters of the pairs with channels of one range on both sides."""
    now = dict(values)
    for _ in range(_SWEEPS):
        largest = max((_scale(pair, now) for pair in found), default=0.0)
        if largest < _SETTLED:
            break
    return {name: value for name, value in now.items() if value is not values[name]}


def _next(
    first: Operator, readers: Mapping[str, Operator], uses: Counter[str], ends: set[str]
) -> Operator | None:
    if first.kind not in _WEIGHTED:
        return None
    now = first
    while now.activation in _LINEAR and len(now.outputs) == 1:
        output = now.outputs[0]
        if uses[output] != 1 or output in ends:
            return None
        now = readers[output]
        if now.kind in _WEIGHTED:
            return now if now.inputs[0] == output else None
        if now.kind not in _PASSING:
            return None
    return None


def _single(layer: Operator, known: Mapping[str, Link], uses: Counter[str]) -> bool:
    weight = layer.inputs[1] if len(layer.inputs) > 1 else ""
    return weight in known and uses[weight] == 1


def _pair(layer: Operator, first: Link, second: Link, values: Values) -> Pair | None:
    channels = _axes(first, values)[0]
    own, given = _axes(second, values)
    deep = given == 1 and own == channels
    if not deep and given % channels:
        return None
    bias = layer.inputs[2] if first.norm is None and len(layer.inputs) > 2 else None
    if bias is not None and bias not in values:
        return None
    return Pair(first, second, bias, 1 if deep else given // channels, deep)


def _axes(link: Link, values: Values) -> tuple[int, int]:
    """Number of channels that a weight makes, and of those that it takes."""
    shape = values[link.parameter].shape
    return shape[link.order[link.axis]], shape[_taken(link)]


def _taken(link: Link) -> int:
    """The parameter's axis of what comes in."""
    last = len(link.order) - 1
    return link.order[last if link.axis == 0 else 0]


def _scale(pair: Pair, values: dict[str, Any]) -> float:
    """Scale the pair in ``values``; gives the largest change, as a logarithm."""
    first = _ranges(_folded(pair.first, values), pair.first.order[pair.first.axis])
    axis = pair.second.order[pair.second.axis] if pair.deep else _taken(pair.second)
    second = _ranges(_folded(pair.second, values), axis)
    second = second.reshape(-1, pair.block).max(axis=1)
    fit = (first > _LEAST) & (second > _LEAST)
    factor = np.sqrt(np.where(fit, first / np.maximum(second, _LEAST), 1.0))
    if pair.first.norm is None:
        _multiply(values, pair.first.parameter, 1 / factor, pair.first.order[pair.first.axis])
        if pair.bias is not None:
            _multiply(values, pair.bias, 1 / factor, 0)
    else:
        for name in (pair.first.norm.gamma, pair.first.norm.beta):
            _multiply(values, name, 1 / factor, 0)
    _multiply(values, pair.second.parameter, np.repeat(factor, pair.block), axis)
    return float(np.abs(np.log(factor)).max(initial=0.0))


def _folded(link: Link, values: Values) -> Any:
    """The weight as it is quantized, in the parameter's layout."""
    return link.to_model(values).transpose(np.argsort(link.order))


def _ranges(weight: Any, axis: int) -> Any:
    return np.abs(np.moveaxis(weight, axis, 0)).reshape(weight.shape[axis], -1).max(axis=1)


def _multiply(values: dict[str, Any], name: str, factor: Any, axis: int) -> None:
    shape = [1] * values[name].ndim
    shape[axis] = len(factor)
    values[name] = (values[name] * factor.reshape(shape)).astype(np.float32)
