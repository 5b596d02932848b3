"""What model files say of their inputs, and how that is agreed with the configuration."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config.deployment import Input, ModelFile
from pipeline.core.errors import FileMissing, UsageError
from pipeline.data.errors import InputNameUnusable
from pipeline.inspect.record import Tensor
from pipeline.stages.source import interface
from pipeline.stages.source.errors import InputsDiffer, InputShapeOpen, ModelFileUnusable
from tests.source import models


def _model(value: Any) -> ModelFile:
    return ModelFile.model_validate(value)


def _inputs(path: Path) -> list[tuple[str, str, tuple[int, ...] | None]]:
    found = interface.read(_model(str(path))).inputs
    assert found is not None
    return [(tensor.name, tensor.dtype, tensor.shape) for tensor in found]


def test_every_format_tells_its_inputs(tmp_path):
    plain = [("x", "float32", (1, 5))]
    assert _inputs(models.onnx(tmp_path / "a.onnx")) == plain
    assert _inputs(models.tflite(tmp_path / "a.tflite")) == plain
    assert _inputs(models.tf(tmp_path / "a.pb")) == plain
    assert _inputs(models.tflite_image(tmp_path / "i.tflite")) == [("x", "float32", (1, 4, 4, 4))]


def test_open_dimensions_are_told(tmp_path):
    assert _inputs(models.onnx(tmp_path / "a.onnx", "batch")) == [("x", "float32", (-1, 5))]
    assert _inputs(models.tf(tmp_path / "a.pb", -1)) == [("x", "float32", (-1, 5))]


def test_caffe_is_not_read(tmp_path):
    path, weights = models.caffe(tmp_path / "a.prototxt")
    model = _model({"file": str(path), "weights": str(weights)})
    assert interface.read(model).inputs is None


def test_weights_in_files_beside_are_found(tmp_path):
    path = models.onnx_beside(tmp_path / "a.onnx")
    assert interface.read(_model(str(path))).beside == {"dense.bin": tmp_path / "dense.bin"}


def _corrupt(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


BAD = {
    "no ONNX": ("a.onnx", b"these are no nodes" * 20, "cannot be used as onnx"),
    "no MindIR": ("a.mindir", bytes(100), "cannot be used as mindir"),
    "no TFLite": ("a.tflite", b"no flatbuffer, this" * 9, "it does not begin as one"),
    "a cut TFLite": ("a.tflite", b"\x10\0\0\0TFL3", "cannot be used as tflite"),
    "no GraphDef": ("a.pb", b"\xff" * 60, "cannot be used as tf"),
    "a GraphDef without placeholders": ("a.pb", b"", "cannot be used as tf"),
    "an empty file": ("a.onnx", b"", "it is empty"),
    "a zip": ("a.onnx", b"PK\x03\x04" + bytes(40), "it is a zip archive"),
}


@pytest.mark.parametrize(("name", "content", "told"), BAD.values(), ids=BAD)
def test_what_is_no_model_is_told(tmp_path, name, content, told):
    with pytest.raises(ModelFileUnusable) as caught:
        interface.read(_model(str(_corrupt(tmp_path / name, content))))
    assert told in caught.value.message
    assert caught.value.exit_code == 2


def test_a_prototxt_that_is_no_text_is_told(tmp_path):
    path, weights = models.caffe(tmp_path / "a.prototxt")
    path.write_bytes(weights.read_bytes())
    with pytest.raises(ModelFileUnusable, match="it is no text"):
        interface.read(_model({"file": str(path), "weights": str(weights)}))


def test_a_model_of_another_format_is_told(tmp_path):
    path = models.onnx(tmp_path / "a.onnx")
    with pytest.raises(ModelFileUnusable, match=r"its content is that of a \.onnx file"):
        interface.read(_model({"file": str(path), "format": "mindir"}))


def test_inputs_that_hold_no_numbers_are_told(tmp_path):
    for path in (
        models.onnx(tmp_path / "a.onnx", element=8),
        models.tflite(tmp_path / "a.tflite", element=5),
    ):
        with pytest.raises(ModelFileUnusable, match="its input x is of type"):
            interface.read(_model(str(path)))


def test_missing_files_are_told(tmp_path):
    path, weights = models.caffe(tmp_path / "a.prototxt")
    with pytest.raises(FileMissing, match="model not found"):
        interface.read(_model(str(tmp_path / "b.onnx")))
    weights.unlink()
    with pytest.raises(FileMissing, match="weights not found"):
        interface.read(_model({"file": str(path), "weights": str(weights)}))
    beside = models.onnx_beside(tmp_path / "a.onnx")
    (tmp_path / "dense.bin").unlink()
    with pytest.raises(FileMissing, match=r"weights of a\.onnx not found"):
        interface.read(_model(str(beside)))


@pytest.mark.parametrize("name", ["../dense.bin", "/dense.bin"])
def test_weights_outside_of_the_folder_are_refused(tmp_path, name):
    with pytest.raises(ModelFileUnusable, match="outside of its folder"):
        interface.read(_model(str(models.onnx_beside(tmp_path / "a.onnx", name))))


@given(data=st.data())
def test_damaged_files_are_refused_or_read(tmp_path_factory, data):
    folder = tmp_path_factory.getbasetemp()
    make = data.draw(st.sampled_from([models.tflite, models.tf, models.onnx]))
    path = make(folder / f"damaged.{ {'tf': 'pb'}.get(make.__name__, make.__name__) }")
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    with suppress(UsageError):
        interface.read(_model(str(path)))


FOUND = (Tensor("left", "float32", (1, 3)), Tensor("right", "int32", (-1, 7)))


def _agree(found: Any, *configured: dict[str, Any]) -> interface.Agreed:
    inputs = [Input.model_validate(item) for item in configured]
    return interface.agree(Path("net.onnx"), found, inputs)


def test_the_files_own_shapes_and_types_hold():
    agreed = _agree(FOUND[:1])
    assert [str(spec) for spec in agreed.inputs] == ["left float32 [1, 3]"]
    assert agreed.fixed == {}


def test_the_configuration_fixes_what_is_open():
    agreed = _agree(FOUND, {"name": "left", "shape": [1, 3]}, {"name": "right", "shape": [2, 7]})
    assert [str(spec) for spec in agreed.inputs] == ["left float32 [1, 3]", "right int32 [2, 7]"]
    assert agreed.fixed == {"right": (2, 7)}


def test_any_shape_may_be_given_where_the_file_says_none():
    agreed = _agree([Tensor("x", "float32", None)], {"name": "x", "shape": [4, 4]})
    assert agreed.fixed == {"x": (4, 4)}


def test_what_stays_open_is_told():
    with pytest.raises(InputShapeOpen, match=r"leaves shapes open: `right` int32 \[\?, 7\]"):
        _agree(FOUND)


LEFT, RIGHT = {"name": "left", "shape": [1, 3]}, {"name": "right", "shape": [1, 7]}
DIFFERENT = {
    "too few": [LEFT],
    "another order": [RIGHT, LEFT],
    "another name": [LEFT, {**RIGHT, "name": "rihgt"}],
    "another shape": [{**LEFT, "shape": [1, 4]}, RIGHT],
    "another rank": [{**LEFT, "shape": [3]}, RIGHT],
    "another type": [LEFT, {**RIGHT, "dtype": "float32"}],
}


@pytest.mark.parametrize("configured", DIFFERENT.values(), ids=DIFFERENT)
def test_inputs_that_differ_are_told_with_those_there_are(configured):
    with pytest.raises(InputsDiffer) as caught:
        _agree(FOUND, *configured)
    assert "`left` float32 [1, 3], `right` int32 [?, 7]" in caught.value.message
    assert "`inputs:`" in caught.value.hint


def test_a_name_that_the_converter_cannot_be_told_is_refused():
    with pytest.raises(InputNameUnusable):
        _agree([Tensor("a;b", "float32", (-1,))], {"name": "a;b", "shape": [1]})
