"""Shapes that an ONNX file leaves out, where they follow from an operator's inputs.

Exporters seldom write the shapes between the operators. Followed here are the operators of
convolutional and fully connected networks, so that multiply-accumulates can be counted; where
one is not among them, what comes after it stays unknown.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

Shape = tuple[int, ...]
#: Attributes by name: lists of integers, single ones as lists of one; texts apart.
Numbers = Mapping[str, Sequence[int]]

_LARGEST = 1 << 62

_UNARY = """
Abs BatchNormalization Cast Ceil Clip DequantizeLinear Dropout Elu Erf Exp Floor Gelu HardSigmoid
HardSwish Identity InstanceNormalization LRN LayerNormalization LeakyRelu Log LogSoftmax Mish Neg
PRelu QuantizeLinear Reciprocal Relu Round Selu Sigmoid Sin Softmax Softplus Softsign Sqrt Tanh
ThresholdedRelu
""".split()
_BINARY = "Add Sub Mul Div Pow Max Min Mod Equal Greater Less And Or Sum Mean".split()


def result(
    kind: str, shapes: Sequence[Shape | None], numbers: Numbers, padding: str
) -> Shape | None:
    """The shape of an operator's first output, None when it does not follow.

    ``padding`` is the attribute ``auto_pad``.
    """
    if not shapes or shapes[0] is None or any(-1 in shape for shape in shapes if shape):
        return None
    rule = _RULES.get(kind)
    found = _window(kind, shapes, numbers, padding) if rule is None else rule(shapes, numbers)
    if found is None or math.prod(max(size, 1) for size in found) > _LARGEST:
        return None
    return found if all(size >= 0 for size in found) else None


def _same(shapes: Sequence[Shape | None], numbers: Numbers) -> Shape | None:
    return shapes[0]


def _broadcast(shapes: Sequence[Shape | None], numbers: Numbers) -> Shape | None:
    known = [shape for shape in shapes if shape is not None]
    if len(known) != len(shapes):
        return None
    rank = max(len(shape) for shape in known)
    columns = zip(*((1,) * (rank - len(shape)) + shape for shape in known), strict=True)
    found = []
    for column in columns:
        sizes = set(column) - {1}
        if len(sizes) > 1:
            return None
        found.append(sizes.pop() if sizes else 1)
    return tuple(found)


def _flatten(shapes: Sequence[Shape | None], numbers: Numbers) -> Shape | None:
    shape = shapes[0] or ()
    axis = _number(numbers, "axis", 1)
    axis += len(shape) if axis < 0 else 0
    return math.prod(shape[:axis]), math.prod(shape[axis:])


def _gemm(shapes: Sequence[Shape | None], numbers: Numbers) -> Shape | None:
    left, right = shapes[0], shapes[1] if len(shapes) > 1 else None
    if left is None or right is None or len(left) != 2 or len(right) != 2:
        return None
    return left[_number(numbers, "transA", 0) != 0], right[_number(numbers, "transB", 0) == 0]


def _product(shapes: Sequence[Shape | None], numbers: Numbers) -> Shape | None:
    left, right = shapes[0], shapes[1] if len(shapes) > 1 else None
    if left is None or right is None or len(left) < 2 or len(right) < 2:
        return None
    batches = _broadcast((left[:-2], right[:-2]), numbers)
    return None if batches is None else (*batches, left[-2], right[-1])


def _concat(shapes: Sequence[Shape | None], numbers: Numbers) -> Shape | None:
    known = [shape for shape in shapes if shape is not None]
    rank, axis = len(known[0]), _number(numbers, "axis", 0)
    axis += rank if axis < 0 else 0
    if len(known) != len(shapes) or not 0 <= axis < rank:
        return None
    if any(len(shape) != rank for shape in known):
        return None
    total = sum(shape[axis] for shape in known)
    return (*known[0][:axis], total, *known[0][axis + 1 :])


def _global_pool(shapes: Sequence[Shape | None], numbers: Numbers) -> Shape | None:
    shape = shapes[0] or ()
    return (*shape[:2], *(1 for _ in shape[2:]))


def _window(
    kind: str, shapes: Sequence[Shape | None], numbers: Numbers, padding: str
) -> Shape | None:
    """Convolution and pooling: a window slides over all dimensions but the first two."""
    data = shapes[0]
    if data is None or len(data) < 3 or kind not in ("Conv", "MaxPool", "AveragePool"):
        return None
    weight = shapes[1] if kind == "Conv" and len(shapes) > 1 else None
    if kind == "Conv" and (weight is None or len(weight) != len(data)):
        return None
    rank = len(data) - 2
    kernel = weight[2:] if weight else tuple(numbers.get("kernel_shape", ()))
    strides = tuple(numbers.get("strides", ())) or (1,) * rank
    dilations = tuple(numbers.get("dilations", ())) or (1,) * rank
    pads = tuple(numbers.get("pads", ())) or (0,) * 2 * rank
    if not len(kernel) == len(strides) == len(dilations) == rank or len(pads) != 2 * rank:
        return None
    if any(stride < 1 for stride in strides):
        return None
    sizes = []
    for axis, size in enumerate(data[2:]):
        stride, reach = strides[axis], dilations[axis] * (kernel[axis] - 1)
        if padding.startswith("SAME"):
            sizes.append(-(-size // stride))
            continue
        room = size - reach - 1
        if padding != "VALID":
            room += pads[axis] + pads[axis + rank]
        up = stride - 1 if _number(numbers, "ceil_mode", 0) else 0
        sizes.append((room + up) // stride + 1)
    return (data[0], weight[0] if weight else data[1], *sizes)


def _number(numbers: Numbers, name: str, default: int) -> int:
    found = numbers.get(name)
    return found[0] if found else default


_RULES: dict[str, Callable[[Sequence[Shape | None], Numbers], Shape | None]] = {
    **dict.fromkeys(_UNARY, _same),
    **dict.fromkeys(_BINARY, _broadcast),
    "Flatten": _flatten,
    "Gemm": _gemm,
    "MatMul": _product,
    "Concat": _concat,
    "GlobalAveragePool": _global_pool,
    "GlobalMaxPool": _global_pool,
}
