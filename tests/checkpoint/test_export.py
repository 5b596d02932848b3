"""Networks through the real MindSpore: what comes out, that it is the same each time."""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from examples.digits import data
from pipeline.mindir import document
from pipeline.stages.checkpoint import export
from pipeline.stages.checkpoint.export import ExportRequest, InputSpec, export_checkpoint
from pipeline.stages.checkpoint.request import ExportResult
from tests.checkpoint.conftest import ROOT, SHAPES, USER


def lenet5(folder: Path) -> ExportRequest:
    samples = folder / "images.npy"
    np.save(samples, data.test()[0])
    return ExportRequest(
        factory="examples.digits.network:lenet5",
        arguments={"num_classes": 10},
        checkpoint=ROOT / "examples/digits/lenet5.ckpt",
        python_path=(ROOT,),
        inputs=(InputSpec("images", (1, 1, 28, 28), "float32"),),
        samples=(samples,),
    )


@pytest.fixture(scope="module")
def exported(request_for, checkpoints, tmp_path_factory) -> dict[str, ExportResult]:
    """Every good network, and a few checkpoints with more in them, exported."""
    folder = tmp_path_factory.mktemp("exported")
    requests = {name: request_for(name) for name in SHAPES}
    requests["LeNet5"] = lenet5(folder)
    requests["optimizer"] = request_for("Dense", checkpoint=checkpoints / "optimizer.ckpt")
    requests["checked"] = request_for("Dense", checkpoint=checkpoints / "checked.ckpt")

    def run(item: tuple[str, ExportRequest]) -> tuple[str, ExportResult]:
        name, request = item
        log = folder / f"{name}.log"
        return name, export_checkpoint(request, folder / name, deadline_s=120, log=log)

    with ThreadPoolExecutor(2) as pool:
        return dict(pool.map(run, requests.items()))


def test_lenet5(exported):
    result = exported["LeNet5"]
    assert (result.mindir_version_before, result.mindir_version_after) == (3, 1)
    assert result.parameter_count == 61706
    assert result.operators == {
        "BiasAdd": 5, "Conv2D": 2, "Flatten": 1, "MatMul": 3, "MaxPool": 2, "ReLU": 4,
    }  # fmt: skip
    (item,) = result.input_facts
    assert (item.name, item.dtype, item.shape) == ("images", "float32", (1, 1, 28, 28))
    assert [item.shape for item in result.output_facts] == [(1, 10)]
    logits = np.load(result.outputs[0])
    assert logits.shape == (359, 10)
    assert (logits.argmax(axis=1) == data.test()[1]).mean() >= 0.97


def test_only_the_files_told_of_are_written(exported):
    for result in exported.values():
        found = {path.name for path in result.mindir.parent.iterdir()}
        assert found == {"model.mindir", *(path.name for path in result.outputs)}


def test_dependencies_are_the_users_own_files(exported):
    expected = [ROOT / "examples" / name for name in ("__init__.py", "digits/__init__.py")]
    expected.append(ROOT / "examples/digits/network.py")
    assert exported["LeNet5"].dependencies == {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in expected
    }
    assert list(exported["Residual"].dependencies) == [str(USER / "nets.py")]


@pytest.mark.parametrize("name", [*SHAPES, "LeNet5"])
def test_files_are_version_1_and_name_their_inputs(exported, name):
    result = exported[name]
    facts = document.describe(document.load(result.mindir))
    assert facts.version == 1
    assert facts.inputs == result.input_facts
    assert facts.operators == result.operators
    if name in SHAPES:
        assert [item.shape for item in facts.inputs] == list(SHAPES[name])
        assert [item.name for item in facts.inputs] == [f"in{i}" for i in range(len(facts.inputs))]


def test_substitutions_are_counted(exported):
    rules = exported["Residual"].rewrites
    assert rules["MaxPool3DWithArgmax"] == rules["AdaptiveAvgPool2D"] == 1
    assert rules.get("InplaceAddExt", 1) == 1  # MindSpore 2.7 exports += as Add
    assert rules["arguments"] > 3
    assert exported["Mobile"].rewrites["Divs"] == 1
    assert exported["Attention"].rewrites["MatMulExt"] == 2


def test_several_inputs_and_outputs(exported):
    first, second = map(np.load, exported["TwoInputs"].outputs)
    assert first.shape == (9, 4)
    assert np.allclose(first.sum(axis=1), 1, atol=1e-6)
    assert second.shape == (9,)
    assert len(np.unique(second)) == 9


def test_bookkeeping_of_the_optimizer_is_skipped_and_told(exported):
    assert exported["optimizer"].skipped == (
        "global_step", "learning_rate", "moment1.fc.bias", "moments.fc.weight",
    )  # fmt: skip
    assert exported["Dense"].skipped == ()


def test_a_checkpoint_with_a_checksum_is_read(exported):
    assert exported["checked"].parameter_count == 20


def test_the_result_is_json(exported):
    for result in exported.values():
        text = json.dumps(result.to_json())
        assert ExportResult.from_json(json.loads(text), result.mindir.parent) == result


def test_the_same_again_is_the_same_byte_for_byte(exported, request_for, tmp_path, monkeypatch):
    """Another process, folder, hash seed and time: nothing of them is in the artefacts."""
    plain = export._environment

    def other(scratch: Path) -> dict[str, str]:
        return {**plain(scratch), "PYTHONHASHSEED": "4711", "OMP_NUM_THREADS": "1"}

    monkeypatch.setattr(export, "_environment", other)
    monkeypatch.chdir(tmp_path)
    for name, request in (("LeNet5", lenet5(tmp_path)), ("Residual", request_for("Residual"))):
        again = export_checkpoint(request, tmp_path / name, deadline_s=120, log=tmp_path / "log")
        first = exported[name]
        assert again.mindir.read_bytes() == first.mindir.read_bytes()
        for one, two in zip(again.outputs, first.outputs, strict=True):
            assert np.allclose(np.load(one), np.load(two), rtol=1e-5, atol=1e-5)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "LeNet5", "Residual", "images.npy", "log",
    ]  # fmt: skip


def test_the_share_of_the_worker_is_small(exported):
    for name in ("Dense", "LeNet5"):
        seconds = exported[name].timings_s
        assert seconds["rewrite"] + seconds["write"] + seconds["network"] < 0.5
