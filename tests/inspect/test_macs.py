"""Multiply-accumulates from shapes."""

from __future__ import annotations

from pipeline.inspect import macs
from pipeline.inspect.onnx_shapes import result


def test_products_of_weights() -> None:
    assert macs.convolution((64, 7, 7, 3), (1, 112, 112, 64), 64) == 118_013_952
    assert macs.convolution((32, 3, 3, 1), (1, 8, 8, 32), 32) == 8 * 8 * 32 * 9
    assert macs.transposed_convolution((8, 4, 3, 3), (1, 8, 5, 5), 8) == 25 * 8 * 36
    assert macs.fully_connected((10, 84), (2, 10)) == 2 * 840
    assert macs.matrix_product((3, 4, 5), (3, 4, 6)) == 3 * 4 * 5 * 6
    assert macs.matrix_product((3, 5, 4), (3, 4, 6)) == 3 * 4 * 5 * 6  # left transposed
    assert macs.matrix_product((5,), (6,)) == 30
    assert macs.recurrent((7, 2, 3), (1, 16, 3), (1, 16, 4)) == 7 * 2 * (48 + 64)


def test_what_is_missing_is_not_guessed() -> None:
    assert macs.convolution(None, (1, 2, 3, 4), 4) is None
    assert macs.convolution((4, 3, 3, 2), (-1, 2, 3, 4), 4) is None
    assert macs.convolution((4, 3, 3, 2), (1, 2, 3, 0), 0) is None
    assert macs.fully_connected((10, 84), ()) is None
    assert macs.matrix_product((0, 4), (0, 6)) == 0
    assert macs.recurrent((7, 2, 3), (1, 1, 6), (1, 1, 6)) is None  # states, not weights


def test_shapes_that_follow() -> None:
    window = {"strides": [2, 2], "pads": [3, 3, 3, 3], "dilations": [1, 1]}
    data, weight = (1, 3, 224, 224), (64, 3, 7, 7)
    assert result("Conv", [data, weight], window, "") == (1, 64, 112, 112)
    assert result("Conv", [data, weight], {"strides": [2, 2]}, "SAME_UPPER") == (1, 64, 112, 112)
    pool = {"kernel_shape": [3, 3], "strides": [2, 2]}
    assert result("MaxPool", [(1, 64, 112, 112)], pool, "") == (1, 64, 55, 55)
    assert result("MaxPool", [(1, 64, 112, 112)], {**pool, "ceil_mode": [1]}, "") == (1, 64, 56, 56)
    assert result("Add", [(2, 1, 4), (3, 1)], {}, "") == (2, 3, 4)
    assert result("Flatten", [(2, 3, 4)], {}, "") == (2, 12)
    assert result("Gemm", [(2, 12), (10, 12)], {"transB": [1]}, "") == (2, 10)
    assert result("MatMul", [(5, 1, 2, 3), (4, 3, 6)], {}, "") == (5, 4, 2, 6)
    assert result("Concat", [(1, 2, 4), (1, 3, 4)], {"axis": [1]}, "") == (1, 5, 4)
    assert result("GlobalAveragePool", [(1, 8, 7, 7)], {}, "") == (1, 8, 1, 1)


def test_shapes_that_do_not() -> None:
    assert result("Reshape", [(2, 3), (1,)], {}, "") is None
    assert result("Relu", [(-1, 3)], {}, "") is None
    assert result("Add", [(2,), (3,)], {}, "") is None
    assert result("Conv", [(1, 3, 8, 8), (4, 3, 3, 3)], {"strides": [0, 0]}, "") is None
    assert result("Conv", [(1, 3, 8, 8), (4, 3, 99, 99)], {}, "") is None
    assert result("Concat", [(1, 2), (1, 3)], {"axis": [9]}, "") is None
    assert result("MatMul", [(1 << 40, 1), (1, 1 << 40)], {}, "") is None
