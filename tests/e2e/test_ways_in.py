"""Networks that come as files of other formats: to models that answer as they should.

The labels of the data are the networks' own answers, computed apart, so that an accuracy of
100 % says that inputs reached the model in its order, layout and type.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from tests.e2e.conftest import ROOT, Called, Cli, environment
from tests.source import models

pytestmark = pytest.mark.slow

HAS_ONNXRUNTIME = importlib.util.find_spec("onnxruntime") is not None
#: Where the right outputs of an ONNX model come from here.
OF_ONNX = "onnxruntime" if HAS_ONNXRUNTIME else "fp32 model"
FP32 = "fp32 model"
X = [{"name": "x", "shape": [1, 5]}]
IMAGES = [{"name": "images", "shape": [1, 1, 28, 28]}]

Convert = Callable[..., Called]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every model file and its data."""
    folder = tmp_path_factory.mktemp("ways in, with blänks")
    script = ROOT / "tests" / "e2e" / "ways_in" / "export.py"
    done = subprocess.run(
        [sys.executable, str(script), str(folder)],
        cwd=ROOT,
        env=environment({"GLOG_v": "3", "PYTHONDONTWRITEBYTECODE": "1"}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    models.onnx(folder / "dense.onnx")
    models.onnx(folder / "open.onnx", "batch")
    models.onnx_beside(folder / "beside.onnx")
    models.onnx_image(folder / "image.onnx")
    models.tf(folder / "dense.pb")
    models.tf(folder / "open.pb", -1)
    models.caffe(folder / "dense.prototxt")
    models.tflite(folder / "dense.tflite")
    models.tflite_image(folder / "image.tflite")
    labels = models.dense(models.SAMPLES).argmax(1)
    np.savez(folder / "dense.npz", inputs=models.SAMPLES, labels=labels)
    labels = models.image(models.IMAGES).argmax(1)
    np.savez(folder / "nhwc.npz", inputs=models.IMAGES, labels=labels)
    np.savez(folder / "nchw.npz", inputs=models.IMAGES.transpose(0, 3, 1, 2), labels=labels)
    return folder


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture
def convert(toolchain: None, files: Path, workspace: Path) -> Convert:
    """``pipeline convert`` of a model with its data; keywords go into the configuration."""

    def call(model: Any, data: str, **more: Any) -> Called:
        source = data if ":" in data else str(files / data)
        config = {
            "name": "way-in",
            "model": model,
            "data": {"test": source, "calibration": source, "calibration_samples": 20},
            "recipes": ["fp32", "weight-8", "full-8-max-min"],
            "python_path": [str(ROOT)],
            **more,
        }
        (files / "deploy.yaml").write_text(yaml.safe_dump(config))
        return Cli(workspace)("convert", files / "deploy.yaml", "--json")

    return call


def _own(file: str) -> dict[str, str]:
    """An ONNX model, whose own runtime may not be installed."""
    return {"file": file, "reference": "own" if HAS_ONNXRUNTIME else "fp32"}


DIGITS = "examples.digits.data:test"
CAFFE = {"file": "dense.prototxt", "weights": "dense.caffemodel"}
WAYS: dict[str, tuple[Any, str, Any, str]] = {
    "MindIR": ("lenet.mindir", DIGITS, None, "mindspore"),
    "MindIR of an open shape": ("open.mindir", DIGITS, IMAGES, "mindspore"),
    "MindIR by fp32": ({"file": "lenet.mindir", "reference": "fp32"}, DIGITS, None, FP32),
    "MindIR of two inputs": ("two.mindir", "two.npz", None, "mindspore"),
    "MindIR of whole numbers": ("words.mindir", "words.npz", None, "mindspore"),
    "ONNX of MindSpore": (_own("lenet.onnx"), DIGITS, None, OF_ONNX),
    "ONNX of two inputs": (_own("two.onnx"), "two.npz", None, OF_ONNX),
    "ONNX of whole numbers": (_own("words.onnx"), "words.npz", None, OF_ONNX),
    "ONNX": (_own("dense.onnx"), "dense.npz", X, OF_ONNX),
    "ONNX by fp32": ({"file": "dense.onnx", "reference": "fp32"}, "dense.npz", X, FP32),
    "ONNX of an open shape": (_own("open.onnx"), "dense.npz", X, OF_ONNX),
    "ONNX with weights beside": (_own("beside.onnx"), "dense.npz", None, OF_ONNX),
    "ONNX of NCHW": (_own("image.onnx"), "nchw.npz", None, OF_ONNX),
    "TFLite": ("dense.tflite", "dense.npz", None, FP32),
    "TFLite of NHWC": ("image.tflite", "nhwc.npz", None, FP32),
    "TensorFlow": ("dense.pb", "dense.npz", None, FP32),
    "TensorFlow of an open shape": ("open.pb", "dense.npz", X, FP32),
    "Caffe": (CAFFE, "dense.npz", X, FP32),
}


@pytest.mark.parametrize(("model", "data", "inputs", "reference"), WAYS.values(), ids=WAYS)
def test_a_model_file_becomes_models_that_answer_as_it_does(
    convert: Convert, model: Any, data: str, inputs: Any, reference: str
) -> None:
    done = convert(model, data, **({"inputs": inputs} if inputs else {}))
    assert done.code == 0, done.err
    assert done.json["reference"] == reference
    least = 97.0 if data == DIGITS else 100.0
    assert done.json["checkpoint_accuracy_percent"] >= least
    fp32, weight, full = done.json["models"]
    assert fp32["accuracy_drop_points"] == 0
    assert fp32["parity"]["cosine_min"] > 0.999999
    assert fp32["parity"]["spread"] > 0.001
    assert weight["parity"]["cosine_min"] > 0.999
    assert full["parity"]["cosine_min"] > 0.97
    manifest = json.loads((Path(done.json["run_folder"]) / "manifest.json").read_text())
    assert len(manifest["model_file"]["sha256"]) == 64
    assert manifest["model_file"]["facts"]["reference"] == reference


def test_a_second_time_nothing_is_done_again(convert: Convert) -> None:
    convert("dense.tflite", "dense.npz")
    done = convert("dense.tflite", "dense.npz")
    manifest = json.loads((Path(done.json["run_folder"]) / "manifest.json").read_text())
    assert all(line["reused"] for line in manifest["stages"])


def test_only_fp32_is_said_to_be_compared_with(
    files: Path, workspace: Path, convert: Convert
) -> None:
    convert("dense.tflite", "dense.npz")
    done = Cli(workspace)("convert", files / "deploy.yaml")
    assert "compared with its own fp32 model only" in done.out + done.err


def test_what_the_heap_holds_does_not_reach_a_model(
    files: Path,
    workspace: Path,
    convert: Convert,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The table of an embedding is read from bytes that the converter had freed."""
    convert(_own("words.onnx"), "words.npz")  # writes the configuration
    digests = set()
    for byte in ("1", "85"):
        monkeypatch.setenv("MALLOC_PERTURB_", byte)
        done = Cli(tmp_path / byte)("convert", files / "deploy.yaml", "--json")
        assert done.code == 0, done.err
        digests.add(tuple(model["sha256"] for model in done.json["models"]))
    assert len(digests) == 1


BAD: dict[str, tuple[Any, str, Any, int, list[str]]] = {
    "no file": ("nowhere.onnx", "dense.npz", None, 2, ["model not found", "nowhere.onnx"]),
    "a text": ("text.onnx", "dense.npz", None, 2, ["text.onnx cannot be used as onnx"]),
    "a cut MindIR": ("cut.mindir", "dense.npz", None, 2, ["cut.mindir cannot be used as mindir"]),
    "another format": (
        {"file": "dense.tflite", "format": "onnx"}, "dense.npz", None, 2, ["TensorFlow Lite"],
    ),
    "a name that is not there": (
        {"file": "dense.onnx", "reference": "fp32"}, "dense.npz", [{"name": "y", "shape": [1, 5]}],
        2, ["`x` float32 [1, 5]", "names `y`", "inputs:"],
    ),
    "a name that Caffe has not": (
        CAFFE, "dense.npz", [{"name": "y", "shape": [1, 5]}], 2, ["`x`", "names `y`"],
    ),
    "an open shape": ("open.pb", "dense.npz", None, 2, ["`x` float32 [?, 5]", "shape, batch 1"]),
    "data of another shape": ("dense.tflite", "nhwc.npz", None, 2, ["[1, 5]", "[4, 4, 4]"]),
    "fractions for whole numbers": ("words.mindir", "words-halves.npz", None, 5, ["int32"]),
    "Caffe without its weights": (
        {**CAFFE, "weights": "nowhere.caffemodel"}, "dense.npz", X, 2, ["weights not found"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("model", "data", "inputs", "code", "told"), BAD.values(), ids=BAD)
def test_what_cannot_be_used_is_told_in_two_lines(
    convert: Convert, files: Path, model: Any, data: str, inputs: Any, code: int, told: list[str]
) -> None:
    (files / "text.onnx").write_text("these are no operators\n" * 50)
    whole = (files / "lenet.mindir").read_bytes()
    (files / "cut.mindir").write_bytes(whole[: len(whole) // 2])
    np.savez(files / "words-halves.npz", inputs=np.full((4, 7), 0.5), labels=np.arange(4) % 3)
    done = convert(model, data, **({"inputs": inputs} if inputs else {}))
    assert done.code == code, done.err
    lines = done.err.splitlines()
    assert sum(line.startswith("error: ") for line in lines) == 1
    assert lines[-1].startswith("hint: ")
    for text in told:
        assert text in lines[-2] + lines[-1]


@pytest.mark.skipif(HAS_ONNXRUNTIME, reason="ONNX Runtime is installed here")
def test_without_onnx_runtime_it_says_what_to_install(convert: Convert) -> None:
    done = convert("dense.onnx", "dense.npz")
    assert done.code == 4
    assert "mslite-pipeline[onnx]" in done.err
    assert "reference: fp32" in done.err


def test_a_network_that_mindspore_cannot_load_is_told(convert: Convert, files: Path) -> None:
    """Whole as far as one can see from outside, and of an operator that nobody knows."""
    data = (files / "two.mindir").read_bytes()
    (files / "odd.mindir").write_bytes(data.replace(b"MatMul", b"MatMux"))
    done = convert("odd.mindir", "two.npz")
    assert done.code == 4, done.err
    assert "MatMux" in done.err
    assert os.path.basename("odd.mindir") in done.err
