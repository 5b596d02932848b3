"""ONNX files that leave defaults out: what is written into the copy, and what becomes of it."""

from __future__ import annotations

import importlib.util
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from device.runner import SOURCES
from pipeline.chain.deploy import convert
from pipeline.core.events import Silent
from pipeline.core.files import sha256_file
from pipeline.inspect.errors import Damaged
from pipeline.stages.source.onnx_defaults import complete, is_complete
from pipeline.toolchain import toolchain
from pipeline.toolchain.errors import DownloadFailed
from tests.inspect.writers import message
from tests.source import models
from tests.source.decode import attributes

ONES, ZEROS = (1, 1), (0, 0, 0, 0)
BARE_CONV = {"kernel_shape": (3, 3), "strides": ONES, "dilations": ONES, "pads": ZEROS}
BARE_POOL = {"kernel_shape": (2, 2), "strides": ONES, "pads": ZEROS}
KERNEL = {"kernel_shape": (2, 2)}


def _written(tmp_path: Path, kind: str, given: dict[str, Any]) -> dict[str, Any]:
    """The attributes of the copy's first operator, which are those of the file where it is none."""
    path, target = models.onnx_operator(tmp_path / "a.onnx", kind, given), tmp_path / "b.onnx"
    before = path.read_bytes()
    needed = complete(path, target)
    assert needed is target.is_file() is not is_complete(path)
    assert path.read_bytes() == before
    if needed:
        assert is_complete(target)
    return attributes((target if needed else path).read_bytes())


@pytest.mark.parametrize(
    ("kind", "given", "written"),
    [
        ("Conv", {}, BARE_CONV),
        ("ConvTranspose", {}, BARE_CONV),
        ("Conv", {"strides": (2, 2), "group": 1}, {**BARE_CONV, "strides": (2, 2), "group": 1}),
        ("Conv", {"auto_pad": "SAME_UPPER"},
         {"auto_pad": "SAME_UPPER", **{k: v for k, v in BARE_CONV.items() if k != "pads"}}),
        ("Conv", {"auto_pad": "NOTSET"}, {"auto_pad": "NOTSET", **BARE_CONV}),
        ("Conv", BARE_CONV, BARE_CONV),
        ("MaxPool", KERNEL, BARE_POOL),
        ("MaxPool", {**BARE_POOL, "dilations": ONES}, BARE_POOL),
        ("MaxPool", {**BARE_POOL, "dilations": (2, 2)}, {**BARE_POOL, "dilations": (2, 2)}),
        ("AveragePool", KERNEL, BARE_POOL),
        ("AveragePool", {**BARE_POOL, "ceil_mode": 1}, {**BARE_POOL, "ceil_mode": 1}),
        ("Relu", {}, {}),
    ],
)  # fmt: skip
def test_defaults_are_written(tmp_path, kind, given, written):
    assert _written(tmp_path, kind, given) == written


def test_what_is_no_operator_of_onnx_is_left_alone(tmp_path):
    path = models.onnx_operator(tmp_path / "a.onnx", "Conv", {}, domain="mine")
    assert is_complete(path)


def test_graphs_within_are_completed_too(tmp_path):
    inner = message((1, message((1, "x"), (2, "y"), (3, "p"), (4, "MaxPool"),
                                (5, message((1, "kernel_shape"), (8, 2), (20, 7))))))  # fmt: skip
    node = message((1, "c"), (2, "z"), (4, "If"), (5, message((1, "then_branch"), (6, inner))))
    path = tmp_path / "a.onnx"
    path.write_bytes(message((1, 7), (7, message((1, node), (2, "g")))))
    assert complete(path, tmp_path / "b.onnx")
    assert b"strides" in (tmp_path / "b.onnx").read_bytes()
    assert is_complete(tmp_path / "b.onnx")


def test_a_damaged_file_is_told(tmp_path):
    path = models.onnx_operator(tmp_path / "a.onnx", "Conv", {})
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(Damaged):
        is_complete(path)


@pytest.fixture(scope="session")
def tools() -> None:
    try:
        toolchain.resolve(None, SOURCES, Silent())
    except DownloadFailed as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))


REAL = {
    "bare Conv": ("Conv", {}),
    "bare ConvTranspose": ("ConvTranspose", {}),
    "Conv of strides": ("Conv", {"strides": (2, 2)}),
    "padded Conv": ("Conv", {"auto_pad": "SAME_UPPER"}),
    "bare MaxPool": ("MaxPool", KERNEL),
    "MaxPool of dilations": ("MaxPool", {**KERNEL, "dilations": ONES}),
    "padded MaxPool": ("MaxPool", {**KERNEL, "pads": (1, 1, 0, 0), "dilations": ONES}),
    "bare AveragePool": ("AveragePool", KERNEL),
}


@pytest.mark.skipif(
    importlib.util.find_spec("onnxruntime") is None, reason="the extra `onnx` is not installed"
)
@pytest.mark.slow
@pytest.mark.parametrize(("kind", "given"), REAL.values(), ids=REAL)
def test_the_real_converter_makes_what_onnx_runtime_computes(tools, tmp_path, kind, given):
    path = models.onnx_operator(tmp_path / "a.onnx", kind, given)
    images = np.random.default_rng(2).normal(size=(6, 4, 8, 8)).astype(np.float32)
    np.savez(tmp_path / "data.npz", inputs=images, labels=np.arange(6) % 3)
    config = {
        "name": "bare", "model": "a.onnx", "recipes": ["fp32"],
        "data": {"test": "data.npz"}, "limits": {"min_cosine": 0.99999},
    }  # fmt: skip
    (tmp_path / "deploy.yaml").write_text(yaml.safe_dump(config))
    report = convert(tmp_path / "deploy.yaml", workspace=tmp_path / "runs")
    assert report.failures == ()
    manifest = json.loads((report.run_folder / "manifest.json").read_text())
    assert manifest["model_file"]["sha256"] == sha256_file(path)
