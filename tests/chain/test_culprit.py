"""Real recipes that miss a strict limit: the layer that is to blame is told."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.chain import culprit
from pipeline.chain.deploy import convert
from pipeline.chain.report import Report
from pipeline.core.errors import NoDataError
from pipeline.inspect.look import look
from tests.chain.conftest import Config
from tests.inspect.models import DATA

needs_onnxruntime = pytest.mark.skipif(
    importlib.util.find_spec("onnxruntime") is None, reason="the extra `onnx` is not installed"
)
pytestmark = pytest.mark.slow


def _told(report: Report) -> dict[str, Any]:
    """The row's culprit as JSON, which its failure repeats."""
    (row,) = report.rows
    (failure,) = row.failures
    assert "worst cosine with the reference is" in failure
    found: dict[str, Any] = json.loads(json.dumps(row.as_json()))["first_difference"]
    assert failure.endswith(f"; {found['message']}")
    assert report.as_json()["verdict"] == "failed"
    return found


def test_a_layer_of_the_checkpoints_network_is_named(digits: Config, tmp_path: Path) -> None:
    report = convert(digits("full-8-max-min"), workspace=tmp_path / "runs")
    found = _told(report)
    layers = {"conv1", "conv2", "fc1", "fc2", "fc3"}
    assert found["layer"]["layer"].split(".")[0] in layers, found
    assert found["layer"]["cosine"] < 0.99999
    assert "differs from examples.digits.network:lenet5 first at layer" in found["message"]


@needs_onnxruntime
def test_a_node_of_the_onnx_file_is_named(dense: Config, tmp_path: Path) -> None:
    report = convert(dense("dense.onnx", "full-8-max-min"), workspace=tmp_path / "runs")
    found = _told(report)
    assert found["layer"]["layer"] == "gemm"
    assert "dense.full-8-max-min.ms differs from dense.onnx first at layer gemm" in found["message"]


@pytest.mark.parametrize("model", ["dense.tflite", {"file": "dense.onnx", "reference": "fp32"}])
def test_an_operator_of_the_fp32_model_is_named(dense: Config, tmp_path: Path, model: Any) -> None:
    report = convert(dense(model, "full-8-max-min"), workspace=tmp_path / "runs")
    found = _told(report)
    (row,) = report.rows
    assert found["layer"]["node"] in {item.name for item in look(row.path).operators}
    assert "differs from its fp32 model first" in found["message"]


def test_the_fp32_model_of_a_mindir_has_nothing_to_be_compared_with(
    dense: Config, tmp_path: Path
) -> None:
    samples = np.random.default_rng(4).normal(size=(8, 2, 8, 8)).astype(np.float32)
    np.savez(tmp_path / "images.npz", inputs=samples, labels=np.arange(8))
    config = dense(
        str(DATA / "small.mindir"), "fp32", data={"test": "images.npz"}, limits={"min_cosine": 1}
    )
    found = _told(convert(config, workspace=tmp_path / "runs"))
    assert found["layer"] is None
    assert found["message"].endswith("and mindspore does not show values within")


def test_a_model_that_keeps_its_limit_is_not_searched(
    dense: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(culprit.Search, "look", lambda *_: pytest.fail("searched"))
    report = convert(dense("dense.tflite", "fp32"), workspace=tmp_path / "runs")
    assert report.failures == ()
    assert report.rows[0].as_json()["first_difference"] is None


@pytest.mark.parametrize("error", [NoDataError, ValueError("two\nlines"), KeyError("x")])
def test_a_search_that_fails_is_no_failure_of_the_deployment(
    dense: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Any
) -> None:
    def fail(*_: object) -> None:
        raise culprit.OutOfTime(3) if error is NoDataError else error

    monkeypatch.setattr(culprit, "from_model", fail)
    report = convert(dense("dense.tflite", "full-8-max-min"), workspace=tmp_path / "runs")
    found = _told(report)
    assert found["layer"] is None
    assert found["message"].startswith("the first layer that differs was not found: ")
    assert "\n" not in found["message"]


def test_the_search_ends_in_time(tmp_path: Path) -> None:
    search = culprit.Search(Any, Any, tmp_path, total_s=0.0)
    found = search.look(Any, 0.9)
    assert found.layer is None
    assert found.text.endswith("was not found: the 0 s for it were over")
