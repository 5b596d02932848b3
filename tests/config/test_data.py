"""The data of a deployment: every kind of source, and what no source can be."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config import places
from pipeline.config.data import Color, Data, Layout, Preprocess, ResizeMethod, Source
from pipeline.config.deployment import Deployment
from pipeline.config.document import load
from pipeline.config.errors import ConfigInvalid
from pipeline.config.schema import schema
from tests.config.conftest import GOOD, Write

HEAD, _, _ = GOOD.partition("data:\n")
FULL = """\
preprocess: {color: bgr, resize: 256, center_crop: [224, 224], scale: 1/255,
  mean: [0.5, 0.4, 0.3], std: [0.2, 0.2, 0.2], layout: nhwc, resize_method: bicubic}
test: {images: val, labels: by_folder, limit: 500}
calibration: {images: train, preprocess: {resize: [24, 32]}}
calibration_draws: 5
"""


def _data(write: Write, text: str) -> Data:
    path = write(HEAD + "data:\n" + textwrap.indent(text, "  "))
    return places.deployment(path).deployment.data


def test_images_are_preprocessed_as_said(write, tmp_path):
    data = _data(write, FULL)
    assert data.test.images == tmp_path / "val"
    assert (data.test.labels, data.test.label_file, data.test.limit) == ("by_folder", None, 500)
    assert data.calibration_draws == 5
    how = data.test.preprocess
    assert how == data.preprocess
    assert (how.color, how.layout) == (Color.BGR, Layout.NHWC)
    assert (how.resize, how.center_crop) == ((256,), (224, 224))
    assert how.resize_method is ResizeMethod.BICUBIC
    assert how.scale == 1 / 255
    assert (how.mean, how.std, how.channels) == ((0.5, 0.4, 0.3), (0.2, 0.2, 0.2), 3)


def test_a_sources_own_preprocessing_stands_for_the_whole(write, tmp_path):
    source = _data(write, FULL).calibration
    assert source.images == tmp_path / "train"
    assert source.preprocess == Preprocess(resize=[24, 32])
    assert (source.labels, source.limit) == (None, None)


def test_what_is_left_out_is_not_done():
    how = Preprocess()
    assert (how.resize, how.center_crop, how.scale, how.mean, how.std) == (
        None, None, 1.0, (0.0,), (1.0,),
    )  # fmt: skip


def test_arrays_and_functions_get_no_preprocessing(write):
    data = _data(write, "preprocess: {scale: 1/255}\ntest: a:b\ncalibration: {images: train}\n")
    assert data.test.preprocess is None
    assert data.calibration.preprocess.scale == 1 / 255


def test_files_of_labels_start_at_the_configurations_folder(write, tmp_path):
    data = _data(
        write,
        "test: {file: x.npy, labels: y.npy}\ncalibration: {images: set, labels: set/labels.csv}\n",
    )
    assert (data.test.file, data.test.labels) == (tmp_path / "x.npy", tmp_path / "y.npy")
    assert data.calibration.label_file == tmp_path / "set/labels.csv"


BAD = {
    "images without labels for a test": ("test: {images: val}", "a test set needs labels"),
    "an .npy without labels for a test": ("test: x.npy", "a test set needs labels"),
    "two kinds of source": ("test: {images: a, file: b.npz}", "give either"),
    "labels of an .npz": ("test: {file: a.npz, labels: y.npy}", "others bring their own"),
    "labels of a function": ("test: {function: 'a:b', labels: y.npy}", "others bring their own"),
    "classes of an .npy": ("test: {file: a.npy, labels: by_folder}", "is for images only"),
    "pixels of a function": (
        "test: {function: 'a:b', preprocess: {scale: 1}}", "`preprocess:` is for images only",
    ),
    "pixels of nothing": ("test: a:b\npreprocess: {scale: 1}", "and no source has any"),
    "a limit of nothing": ("test: {file: a.npz, limit: 0}", "greater than or equal to 1"),
    "no draws": ("test: a.npz\ncalibration_draws: 0", "greater than or equal to 1"),
    "labels that are a number": ("test: {images: a, labels: 5}", "data.test.labels"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "problem"), BAD.values(), ids=BAD)
def test_data_that_cannot_be_is_refused(write, text, problem):
    with pytest.raises(ConfigInvalid) as caught:
        _data(write, text)
    assert problem in str(caught.value)
    assert caught.value.exit_code == 2


BAD_PIXELS = {
    "an unknown key": ("centre_crop: 5", "is not a known key", "center_crop"),
    "an unknown color": ("color: cmyk", "'rgb', 'bgr' or 'gray'", None),
    "no side": ("resize: 0", "greater than or equal to 1", None),
    "too long a side": ("resize: [8193, 5]", "less than or equal to 8192", None),
    "three sides": ("resize: [1, 2, 3]", "at most 2 items", None),
    "no sides": ("center_crop: []", "at least 1 item", None),
    "a yes for a side": ("resize: yes", "valid integer", None),
    "a fraction of a side": ("resize: 1.5", "tuple", None),
    "two means": ("mean: [1, 2]", "`mean` has 2 numbers for 3 channels", None),
    "means of gray": ("color: gray, mean: [1, 2, 3]", "3 numbers for 1 channels", None),
    "a deviation of nothing": ("std: [1, 0, 1]", "are above 0", None),
    "a scale of nothing": ("scale: 0", "are above 0", None),
    "through nothing": ("scale: 1/0", "1/0 is no number", None),
    "a sum for a scale": ("scale: 1+1", "valid number", None),
    "infinity": ("mean: [.inf]", "finite number", None),
    "no number": ("scale: .nan", "finite number", None),
    "out of float32": ("scale: 1.0e+37", "out of what float32 can hold", None),
    "far out of float32": ("std: [1.0e-300]", "out of what float32 can hold", None),
}  # fmt: skip


@pytest.mark.parametrize(("text", "problem", "meant"), BAD_PIXELS.values(), ids=BAD_PIXELS)
def test_preprocessing_that_cannot_be_is_refused(write, text, problem, meant):
    with pytest.raises(ConfigInvalid) as caught:
        _data(write, f"test: {{images: a, labels: by_folder, preprocess: {{{text}}}}}")
    assert problem in str(caught.value)
    assert caught.value.line == 8
    assert caught.value.suggestion == meant


def test_a_bad_key_of_the_shared_preprocessing_is_told_in_its_line(write):
    with pytest.raises(ConfigInvalid, match=r"deploy\.yaml:9: `data.preprocess.colour`") as caught:
        _data(write, "test: {images: a, labels: by_folder}\npreprocess: {colour: rgb}")
    assert caught.value.suggestion == "color"


@given(over=st.integers(1, 999), under=st.integers(1, 999), blank=st.sampled_from(["", " "]))
def test_a_fraction_is_its_quotient(over, under, blank):
    assert Preprocess(scale=f"{over}{blank}/{blank}{under}").scale == over / under
    assert Preprocess(mean=[f"-{over}.5/{under}"]).mean == (-(over + 0.5) / under,)


sides = st.one_of(
    st.none(), st.integers(1, 64), st.lists(st.integers(1, 64), min_size=2, max_size=2)
)
ways = st.builds(
    Preprocess,
    color=st.sampled_from(Color),
    resize=sides,
    center_crop=sides,
    scale=st.floats(1e-3, 10),
    mean=st.lists(st.floats(-9, 9), min_size=1, max_size=1),
    layout=st.sampled_from(Layout),
)


@given(how=ways, labels=st.sampled_from([None, "by_folder", Path("a.csv")]))
def test_a_source_survives_as_json(how, labels):
    """So does it come to the process that reads the images."""
    source = Source(images=Path("set"), labels=labels, preprocess=how)
    assert Source.model_validate_json(source.model_dump_json()) == source


def test_the_schema_has_the_short_forms():
    parts = schema("deployment")["$defs"]
    assert [each["type"] for each in parts["Source"]["anyOf"]] == ["string", "object"]
    how: dict[str, Any] = parts["Preprocess"]["properties"]
    side, many, _ = how["resize"]["anyOf"]
    assert (side["type"], many["type"], many["maxItems"]) == ("integer", "array", 2)
    assert [each["type"] for each in how["scale"]["anyOf"]] == ["number", "string"]
    assert how["color"]["$ref"].endswith("/Color")
    assert parts["Color"]["enum"] == ["rgb", "bgr", "gray"]


def test_a_deployment_of_images_loads(write):
    path = write(HEAD + "data:\n" + textwrap.indent(FULL, "  "))
    assert load(path, Deployment, "configuration").data.test.images == Path("val")
