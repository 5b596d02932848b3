"""Multiply-accumulates of the operators that have most of them, from shapes alone.

Only products of weights or matrices are counted: what else a network computes (element-wise
operators, pooling, normalization) is small beside them and is not multiply-accumulate hardware's
work. None means that a shape is missing.
"""

from __future__ import annotations

import math

Shape = tuple[int, ...] | None


def convolution(weight: Shape, output: Shape, channels: int | None) -> int | None:
    """Each output element is the sum over a kernel: its weights without the ``channels`` out."""
    return _times(output, weight, channels)


def transposed_convolution(weight: Shape, data: Shape, channels: int | None) -> int | None:
    """Each input element goes through a kernel: the weights without the ``channels`` in."""
    return _times(data, weight, channels)


def fully_connected(weight: Shape, output: Shape) -> int | None:
    """Each of the output's last dimension is a sum over as many weights as inputs."""
    return _times(output, weight, output[-1] if output else None)


def matrix_product(left: Shape, output: Shape) -> int | None:
    """``left`` is [..., M, K] or its transpose, the output [..., M, N]: N times M times K."""
    elements = _elements(output)
    if elements is None or not left or not output or _elements(left) is None:
        return None
    if len(left) == 1:
        return elements * left[0]
    rows = output[-2] if len(output) > 1 else 1
    return elements * (left[-2] * left[-1]) // rows if rows else 0


def recurrent(data: Shape, *weights: Shape) -> int | None:
    """Every weight once for each step of each sample; ``data`` is [steps, samples, features].

    The first of ``weights`` is [directions, gates, features]; others than such are not counted.
    """
    if _elements(data) is None or not data or len(data) != 3:
        return None
    if not weights or not weights[0] or len(weights[0]) != 3 or weights[0][2] != data[2]:
        return None
    sizes = [_elements(weight) for weight in weights]
    if any(size is None for size in sizes):
        return None
    return data[0] * data[1] * sum(size or 0 for size in sizes)


def _times(places: Shape, weight: Shape, channels: int | None) -> int | None:
    count, weights = _elements(places), _elements(weight)
    if count is None or weights is None or not channels or channels < 0:
        return None
    return count * weights // channels


def _elements(shape: Shape) -> int | None:
    if shape is None or any(size < 0 for size in shape):
        return None
    return math.prod(shape)
