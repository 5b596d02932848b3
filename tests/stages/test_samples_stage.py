"""Samples as the model reads them, and the calibration set as the converter does."""

from __future__ import annotations

import dataclasses
import json
import os

import numpy as np
import pytest

from pipeline.core.files import sha256_json
from pipeline.core.tensors import TensorFacts
from pipeline.data.errors import (
    CalibrationTooSmall,
    DataInvalid,
    DrawsAlike,
    InputNamesDiffer,
    InputNameUnusable,
    InputShapeMismatch,
)
from pipeline.stages.samples import CalibrationStage, SamplesStage
from pipeline.stages.stage import run_stage
from tests.fakes import IMAGE
from tests.stages.conftest import COUNT, NETWORK_SHAPE, make_dataset

TWO_CHANNELS = TensorFacts("images", "float32", (1, 2, 2, 2), "NHWC")


@pytest.fixture
def calibration(dataset) -> CalibrationStage:
    return CalibrationStage(dataset, (NETWORK_SHAPE,), (IMAGE,), wanted=3, seed=0)


def test_all_samples_lie_in_one_file_in_the_models_layout(tmp_path, store, heard):
    inputs = np.arange(24, dtype=np.float32).reshape(3, 2, 2, 2)
    data = make_dataset(tmp_path / "two", inputs, [0, 1, 0])
    found = run_stage(store, SamplesStage(data, ((1, 2, 2, 2),), (TWO_CHANNELS,)), heard).artefact
    (path,) = found.inputs
    assert path.read_bytes() == inputs.transpose(0, 2, 3, 1).tobytes()
    assert (found.count, found.labels) == (3, data.labels)
    assert heard.lines[-1][-1] == "3 samples"


def test_samples_are_reused_until_data_or_model_change(dataset, store, heard):
    stage = SamplesStage(dataset, (NETWORK_SHAPE,), (IMAGE,))
    first = run_stage(store, stage, heard)
    assert run_stage(store, stage, heard).reused
    for change in (
        {"dataset": dataclasses.replace(dataset, digest="new")},
        {"tensors": (dataclasses.replace(IMAGE, dtype="float16"),)},
        {"tensors": (dataclasses.replace(IMAGE, name="pictures"),)},
        {
            "network_shapes": ((1, 4, 1, 1),),
            "tensors": (dataclasses.replace(IMAGE, shape=(1, 1, 1, 4)),),
        },
    ):
        assert not run_stage(store, dataclasses.replace(stage, **change), heard).reused
    assert run_stage(store, stage, heard).artefact == first.artefact


def test_a_set_with_other_inputs_than_the_model_is_refused(dataset, store, heard):
    stage = SamplesStage(dataset, (NETWORK_SHAPE,), (IMAGE, IMAGE))
    with pytest.raises(DataInvalid, match="1 inputs a sample, the model has 2"):
        run_stage(store, stage, heard)


def test_a_set_of_another_shape_is_refused(dataset, store, heard):
    stage = SamplesStage(dataset, ((1, 1, 28, 28),), (IMAGE,))
    with pytest.raises(InputShapeMismatch, match=r"a sample of data:test is \[1, 2, 2\]"):
        run_stage(store, stage, heard)


def test_a_calibration_set_has_a_folder_an_input_and_a_file_a_sample(
    calibration, inputs, store, heard
):
    found = run_stage(store, calibration, heard).artefact
    assert list(found.folders) == ["images"]
    folder = found.folders["images"]
    names = sorted(os.listdir(folder))
    assert len(names) == found.count == 3
    for name in names:
        number = int(name.removesuffix(".bin"))
        assert name == f"{number:08d}.bin"
        assert (folder / name).read_bytes() == inputs[number].transpose(1, 2, 0).tobytes()
    assert {int(name[:8]) % 3 for name in names} == {0, 1, 2}  # one of each class


def test_names_sort_as_numbers_do(store, heard, tmp_path):
    """The converter takes the first files in the order of their names."""
    data = make_dataset(tmp_path / "many", np.zeros((120, 1, 2, 2), np.float32), None)
    found = run_stage(store, CalibrationStage(data, (NETWORK_SHAPE,), (IMAGE,), 120, 0), heard)
    names = sorted(os.listdir(found.artefact.folders["images"]))
    assert [int(name[:8]) for name in names] == list(range(120))


def test_a_choice_of_samples_depends_on_seed_and_number(calibration, store, heard):
    first = run_stage(store, calibration, heard)
    assert run_stage(store, calibration, heard).reused
    digests = {first.artefact.digest}
    for change in ({"seed": 1}, {"wanted": 4}):
        found = run_stage(store, dataclasses.replace(calibration, **change), heard)
        assert not found.reused
        digests.add(found.artefact.digest)
    assert len(digests) == 3


def test_a_set_without_labels_can_calibrate(tmp_path, inputs, store, heard):
    data = make_dataset(tmp_path / "bare", inputs, None)
    found = run_stage(store, CalibrationStage(data, (NETWORK_SHAPE,), (IMAGE,), 4, 0), heard)
    assert found.artefact.count == 4


def test_too_small_a_set_is_refused(calibration, store, heard):
    stage = dataclasses.replace(calibration, wanted=COUNT + 1)
    with pytest.raises(CalibrationTooSmall, match="has 6 samples, 7 are asked for") as caught:
        run_stage(store, stage, heard)
    assert caught.value.exit_code == 5


@pytest.mark.parametrize("name", ["a,b", "a=b", 'a"b', "a\nb", " a", "a\t"])
def test_a_name_that_the_converter_cannot_read_is_refused(calibration, store, heard, name):
    stage = dataclasses.replace(calibration, tensors=(dataclasses.replace(IMAGE, name=name),))
    with pytest.raises(InputNameUnusable):
        run_stage(store, stage, heard)


@pytest.mark.parametrize("name", ["a:b", "a b", "Default/x-1", "ü"])
def test_other_names_are_fine(calibration, store, heard, name):
    stage = dataclasses.replace(calibration, tensors=(dataclasses.replace(IMAGE, name=name),))
    assert list(run_stage(store, stage, heard).artefact.folders) == [name]


def test_the_choice_is_recorded_with_its_hash(calibration, store, heard):
    outcome = run_stage(store, calibration, heard)
    line = outcome.as_json()["settings"]
    names = sorted(os.listdir(outcome.artefact.folders["images"]))
    assert line["chosen"] == [int(name.removesuffix(".bin")) for name in names]
    assert line["chosen_sha256"] == sha256_json(line["chosen"])
    facts = store.fetch("calibration", outcome.key).facts
    assert (facts["chosen"], facts["names"]) == (line["chosen"], line["chosen"])
    assert facts["names_sha256"] == line["chosen_sha256"]


def test_images_are_recorded_by_their_names(tmp_path, calibration, dataset, store, heard):
    names = [f"{kind}/{number}.png" for kind in "ab" for number in range(3)]
    (tmp_path / "files.json").write_text(json.dumps(names))
    stage = dataclasses.replace(
        calibration, dataset=dataclasses.replace(dataset, files=tmp_path / "files.json")
    )
    outcome = run_stage(store, stage, heard)
    facts = store.fetch("calibration", outcome.key).facts
    assert facts["names"] == [names[row] for row in facts["chosen"]]
    assert outcome.settings["chosen"] == facts["names"]
    # The same arrays by other names are another calibration set.
    assert outcome.key != run_stage(store, calibration, heard).key


def test_draws_are_other_choices_of_as_many(tmp_path, inputs, store, heard):
    many = np.concatenate([inputs] * 10)
    data = make_dataset(tmp_path / "many", many, [number % 3 for number in range(60)])
    first = CalibrationStage(data, (NETWORK_SHAPE,), (IMAGE,), 6, 0)
    draws = first.draws(4)
    assert draws[0] == first
    outcomes = [run_stage(store, stage, heard) for stage in draws]
    chosen = [tuple(outcome.settings["chosen"]) for outcome in outcomes]
    assert len(set(chosen)) == len({outcome.artefact.digest for outcome in outcomes}) == 4
    for rows in chosen:
        assert sorted(row % 3 for row in rows) == [0, 0, 1, 1, 2, 2]
    assert heard.lines[-1][-1] == "6 samples, seed 0, draw 4"
    assert [run_stage(store, stage, heard).reused for stage in first.draws(4)] == [True] * 4


def test_draws_of_the_whole_set_are_refused(calibration, store, heard):
    stage = dataclasses.replace(calibration, wanted=COUNT)
    assert run_stage(store, stage, heard).artefact.count == COUNT
    with pytest.raises(DrawsAlike, match=r"every draw of 6 .* the set has 6") as caught:
        run_stage(store, stage.draws(2)[1], heard)
    assert caught.value.exit_code == 5


def test_inputs_with_names_are_put_into_the_models_order(tmp_path, inputs, dataset, store, heard):
    other = TensorFacts("other", "float32", (1, 5), "NC")
    np.save(tmp_path / "other.npy", np.arange(30, dtype="f4").reshape(COUNT, 5))
    data = dataclasses.replace(
        dataset,
        inputs=(tmp_path / "other.npy", *dataset.inputs),
        sample_shapes=((5,), *dataset.sample_shapes),
        input_names=("other", "images"),
    )
    shapes, tensors = (NETWORK_SHAPE, (1, 5)), (IMAGE, other)
    found = run_stage(store, SamplesStage(data, shapes, tensors), heard).artefact
    assert found.inputs[0].read_bytes() == inputs.transpose(0, 2, 3, 1).tobytes()
    assert found.inputs[1].read_bytes() == np.arange(30, dtype="f4").tobytes()
    chosen = run_stage(store, CalibrationStage(data, shapes, tensors, 2, 0), heard).artefact
    assert {path.stat().st_size for path in chosen.folders["other"].iterdir()} == {20}
    with pytest.raises(InputNamesDiffer, match=r"arrays for other, images; .* are images, words"):
        renamed = (IMAGE, dataclasses.replace(other, name="words"))
        run_stage(store, SamplesStage(data, shapes, renamed), heard)
