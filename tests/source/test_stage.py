"""The stage of model files: whose answers are right, and when it runs again."""

from __future__ import annotations

import contextlib
import dataclasses
import importlib.metadata
import importlib.util
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pipeline.config.deployment import ModelFile
from pipeline.core.events import Silent
from pipeline.core.store import Store
from pipeline.data.dataset import Dataset
from pipeline.data.errors import DataInvalid, InputShapeMismatch
from pipeline.data.layout import write_npy
from pipeline.mindir.errors import MindSporeMissing
from pipeline.stages.checkpoint.errors import WorkerCrashed
from pipeline.stages.checkpoint.request import InputSpec
from pipeline.stages.convert import Runtime
from pipeline.stages.source import installed
from pipeline.stages.source import stage as stages
from pipeline.stages.source.artefact import check_mindir
from pipeline.stages.source.errors import OnnxRuntimeMissing, RuntimeRefused
from pipeline.stages.source.samples import fitted
from pipeline.stages.source.stage import ModelFileStage, runtime_of
from pipeline.stages.stage import Outcome, run_stage
from pipeline.toolchain.versions import MindirBeyondConverter
from tests.inspect.models import DATA
from tests.source import models

Run = Callable[..., "Outcome[Any]"]

needs_onnxruntime = pytest.mark.skipif(
    importlib.util.find_spec("onnxruntime") is None, reason="the extra `onnx` is not installed"
)


def _dataset(folder: Path, *arrays: Any) -> Dataset:
    folder.mkdir(exist_ok=True)
    for number, array in enumerate(arrays):
        write_npy(array, folder / f"input_{number}.npy")
    write_npy(models.dense(models.SAMPLES).argmax(1).astype(np.int64), folder / "labels.npy")
    return Dataset(
        source="data.npz",
        inputs=tuple(folder / f"input_{number}.npy" for number in range(len(arrays))),
        labels=folder / "labels.npy",
        count=len(arrays[0]),
        sample_shapes=tuple(array.shape[1:] for array in arrays),
        digest=str([array.sum() for array in arrays]),
    )


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run the stage on ``dense.onnx``; keywords replace its parts."""
    stage = ModelFileStage(
        model=ModelFile.model_validate(str(models.onnx(tmp_path / "dense.onnx"))),
        inputs=(),
        dataset=_dataset(tmp_path / "data", models.SAMPLES),
        parity_samples=8,
        seed=0,
        logs=tmp_path / "logs",
        toolchain=None,
    )
    store = Store(tmp_path / "store")
    return lambda **changes: run_stage(store, dataclasses.replace(stage, **changes), Silent())


@needs_onnxruntime
def test_onnx_runtime_gives_the_right_outputs(run, tmp_path):
    source = run().artefact
    assert np.allclose(
        np.load(source.reference.outputs[0]), models.dense(models.SAMPLES), atol=1e-5
    )
    assert source.reference.runtime is Runtime.ONNXRUNTIME
    assert source.percent == 100.0
    assert (source.graph.file, source.graph.framework.value) == (tmp_path / "dense.onnx", "ONNX")
    assert source.reference.network_shapes == ((1, 5),)
    assert len(source.reference.chosen) == 8


@needs_onnxruntime
def test_it_runs_again_when_something_that_matters_changes(run, tmp_path):
    first = run()
    assert run().reused
    assert run(logs=tmp_path / "elsewhere").reused
    assert not run(seed=1).reused
    assert not run(dataset=_dataset(tmp_path / "other", models.SAMPLES * 2)).reused
    models.onnx(tmp_path / "dense.onnx", "batch")
    shaped = stages.Input(name="x", shape=(1, 5))
    changed = run(inputs=(shaped,))
    assert not changed.reused
    assert changed.artefact.digest != first.artefact.digest
    assert changed.artefact.graph.shapes == {"x": (1, 5)}


@needs_onnxruntime
def test_what_the_runtime_refuses_is_told(run, tmp_path):
    path = models.onnx(tmp_path / "dense.onnx")
    path.write_bytes(path.read_bytes().replace(b"Gemm", b"Gemn"))
    with pytest.raises(RuntimeRefused, match=r"onnxruntime does not run .*Gemn") as caught:
        run()
    assert caught.value.exit_code == 4
    assert "reference: fp32" in caught.value.hint
    assert "Traceback" in (tmp_path / "logs" / "model.log").read_text()


def test_without_onnx_runtime_it_says_what_to_install(run, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(OnnxRuntimeMissing, match=r"what dense\.onnx should answer") as caught:
        run()
    assert "mslite-pipeline[onnx]" in caught.value.hint
    assert caught.value.exit_code == 4


def test_a_worker_that_dies_is_told(run, monkeypatch, tmp_path):
    (tmp_path / "dying.py").write_text("import os\nprint('last words', flush=True)\nos.abort()\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(stages, "_WORKER", "dying")
    monkeypatch.setattr(installed, "onnxruntime_version", lambda model: "1")
    with pytest.raises(WorkerCrashed, match="SIGABRT") as caught:
        run()
    assert caught.value.log.read_text() == "last words\n"


@pytest.mark.parametrize(
    ("name", "reference", "runtime"),
    [
        ("a.onnx", "own", Runtime.ONNXRUNTIME),
        ("a.mindir", "own", Runtime.MINDSPORE),
        ("a.tflite", "own", Runtime.FP32_MODEL),
        ("a.pb", "own", Runtime.FP32_MODEL),
        ("a.onnx", "fp32", Runtime.FP32_MODEL),
        ("a.mindir", "fp32", Runtime.FP32_MODEL),
    ],
)
def test_whose_outputs_are_right(name, reference, runtime):
    model = ModelFile.model_validate({"file": name, "reference": reference})
    assert runtime_of(model) is runtime


def _spec(dtype: str) -> InputSpec:
    return InputSpec("x", (1, 5), dtype)


@pytest.mark.parametrize(
    ("array", "dtype"),
    [
        (np.arange(10).reshape(2, 5), "int32"),
        (np.arange(10, dtype=np.uint8).reshape(2, 5), "float32"),
        (np.linspace(0, 1, 10).reshape(2, 5), "float32"),
    ],
)
def test_samples_of_another_type_are_cast_where_they_fit(tmp_path, array, dtype):
    (path,) = fitted(_dataset(tmp_path / "data", array), [_spec(dtype)], tmp_path)
    assert np.load(path).dtype == dtype
    assert np.allclose(np.load(path), array)


def test_samples_of_the_right_type_are_taken_as_they_are(tmp_path):
    dataset = _dataset(tmp_path / "data", models.SAMPLES)
    assert fitted(dataset, [_spec("float32")], tmp_path) == dataset.inputs


@pytest.mark.parametrize(
    ("array", "dtype"),
    [
        (np.full((2, 5), 0.5), "int32"),
        (np.full((2, 5), 300), "int8"),
        (np.full((2, 5), -1), "uint8"),
    ],
)
def test_samples_that_a_type_cannot_hold_are_refused(tmp_path, array, dtype):
    with pytest.raises(DataInvalid, match=f"input x is {dtype}"):
        fitted(_dataset(tmp_path / "data", array), [_spec(dtype)], tmp_path)


def test_samples_of_another_size_or_number_are_refused(tmp_path):
    dataset = _dataset(tmp_path / "data", models.SAMPLES)
    with pytest.raises(InputShapeMismatch):
        fitted(dataset, [InputSpec("x", (1, 6), "float32")], tmp_path)
    with pytest.raises(DataInvalid, match="1 inputs a sample, the model has 2"):
        fitted(dataset, [_spec("float32")] * 2, tmp_path)


def test_the_worker_imports_no_runtime_by_itself():
    module = "pipeline.stages.source.worker"
    code = (
        f"import sys, {module}; sys.exit(bool({{'mindspore', 'onnxruntime'}} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_without_mindspore_it_says_how_to_do_without(run, monkeypatch, tmp_path):
    newest = (DATA / "small.mindir").read_bytes()
    version = newest.rindex(b"\x68\x03")  # field 13
    (tmp_path / "old.mindir").write_bytes(newest[:version] + b"\x68\x01" + newest[version + 2 :])

    def absent(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", absent)
    plain = ModelFile(file=tmp_path / "old.mindir", format="mindir")
    with pytest.raises(MindSporeMissing) as caught:
        run(model=plain)
    assert "`reference: fp32`" in caught.value.hint
    newer = ModelFile(file=DATA / "small.mindir", format="mindir", reference="fp32")
    with pytest.raises(MindSporeMissing) as caught:
        run(model=newer, toolchain=SimpleNamespace(identity="fake", version="2.0.0"))
    assert "fp32" not in caught.value.hint  # rewriting it takes MindSpore in any case


@pytest.mark.parametrize(
    ("version", "facts", "refused"),
    [
        ("2.0.0", {"mindir_version": [3, 1]}, False),
        ("2.0.0", {"mindir_version": [1, 1]}, False),
        ("2.0.0", {"mindir_version": [2, 2]}, True),
        ("2.5.0", {"mindir_version": [2, 2]}, False),
        ("2.0.0", {}, False),
    ],
)
def test_a_mindir_beyond_the_converter_is_refused(version, facts, refused):
    toolchain = SimpleNamespace(version=version)
    with pytest.raises(MindirBeyondConverter) if refused else contextlib.nullcontext():
        check_mindir(toolchain, facts)
