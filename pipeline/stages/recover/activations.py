"""The grids of activations in a fully quantized model, read where the converter wrote them.

An operator in int8 takes its input and gives its output (behind the activation that is fused into
it) on one grid each; what stands between such operators computes in float. Biases may be others
than the float model's: the converter corrects them for what quantization does to the means.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.inspect.look import look
from pipeline.inspect.record import Operator, Tensor
from pipeline.stages.recover.errors import ActivationUnmatched

_QUANTIZED = "QUANT_ALL"
_WEIGHTED = ("Conv2DFusion", "Conv2dTransposeFusion", "MatMulFusion", "FullConnection")
#: What a grid with a level at 0 may be put before as well as behind.
_PASSING = ("", "RELU", "RELU6")


@dataclass(frozen=True)
class Range:
    """``real = (q - zero) * scale`` for q of int8."""

    scale: float
    zero: int

    @property
    def low(self) -> float:
        """The least value."""
        return (-128 - self.zero) * self.scale

    @property
    def high(self) -> float:
        """The largest value."""
        return (127 - self.zero) * self.scale


@dataclass(frozen=True)
class Layer:
    """What an operator in int8 takes and gives; ``shift`` (float32 [channels], or nothing) is what
    its bias has more than the float operator's."""

    node: str
    taken: Range
    given: Range
    shift: Any = None


def layers(quantized_file: Path, float_file: Path) -> dict[str, Layer]:
    """The operators in int8 by the names of their weights. Raises ActivationUnmatched."""
    model, exact = look(quantized_file), look(float_file)
    every = (*model.inputs, *model.outputs, *model.tensors, *model.computed)
    tensors = {tensor.name: tensor for tensor in every}
    floats = {tensor.name: tensor for tensor in exact.tensors}
    data = quantized_file.read_bytes(), float_file.read_bytes()
    quantized = [each for each in model.operators if each.quantization == _QUANTIZED]
    weighted = [each for each in quantized if _weight(each, tensors)]
    uses = Counter(each.inputs[1] for each in weighted)
    for each in quantized:
        _check(each, tensors, uses)
    return {
        each.inputs[1]: Layer(
            each.name,
            _range(each, tensors[each.inputs[0]]),
            _range(each, tensors[each.outputs[0]]),
            _shift(each, tensors, floats, data),
        )
        for each in weighted
    }


def _shift(
    operator: Operator,
    tensors: Mapping[str, Tensor],
    floats: Mapping[str, Tensor],
    data: tuple[bytes, bytes],
) -> Any:
    if len(operator.inputs) < 3:
        return None
    bias = tensors[operator.inputs[2]]
    assert bias.quantization is not None  # its operator is in int8
    codes = _numbers(bias, data[0], "<i4")
    exact = floats.get(bias.name)
    before = 0.0 if exact is None else _numbers(exact, data[1], "<f4")
    return (codes * np.array(bias.quantization.scales) - before).astype(np.float32)


def _numbers(tensor: Tensor, data: bytes, dtype: str) -> Any:
    ((start, length),) = tensor.stored
    return np.frombuffer(data[start : start + length], dtype).astype(np.float64)


def _weight(operator: Operator, tensors: Mapping[str, Tensor]) -> bool:
    if operator.kind not in _WEIGHTED or len(operator.inputs) < 2:
        return False
    weight = tensors[operator.inputs[1]]
    return bool(weight.stored) and weight.dtype == "int8"


def _check(operator: Operator, tensors: Mapping[str, Tensor], uses: Counter[str]) -> None:
    if not _weight(operator, tensors):
        taken, given = (tensors[names[0]] for names in (operator.inputs, operator.outputs))
        if _range(operator, taken) != _range(operator, given):
            raise ActivationUnmatched(operator.name, f"{operator.kind} computes in int8")
        return
    if uses[operator.inputs[1]] > 1:
        raise ActivationUnmatched(operator.name, "its weight is used more than once")
    if operator.activation not in _PASSING:
        raise ActivationUnmatched(operator.name, f"it ends with {operator.activation}")


def _range(operator: Operator, tensor: Tensor) -> Range:
    found = tensor.quantization
    if found is None or len(found.scales) != 1:
        raise ActivationUnmatched(operator.name, f"{tensor.name} has not one grid")
    return Range(found.scales[0], found.zero_points[0])
