"""The digits once more, from folders of PNG files: as accurate as from arrays."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image

from examples.digits import data
from pipeline.core.files import sha256_json
from tests.e2e.conftest import DIGITS, ROOT, Called, Cli

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The test and calibration digits as images, a folder a class; and a CSV of the latter."""
    folder = tmp_path_factory.mktemp("digits as images")
    rows = []
    for name, (images, labels) in (("test", data.test()), ("train", data.calibration())):
        for number, (image, label) in enumerate(zip(images, labels, strict=True)):
            path = folder / name / str(label) / f"{number:04}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.round(image[0] * 255).astype(np.uint8)).save(path)
            if name == "train":
                rows.append(f"{path.relative_to(folder / name)},{label}\n")
    (folder / "train.csv").write_text("name,label\n" + "".join(rows))
    return folder


@pytest.fixture(scope="module")
def cli(toolchain: None, tmp_path_factory: pytest.TempPathFactory) -> Cli:
    return Cli(tmp_path_factory.mktemp("runs"))


def _convert(cli: Cli, folder: Path, given: dict[str, Any]) -> Called:
    config = {
        **yaml.safe_load(DIGITS.read_text()),
        "data": {**given, "calibration_samples": 50},
        "recipes": ["fp32", "full-8"],
        "python_path": [str(ROOT)],
    }
    config["network"]["checkpoint"] = str(DIGITS.parent / "lenet5.ckpt")
    (folder / "deploy.yaml").write_text(yaml.safe_dump(config))
    return cli("convert", folder / "deploy.yaml", "--json")


IMAGES = {
    "preprocess": {"color": "gray", "scale": "1/255"},
    "test": {"images": "test", "labels": "by_folder"},
    "calibration": {"images": "train", "labels": "train.csv"},
}
ARRAYS = {"test": "examples.digits.data:test", "calibration": "examples.digits.data:calibration"}


def _stages(done: Called) -> dict[tuple[str, str], Any]:
    manifest = json.loads((Path(done.json["run_folder"]) / "manifest.json").read_text())
    return {(line["stage"], line["subject"]): line for line in manifest["stages"]}


@pytest.fixture(scope="module")
def converted(cli: Cli, folder: Path) -> Called:
    done = _convert(cli, folder, IMAGES)
    assert done.code == 0, done.err
    return done


def test_images_are_as_accurate_as_arrays(cli: Cli, folder: Path, converted: Called) -> None:
    arrays = _convert(cli, folder, ARRAYS)
    assert arrays.code == 0, arrays.err
    right = arrays.json["checkpoint_accuracy_percent"]
    assert right == pytest.approx(99.44, abs=0.01)
    assert converted.json["checkpoint_accuracy_percent"] == right
    for ours, theirs in zip(converted.json["models"], arrays.json["models"], strict=True):
        assert ours["n"] == theirs["n"] == 359
        assert ours["accuracy_percent"] == pytest.approx(theirs["accuracy_percent"], abs=0.3)
    assert converted.json["models"][0]["accuracy_percent"] == pytest.approx(right, abs=1e-3)


def test_the_manifest_names_the_calibration_images(folder: Path, converted: Called) -> None:
    settings = _stages(converted)["calibration", str(folder / "train")]["settings"]
    chosen = settings["chosen"]
    assert len(set(chosen)) == 50
    assert all((folder / "train" / name).is_file() for name in chosen)
    assert sorted(name[0] for name in chosen) == sorted("0123456789" * 5)
    assert settings["chosen_sha256"] == sha256_json(chosen)


def test_only_what_changed_is_decoded_again(cli: Cli, folder: Path, converted: Called) -> None:
    again = _convert(cli, folder, IMAGES)
    assert again.code == 0, again.err
    assert all(line["reused"] for line in _stages(again).values())
    image = folder / "train" / "7" / "extra.png"
    try:
        Image.new("L", (28, 28), 255).save(image)
        done = _convert(cli, folder, {**IMAGES, "calibration": {"images": "train"}})
    finally:
        image.unlink()
    assert done.code == 0, done.err
    lines = _stages(done)
    assert lines["data", "test"]["reused"]
    assert not lines["data", "calibration"]["reused"]


BAD = {
    "a bad image": ("test/3/bad.png", {}, 5, "test/3/bad.png cannot be used"),
    "a folder that is not there": (
        None, {"calibration": {"images": "nowhere"}}, 2, "folder of calibration images not found",
    ),
    "channels elsewhere": (
        None, {"preprocess": {"color": "rgb"}}, 2, "a sample has shape [3, 28, 28]",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("spoilt", "change", "code", "told"), BAD.values(), ids=BAD)
def test_what_cannot_be_used_is_told_in_two_lines(
    cli: Cli, folder: Path, spoilt: str | None, change: dict[str, Any], code: int, told: str
) -> None:
    if spoilt:
        (folder / spoilt).write_text("no image")
    try:
        done = _convert(cli, folder, {**IMAGES, **change})
    finally:
        if spoilt:
            (folder / spoilt).unlink()
    assert done.code == code, done.err
    error, hint = done.err.splitlines()[-2:]
    assert error.startswith("error: ") and told in error
    assert hint.startswith("hint: ")
