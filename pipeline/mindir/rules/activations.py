"""Activations and normalizations, in terms of simpler operators."""

from __future__ import annotations

import math
from typing import Any

from pipeline.mindir.program import Node
from pipeline.mindir.scene import Scene


def silu(scene: Scene, node: Node) -> str:
    """``SiLU``: x times its sigmoid."""
    gate = scene.add("Sigmoid", node.inputs[:1], node)
    return scene.add("Mul", [node.inputs[0], gate], node)


def mish(scene: Scene, node: Node) -> str:
    """``Mish``: x times tanh of its softplus."""
    soft = scene.add("Softplus", node.inputs[:1], node)
    return scene.add("Mul", [node.inputs[0], scene.add("Tanh", [soft], node)], node)


def gelu(scene: Scene, node: Node) -> str:
    """``GeLU``: MindSpore's is the approximation by tanh, the converter's own is by erf.

    x/2 * (1 + tanh(sqrt(2/pi) * (x + 0.044715 * x^3))), Hendrycks and Gimpel 2016.
    """
    values = node.inputs[0]

    def number(value: float) -> str:
        return scene.constant_like(node, value)

    square = scene.add("Mul", [values, values], node)
    bend = scene.add("Mul", [square, number(0.044715)], node)
    bent = scene.add("Add", [bend, number(1.0)], node)
    scaled = scene.add("Mul", [values, number(math.sqrt(2 / math.pi))], node)
    gate = scene.add("Tanh", [scene.add("Mul", [scaled, bent], node)], node)
    half = scene.add("Mul", [values, number(0.5)], node)
    return scene.add("Mul", [half, scene.add("Add", [gate, number(1.0)], node)], node)


def group_norm(scene: Scene, node: Node) -> str:
    """``GroupNorm``: each group of channels by itself, then the scale and shift of each channel."""
    values, groups_name, gamma, beta, epsilon_name = node.inputs
    groups, epsilon = scene.value(groups_name, "groups"), scene.value(epsilon_name, "epsilon")
    source = scene.tensor(values)
    shape, dtype = source.shape, source.dtype
    rows = (shape[0] * groups, math.prod(shape[1:]) // groups)
    one = (rows[0], 1)

    def add(operator: str, inputs: list[str], size: tuple[int, ...], **own: Any) -> str:
        return scene.add(operator, inputs, node, own, shape=size, dtype=dtype)

    def mean(name: str) -> str:
        return add("ReduceMean", [name, scene.constant((1,))], one, keep_dims=True)

    flat = add("Reshape", [values, scene.constant(rows)], rows)
    centred = add("Sub", [flat, mean(flat)], rows)
    variance = mean(add("Mul", [centred, centred], rows))
    spread = add("Sqrt", [add("Add", [variance, scene.scalar(epsilon, dtype)], one)], one)
    normal = add("Reshape", [add("Div", [centred, spread], rows), scene.constant(shape)], shape)
    channels = (1, shape[1], *([1] * (len(shape) - 2)))
    scale = add("Reshape", [gamma, scene.constant(channels)], channels)
    shift = add("Reshape", [beta, scene.constant(channels)], channels)
    output = add("Add", [add("Mul", [normal, scale], shape), shift], shape)
    return scene.add("MakeTuple", [output, node.output, node.output], node)
