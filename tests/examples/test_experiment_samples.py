"""The images of the experiment, and one real run of it on files like MNIST's."""

from __future__ import annotations

import gzip
import json
import os
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from device.device import Where
from examples.digits import data
from examples.experiment.samples import ImagesUnusable, prepare
from examples.experiment.session import measured

ROOT = Path(__file__).parents[2]
STEMS = {"train": "train", "test": "t10k"}


def idx(array: Any) -> bytes:
    """An IDX file of unsigned bytes."""
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()


def write(folder: Path, split: str, images: Any, labels: Any, packed: bool = False) -> None:
    folder.mkdir(exist_ok=True)
    for array, kind in ((images, "images-idx3"), (labels, "labels-idx1")):
        path = folder / f"{STEMS[split]}-{kind}-ubyte"
        content = idx(array.astype(np.uint8))
        if packed:
            path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(content))
        else:
            path.write_bytes(content)


def digits(count: int, side: int = 28) -> tuple[Any, Any]:
    """So many real digits of every class as bytes, and their labels."""
    images, labels = data.train()
    rows = np.concatenate([np.flatnonzero(labels == digit)[:count] for digit in range(10)])
    return (images[rows, 0, :side] * 255).round(), labels[rows]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    given = tmp_path / "given"
    write(given, "train", *digits(30), packed=True)
    write(given, "test", *digits(4))
    return given


def sets(samples: Any) -> dict[str, Any]:
    return {
        name: dict(np.load(samples.file(name)))
        for name in ("train", "validation", "calibration", "test")
    }


def test_given_files_become_sets_that_do_not_overlap(folder: Path, tmp_path: Path) -> None:
    samples = prepare(tmp_path / "made", folder)
    assert samples.name == "MNIST"
    found = sets(samples)
    assert {name: len(one["labels"]) for name, one in found.items()} == {
        "train": 240,
        "validation": 60,
        "calibration": 100,
        "test": 40,
    }
    inside = {name: {image.tobytes() for image in one["inputs"]} for name, one in found.items()}
    assert not inside["train"] & inside["validation"]
    assert inside["calibration"] <= inside["train"]
    for one in found.values():
        assert one["inputs"].dtype == np.float32 and one["inputs"].shape[1:] == (1, 28, 28)
        assert one["inputs"].max() <= 1 and set(one["labels"]) == set(range(10))


def test_the_same_images_are_written_once(folder: Path, tmp_path: Path) -> None:
    first = prepare(tmp_path / "made", folder)
    stamp = first.file("train").stat().st_mtime_ns
    assert prepare(tmp_path / "made", folder) == first
    assert first.file("train").stat().st_mtime_ns == stamp
    own = prepare(tmp_path / "made", None)
    assert own.name == "digits" and own.digest != first.digest
    assert len(sets(own)["test"]["labels"]) == 359


def without(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def swapped(images: Any, labels: Any) -> Callable[[Path], None]:
    return lambda folder: write(folder, "test", images, labels)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (without("t10k-labels-idx1-ubyte"), "neither t10k-labels-idx1-ubyte nor"),
        (without("train-images-idx3-ubyte.gz"), "neither train-images-idx3-ubyte nor"),
        (swapped(*digits(4, side=20)), "they have 20x28 pixels, not 28x28"),
        (swapped(digits(4)[0], digits(4)[1] // 2), "their labels are not 0 to 9"),
        (swapped(digits(4)[0], digits(4)[1][:-1]), "40 images"),
        (
            lambda f: (f / "t10k-images-idx3-ubyte").write_bytes(b"\x00\x00\x08\x03"),
            "is cut short",
        ),
        (lambda f: (f / "train-images-idx3-ubyte.gz").write_bytes(b"hello"), "not a whole gzip"),
    ],
)
def test_unusable_files_are_told(
    folder: Path, tmp_path: Path, spoil: Callable[[Path], None], words: str
) -> None:
    spoil(folder)
    with pytest.raises(ImagesUnusable) as caught:
        prepare(tmp_path / "made", folder)
    assert words in caught.value.message and caught.value.exit_code == 5
    assert not (tmp_path / "made").exists()


def call(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "examples.experiment", *map(str, words)],
        cwd=ROOT,
        env={key: value for key, value in os.environ.items() if key != "MSLITE_HOME"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def test_wrong_folders_end_with_a_message(tmp_path: Path) -> None:
    done = call("--data", tmp_path, "--work", tmp_path / "work")
    assert done.returncode == 5 and "hint: give a folder with the four IDX files" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_a_real_run_is_told_kept_and_not_repeated(folder: Path, tmp_path: Path) -> None:
    work, readme = tmp_path / "work", tmp_path / "page.md"
    readme.write_text("# Page\n<!-- experiment -->\n<!-- /experiment -->\n")
    words: list[object] = ["--data", folder, "--work", os.path.relpath(work, ROOT)]
    words += ["--readme", readme, "--seeds", 1, "--epochs", 4, "--recipes", "codebook-1"]
    done = call(*words)
    assert done.returncode == 0, done.stderr
    results = json.loads((work / "mnist" / "results.json").read_text())
    assert [one["augmentation"] for one in results] == ["none", "moved"]
    for one in results:
        assert one["n"] == 40 and one["tuned_bytes"] < one["float_bytes"] / 10
        assert one["quantized_percent"] < one["tuned_percent"]
        assert one["quantized_model"] != one["tuned_model"]
        assert (work / "mnist" / one["tuned_model"]).stat().st_size == one["tuned_bytes"]
    assert "| 1 bit, codebook |" in readme.read_text()
    assert "<svg" in (work / "mnist" / "report.html").read_text()
    again = call(*words)
    assert again.returncode == 0 and "codebook-1.none.seed-1" not in again.stderr
    kept = work / "mnist"
    models = {name: kept / results[0][f"{name}_model"] for name in ("quantized", "tuned")}
    found = measured(models, tmp_path / "session", emulate=True)
    assert [len(one.runs) for one in found.values()] == [20, 20]
    assert {one.facts.where for one in found.values()} == {Where.EMULATED_HOST}
