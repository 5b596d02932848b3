"""Right answers are counted, and what cannot be counted is told."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.data.errors import DataInvalid
from pipeline.stages.convert import Model
from pipeline.stages.evaluate import EvaluateStage, count_correct, labels_digest
from pipeline.stages.parity import Parity
from pipeline.stages.samples import Samples, SamplesStage
from pipeline.stages.stage import run_stage
from pipeline.toolchain.errors import ModelUnusable
from tests.fakes import IMAGE, SCORES, fake_toolchain, model_bytes
from tests.stages.conftest import NETWORK_SHAPE

SCORES_OF_FOUR = np.array([[1, 2, 3], [3, 2, 1], [0, 5, 1], [1, 1, 9]], np.float32)


@pytest.mark.parametrize(
    ("labels", "correct"), [([2, 0, 1, 2], 4), ([2, 0, 1, 0], 3), ([0, 1, 2, 1], 0)]
)
def test_right_answers_are_counted(labels, correct):
    assert count_correct(SCORES_OF_FOUR, np.array(labels)) == correct


@pytest.mark.parametrize("shape", [(4, 1, 3), (4, 3, 1, 1)])
def test_scores_may_have_more_dimensions(shape):
    assert count_correct(SCORES_OF_FOUR.reshape(shape), np.array([2, 0, 1, 2])) == 4


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_sample_with_a_value_that_is_no_number_is_never_right(value):
    for place in ((0, 2), (0, 0)):
        broken = SCORES_OF_FOUR.copy()
        broken[place] = value
        assert count_correct(broken, np.array([2, 0, 1, 2])) == 3


def test_of_equal_scores_the_first_counts():
    assert count_correct(np.ones((3, 3)), np.array([0, 1, 2])) == 1


def test_a_label_that_has_no_score_is_told():
    with pytest.raises(DataInvalid, match="label 3 and only 3 scores a sample"):
        count_correct(SCORES_OF_FOUR, np.array([2, 0, 1, 3]))


@given(labels=st.lists(st.integers(0, 4), min_size=1, max_size=30).map(np.array))
def test_perfect_scores_are_all_right_and_turned_ones_all_wrong(labels):
    scores = np.eye(5)[labels]
    assert count_correct(scores, labels) == len(labels)
    assert count_correct(-scores, labels) == 0


@pytest.fixture
def samples(store, heard, dataset) -> Samples:
    return run_stage(store, SamplesStage(dataset, (NETWORK_SHAPE,), (IMAGE,)), heard).artefact


@pytest.fixture
def stage(tmp_path: Path, samples: Samples) -> EvaluateStage:
    path = tmp_path / "model.ms"
    path.write_bytes(model_bytes())
    parity = Parity(1, 1.0, 1.0, 0.0, 0.0, 0, 1.0)
    model = Model("fp32", path, "hash", 1, (IMAGE,), (SCORES,), parity)
    return EvaluateStage(model, samples, labels_digest(samples), fake_toolchain(tmp_path / "lite"))


def test_a_model_is_evaluated_on_all_samples_in_one_process(stage, store, heard, inputs):
    found = run_stage(store, stage, heard).artefact
    expected = inputs.reshape(6, 4)[:, :3].argmax(axis=1) == np.array([0, 1, 2, 0, 1, 2])
    assert (found.correct, found.n) == (expected.sum(), 6)
    assert found.percent == pytest.approx(100 * expected.mean())
    assert found.samples_per_s == 1_000_000.0  # the fake says a microsecond each
    assert np.fromfile(found.outputs, "f4").tolist() == inputs.reshape(6, 4)[:, :3].ravel().tolist()
    assert heard.lines[-1][-1] == f"{found.percent:.2f} % of 6"


def test_an_evaluation_is_reused_until_model_samples_labels_or_tools_change(stage, store, heard):
    run_stage(store, stage, heard)
    assert run_stage(store, stage, heard).reused
    for change in (
        {"model": dataclasses.replace(stage.model, sha256="other")},
        {"samples": dataclasses.replace(stage.samples, digest="other")},
        {"labels_digest": "other"},
        {"toolchain": dataclasses.replace(stage.toolchain, identity="other")},
    ):
        assert not run_stage(store, dataclasses.replace(stage, **change), heard).reused


def test_a_test_set_without_labels_is_told(stage, store, heard):
    bare = dataclasses.replace(stage, samples=dataclasses.replace(stage.samples, labels=None))
    with pytest.raises(DataInvalid, match="it has no labels"):
        run_stage(store, bare, heard)
    assert labels_digest(bare.samples) == ""


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"keep": 30}, "30 bytes of outputs, expected 72"), ({"keep": 0}, "0 bytes of outputs")],
)
def test_outputs_that_are_not_whole_are_told(stage, store, heard, changes, reason):
    stage.model.path.write_bytes(model_bytes(**changes))
    with pytest.raises(ModelUnusable, match=reason):
        run_stage(store, stage, heard)


def test_a_runner_that_writes_no_outputs_is_told(stage, store, heard, tmp_path):
    forget = "rm $(echo $* | sed 's/.*--outputsFile=//; s/ .*//')"
    runner = f"'{stage.toolchain.runner}' \"$@\"\n{forget}"
    forgetful = fake_toolchain(tmp_path / "forgetful", runner=runner)
    with pytest.raises(ModelUnusable, match="No such file"):
        run_stage(store, dataclasses.replace(stage, toolchain=forgetful), heard)
