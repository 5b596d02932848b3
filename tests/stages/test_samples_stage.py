"""Samples as the model reads them, and the calibration set as the converter does."""

from __future__ import annotations

import dataclasses
import os

import numpy as np
import pytest

from pipeline.core.tensors import TensorFacts
from pipeline.data.errors import (
    CalibrationTooSmall,
    DataInvalid,
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
