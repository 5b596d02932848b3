"""Samples in the converted model's layout, exactly, and its outputs back again."""

from __future__ import annotations

import errno

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.errors import LocalDiskFull
from pipeline.core.tensors import ITEM_BYTES, TensorFacts
from pipeline.data.errors import InputShapeMismatch
from pipeline.data.layout import read_outputs, to_model, write_npy, write_samples

sizes = st.integers(1, 4)


def _tensor(shape: tuple[int, ...], dtype: str = "float32", layout: str = "NHWC") -> TensorFacts:
    return TensorFacts("images", dtype, shape, layout)


@given(n=sizes, batch=sizes, c=sizes, h=sizes, w=sizes)
def test_nchw_becomes_nhwc_element_by_element(n, batch, c, h, w):
    array = np.arange(n * batch * c * h * w, dtype=np.float32).reshape(n, batch * c, h, w)
    moved = to_model(array, (batch, c, h, w), _tensor((batch, h, w, c)), "x")
    assert moved.shape == (n, batch, h, w, c)
    assert moved.flags.c_contiguous
    original = array.reshape(n, batch, c, h, w)
    for place in np.ndindex(moved.shape):
        i, b, y, x, channel = place
        assert moved[place] == original[i, b, channel, y, x]


@pytest.mark.parametrize(
    ("network", "model", "layout"),
    [
        ((1, 3, 4, 5), (1, 3, 4, 5), "NCHW"),
        ((1, 12), (1, 12), "NC"),
        ((1, 3, 4), (1, 3, 4), "NHWC"),
        ((1, 2, 3, 4, 5), (1, 2, 3, 4, 5), "NHWC"),
    ],
    ids=["still NCHW", "flat", "three dimensions", "five dimensions"],
)
def test_other_layouts_stay_as_they_are(network, model, layout):
    array = np.arange(2 * np.prod(network)).reshape(2, *network[1:])
    moved = to_model(array, network, _tensor(model, layout=layout), "x")
    assert moved.shape == (2, *model)
    assert (moved.ravel() == array.ravel()).all()


def test_a_square_input_is_moved_too_where_the_model_says_nhwc():
    array = np.arange(27).reshape(1, 3, 3, 3)
    assert (
        to_model(array, (1, 3, 3, 3), _tensor((1, 3, 3, 3)), "x")[0] == array.transpose(0, 2, 3, 1)
    ).all()


@pytest.mark.parametrize("given_as", [(4, 1, 2, 3), (4, 2, 3), (4, 6), (4, 1, 1, 2, 3)])
def test_a_sample_may_leave_out_dimensions_of_one(given_as):
    array = np.arange(24, dtype="f4").reshape(given_as)
    moved = to_model(array, (1, 1, 2, 3), _tensor((1, 2, 3, 1)), "x")
    assert moved.shape == (4, 1, 2, 3, 1)


@pytest.mark.parametrize("dtype", ["float32", "float16", "int32", "uint8"])
def test_samples_get_the_type_of_the_model(dtype):
    array = np.array([[0], [1], [250]], dtype=np.int64)
    moved = to_model(array, (1, 1), _tensor((1, 1), dtype), "x")
    assert moved.dtype == dtype
    assert moved.ravel().tolist() == [0, 1, 250]


@pytest.mark.parametrize(
    ("sample", "network", "model", "expected"),
    [
        ((1, 32, 32), (1, 1, 28, 28), (1, 28, 28, 1), (1, 1, 28, 28)),
        ((28,), (1, 1, 28, 28), (1, 28, 28, 1), (1, 1, 28, 28)),
        ((1, 28, 28), (1, 1, 28, 28), (1, 14, 56, 1), (1, 14, 56, 1)),
        ((784,), (1, 784), (1, 28, 28), (1, 28, 28)),
        ((), (1, 2), (1, 2), (1, 2)),
    ],
    ids=["too large", "too small", "another model in NHWC", "another model", "no dimensions"],
)
def test_a_sample_that_does_not_fit_is_told(sample, network, model, expected):
    with pytest.raises(InputShapeMismatch) as caught:
        to_model(np.ones((3, *sample)), network, _tensor(model), "data:test")
    assert caught.value.expected == expected
    assert caught.value.found == sample
    assert "data:test" in caught.value.message


@pytest.mark.parametrize("dtype", ITEM_BYTES)
def test_samples_are_written_raw_and_read_back(tmp_path, dtype):
    array = np.arange(12).reshape(2, 3, 2).astype(dtype)
    write_samples(array.transpose(0, 2, 1), tmp_path / "out.bin")
    assert (tmp_path / "out.bin").read_bytes() == array.transpose(0, 2, 1).tobytes()
    (back,) = read_outputs(tmp_path / "out.bin", (_tensor((2, 3), dtype),), 2)
    assert back.dtype == dtype
    assert (back == array.transpose(0, 2, 1)).all()


def test_several_outputs_are_told_apart(tmp_path):
    tensors = (_tensor((1, 2)), _tensor((3,), "int8"), _tensor((1,), "float16"))
    rows = [
        np.array([[i, i + 0.5]], "f4").tobytes()
        + np.array([i, -i, 7], "i1").tobytes()
        + np.array([i / 4], "f2").tobytes()
        for i in range(5)
    ]
    (tmp_path / "out.bin").write_bytes(b"".join(rows))
    first, second, third = read_outputs(tmp_path / "out.bin", tensors, 5)
    assert first.shape == (5, 1, 2)
    assert first[:, 0, 1].tolist() == [0.5, 1.5, 2.5, 3.5, 4.5]
    assert second[:, 1].tolist() == [0, -1, -2, -3, -4]
    assert third[:, 0].tolist() == [0, 0.25, 0.5, 0.75, 1]


@pytest.mark.parametrize("size", [0, 1, 23, 25, 48])
def test_outputs_of_another_length_are_refused(tmp_path, size):
    (tmp_path / "out.bin").write_bytes(bytes(size))
    with pytest.raises(ValueError, match=f"{size} bytes of outputs, expected 24"):
        read_outputs(tmp_path / "out.bin", (_tensor((1, 3)),), 2)


@pytest.mark.parametrize("write", [write_samples, write_npy])
def test_a_full_disk_is_told(tmp_path, monkeypatch, write):
    class Full:
        def __enter__(self) -> Full:
            return self

        def __exit__(self, *_: object) -> None: ...

        def write(self, data: object) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("pathlib.Path.open", lambda *_: Full())
    with pytest.raises(LocalDiskFull):
        write(np.ones((2, 2)), tmp_path / "x.bin")


@pytest.mark.parametrize("dtype", ["float32", "float16", "int64", "bool"])
def test_an_npy_is_what_numpy_itself_would_write(tmp_path, dtype):
    array = np.arange(24).reshape(2, 3, 4).transpose(2, 0, 1).astype(dtype)
    write_npy(array, tmp_path / "ours.npy")
    np.save(tmp_path / "numpys.npy", np.ascontiguousarray(array))
    assert (tmp_path / "ours.npy").read_bytes() == (tmp_path / "numpys.npy").read_bytes()


@pytest.mark.parametrize(
    ("sample", "network"),
    [((4, 6, 3), (1, 3, 4, 6)), ((3, 4, 6), (1, 4, 6, 3)), ((6, 4), (1, 1, 4, 6))],
)
def test_dimensions_in_another_order_are_refused(sample, network):
    """Their elements are as many, and all in the wrong place."""
    array = np.zeros((2, *sample), np.float32)
    with pytest.raises(InputShapeMismatch, match="a sample of x is") as caught:
        to_model(array, network, _tensor(network, layout="NCHW"), "x")
    assert "layout" in caught.value.hint
