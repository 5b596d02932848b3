"""A deployment of a model file: told by its ending, or by what is said of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.config.deployment import Deployment, Format
from pipeline.config.document import load
from pipeline.config.errors import ConfigInvalid
from tests.config.conftest import GOOD

NETWORK = "network:\n  factory: network:lenet5\n  checkpoint: lenet5.ckpt\n"
INPUTS = "inputs:\n  - {name: images, shape: [1, 1, 28, 28]}\n"


def _load(path: Path) -> Deployment:
    return load(path, Deployment, "configuration")


def _with(model: str, inputs: str = INPUTS) -> str:
    return GOOD.replace(NETWORK, f"model: {model}\n").replace(INPUTS, inputs)


@pytest.mark.parametrize(
    ("model", "format_", "channels_last"),
    [
        ("net.mindir", Format.MINDIR, False),
        ("net.onnx", Format.ONNX, False),
        ("NET.ONNX", Format.ONNX, False),
        ("a/net.tflite", Format.TFLITE, True),
        ("net.pb", Format.TF, True),
        ("{file: net.prototxt, weights: net.caffemodel}", Format.CAFFE, False),
        ("{file: net.bin, format: onnx}", Format.ONNX, False),
        ("{file: net.onnx, format: mindir}", Format.MINDIR, False),
    ],
)
def test_the_format_is_told_by_the_ending_or_by_its_name(write, model, format_, channels_last):
    deployment = _load(write(_with(model)))
    assert deployment.network is None
    assert deployment.model.format is format_
    assert deployment.model.channels_last is channels_last
    assert deployment.model.reference == "own"


@pytest.mark.parametrize("model", ["net.mindir", "net.onnx", "net.tflite", "net.pb"])
def test_inputs_may_be_left_to_the_file(write, model):
    assert _load(write(_with(model, ""))).inputs == ()


def test_paths_start_at_the_folder_of_the_configuration(write, tmp_path):
    path = write(_with("{file: net.prototxt, weights: sub/net.caffemodel}"))
    model = _load(path).located(tmp_path).model
    assert model.file == tmp_path / "net.prototxt"
    assert model.weights == tmp_path / "sub/net.caffemodel"
    assert _load(path).located(tmp_path).network is None


REFUSED = {
    "both ways in": (GOOD + "model: net.onnx\n", "give either `network:`"),
    "no way in": (GOOD.replace(NETWORK, ""), "give either `network:`"),
    "an ending of no format": (_with("net.pt"), "its ending tells no format; add `format:`"),
    "no ending": (_with("net"), "its ending tells no format"),
    "a converted model": (_with("net.ms"), "converted already: pipeline benchmark"),
    "an unknown format": (_with("{file: net.onnx, format: torch}"), "`model.format`"),
    "an unknown reference": (_with("{file: net.onnx, reference: none}"), "`model.reference`"),
    "no file": (_with("{format: onnx}"), "`model.file` is missing"),
    "an unknown key": (_with("{fil: net.onnx}"), "`model.fil` is not a known key"),
    "Caffe without weights": (_with("net.prototxt"), "needs `weights:`"),
    "weights of ONNX": (_with("{file: net.onnx, weights: w.bin}"), "only a Caffe model"),
    "Caffe without inputs": (
        _with("{file: net.prototxt, weights: net.caffemodel}", ""),
        "`inputs` name each input with its shape",
    ),
    "a checkpoint without inputs": (GOOD.replace(INPUTS, ""), "`inputs` name each input"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "told"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_way_in_is_told(write, content, told):
    with pytest.raises(ConfigInvalid) as caught:
        _load(write(content))
    assert told in caught.value.message
    assert caught.value.exit_code == 2
