"""What the two graph formats of protobuf, MindIR and ONNX, have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pipeline.inspect import macs
from pipeline.inspect.record import Tensor

#: Operators whose multiply-accumulates are counted, by how.
_CONVOLUTIONS = ("Conv", "ConvInteger", "QLinearConv", "Conv2D", "Conv2DExt", "Conv3D", "Conv1DExt",
                 "Conv3DExt", "DepthwiseConv2dNative", "Convolution", "Conv2DPadding")  # fmt: skip
_TRANSPOSED = ("ConvTranspose", "Conv2DTranspose", "Conv2DBackpropInput", "Conv3DTranspose")
_PRODUCTS = ("MatMul", "MatMulInteger", "MatMulExt", "BatchMatMul", "BatchMatMulExt", "BMMExt",
             "Mm", "Gemm", "QLinearMatMul")  # fmt: skip
_FULL = ("Dense", "LinearExt")
_RECURRENT = ("LSTM", "GRU", "RNN")
#: Operators that scale their operands: which of the inputs is the weight.
_WEIGHT = {"QLinearConv": 3}


class Values:
    """The tensors of a graph by name, and which of the constants were counted already."""

    def __init__(self, weights_apart: bool = True) -> None:
        """``weights_apart``: recurrent operators have weights as inputs 1 and 2, not in one."""
        self._weights_apart = weights_apart
        self.constants: dict[str, Tensor] = {}
        self.others: dict[str, Tensor] = {}
        self._counted: set[str] = set()

    def shape(self, name: str) -> tuple[int, ...] | None:
        """The shape of a value, None when nothing says it."""
        found = self.constants.get(name) or self.others.get(name)
        return found.shape if found else None

    def fresh_bytes(self, names: Iterable[str]) -> int:
        """Bytes of those constants that were not asked for before."""
        total = 0
        for name in names:
            if name not in self._counted and (found := self.constants.get(name)) is not None:
                self._counted.add(name)
                total += found.stored_bytes
        return total

    def macs(self, kind: str, inputs: tuple[str, ...], outputs: tuple[str, ...]) -> int | None:
        """Multiply-accumulates of one operator; 0 for kinds that are not counted."""
        counted = _KINDS.get(kind)
        if counted is None:
            return 0
        if len(inputs) < 2 or not outputs:
            return None
        data, weight = self.shape(inputs[0]), self.shape(inputs[1])
        output = self.shape(outputs[0])
        if counted is _CONVOLUTIONS:
            place = _WEIGHT.get(kind, 1)
            weight = self.shape(inputs[place]) if place < len(inputs) else None
            return macs.convolution(weight, output, weight[0] if weight else None)
        if counted is _TRANSPOSED:
            return macs.transposed_convolution(weight, data, weight[0] if weight else None)
        if counted is _PRODUCTS:
            return macs.matrix_product(data, output)
        if counted is _FULL:
            return macs.fully_connected(weight, output)
        if not self._weights_apart:
            return None
        return macs.recurrent(data, *(self.shape(name) for name in inputs[1:3]))


def _by_kind(*groups: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
    return {kind: group for group in groups for kind in group}


_KINDS = _by_kind(_CONVOLUTIONS, _TRANSPOSED, _PRODUCTS, _FULL, _RECURRENT)
