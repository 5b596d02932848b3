"""The data stage: fetched once, again when a source file changes, and told when one is missing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.config.data import Preprocess, Source
from pipeline.core.errors import FileMissing
from pipeline.data.errors import DataFunctionFailed, ImageUnusable, LabelsInvalid, PillowMissing
from pipeline.stages import data
from pipeline.stages.data import DataStage
from pipeline.stages.stage import run_stage

_MODULE = "import users_numbers\n\n\ndef test():\n    return users_numbers.some(), None\n"


def _stage(tmp_path: Path, **source: object) -> DataStage:
    return DataStage(Source(**source), (tmp_path,), "test", tmp_path / "logs")


@pytest.fixture
def module(tmp_path: Path) -> Path:
    """A data function; gives the module of numbers that it imports."""
    (tmp_path / "users_data.py").write_text(_MODULE)
    numbers = tmp_path / "users_numbers.py"
    numbers.write_text("import numpy as np\n\n\ndef some():\n    return np.ones((3, 2))\n")
    return numbers


def test_data_are_fetched_again_when_a_module_changes_that_was_imported(
    module, tmp_path, store, heard
):
    stage = _stage(tmp_path, function="users_data:test")
    first = run_stage(store, stage, heard)
    assert (first.artefact.count, first.artefact.sample_shapes) == (3, ((2,),))
    assert run_stage(store, stage, heard).reused
    module.write_text(module.read_text().replace("(3, 2)", "(5, 2)"))
    again = run_stage(store, stage, heard)
    assert (again.reused, again.artefact.count) == (False, 5)
    assert heard.lines[-1][-1] == "5 samples"


def test_data_are_fetched_again_when_a_named_file_changes(module, tmp_path, store, heard):
    extra = tmp_path / "extra.csv"
    extra.write_text("1")
    stage = _stage(tmp_path, function="users_data:test", files=(extra,))
    run_stage(store, stage, heard)
    extra.write_text("2")
    assert not run_stage(store, stage, heard).reused


def test_an_npz_is_fetched_again_when_it_changes(tmp_path, store, heard):
    path = tmp_path / "set.npz"
    np.savez(path, inputs=np.ones((2, 1)))
    stage = _stage(tmp_path, file=path)
    run_stage(store, stage, heard)
    np.savez(path, inputs=np.ones((4, 1)))
    assert run_stage(store, stage, heard).artefact.count == 4


@pytest.mark.parametrize(
    "source",
    [
        {"file": Path("no.npz")},
        {"function": "a:b", "files": (Path("no.npz"),)},
        {"images": Path("set"), "labels": Path("no.npz")},
    ],
)
def test_a_missing_file_is_told_before_any_work(tmp_path, store, heard, source):
    with pytest.raises(FileMissing, match=r"test data not found: no\.npz"):
        run_stage(store, _stage(tmp_path, **source), heard)


def test_the_log_of_a_failure_is_kept(tmp_path, store, heard):
    (tmp_path / "users_broken.py").write_text("def test():\n    print('so far')\n    1 / 0\n")
    with pytest.raises(
        DataFunctionFailed, match=r"users_broken\.py:3: ZeroDivisionError"
    ) as caught:
        run_stage(store, _stage(tmp_path, function="users_broken:test"), heard)
    assert caught.value.log == tmp_path / "logs" / "data-test.log"
    assert "so far" in caught.value.log.read_text()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four images in two folders, and a CSV that names three of them."""
    for number in range(4):
        path = tmp_path / "set" / "ab"[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (4, 4), number).save(path)
    (tmp_path / "labels.csv").write_text("a/0.png,5\nb/1.png,6\na/2.png,5\n")
    return tmp_path / "set"


def _stamp(folder: Path) -> None:
    Image.new("L", (4, 4), 99).save(folder / "a/0.png")


def _add(folder: Path) -> None:
    Image.new("L", (4, 4), 9).save(folder / "a/9.png")


def _rename(folder: Path) -> None:
    (folder / "a/0.png").rename(folder / "a/8.png")


def _move(folder: Path) -> None:
    (folder / "a/0.png").rename(folder / "b/0.png")


@pytest.mark.parametrize("change", [_stamp, _add, _rename, _move])
def test_images_are_decoded_again_when_one_changes_and_else_never(
    folder, tmp_path, store, heard, monkeypatch, change
):
    stage = _stage(tmp_path, images=folder, labels="by_folder")
    first = run_stage(store, stage, heard)
    assert first.artefact.count == 4
    with monkeypatch.context() as patch:
        patch.setattr(data.dataset, "fetch", None)  # whoever calls it now fails
        (folder / "a/0.png").touch()
        (folder / "a/.hidden").write_text("")
        again = run_stage(store, stage, heard)
    assert again.reused and again.artefact == first.artefact
    change(folder)
    assert not run_stage(store, stage, heard).reused


def test_images_are_decoded_again_when_labels_or_preprocessing_change(
    folder, tmp_path, store, heard
):
    named = tmp_path / "labels.csv"
    keys = set()
    for source in (
        {},
        {"labels": "by_folder"},
        {"labels": named},
        {"preprocess": Preprocess(scale=2)},
        {"limit": 3},
        {"limit": 4, "preprocess": Preprocess(color="gray")},
    ):
        keys.add(run_stage(store, _stage(tmp_path, images=folder, **source), heard).key)
    named.write_text("a/0.png,5\nb/1.png,5\na/2.png,5\n")
    keys.add(run_stage(store, _stage(tmp_path, images=folder, labels=named), heard).key)
    assert len(keys) == 7


def test_another_pillow_decodes_again(folder, tmp_path, store, heard, monkeypatch):
    stage = _stage(tmp_path, images=folder)
    key = run_stage(store, stage, heard).key
    monkeypatch.setattr(data.importlib.metadata, "version", lambda name: f"{name} 0.1")
    assert run_stage(store, stage, heard).key != key


def test_pillow_that_is_not_there_is_told(folder, tmp_path, store, heard, monkeypatch):
    def version(name: str) -> str:
        raise data.importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(data.importlib.metadata, "version", version)
    with pytest.raises(PillowMissing) as caught:
        run_stage(store, _stage(tmp_path, images=folder), heard)
    assert (caught.value.exit_code, caught.value.hint) == (4, "pip install pillow")


def test_a_missing_folder_of_images_is_told(tmp_path, store, heard):
    with pytest.raises(FileMissing, match=r"folder of test images not found: .*nowhere"):
        run_stage(store, _stage(tmp_path, images=tmp_path / "nowhere"), heard)


def test_nothing_is_kept_of_a_set_with_a_bad_image(folder, tmp_path, store, heard):
    (folder / "b/3.png").write_text("no image")
    stage = _stage(tmp_path, images=folder)
    with pytest.raises(ImageUnusable, match=r"b/3\.png"):
        run_stage(store, stage, heard)
    Image.new("L", (4, 4)).save(folder / "b/3.png")
    assert run_stage(store, stage, heard).artefact.count == 4


def test_bad_labels_are_told_before_any_image_is_read(folder, tmp_path, store, heard, monkeypatch):
    monkeypatch.setattr(data.dataset, "fetch", None)
    (tmp_path / "labels.csv").write_text("a/7.png,1\n")
    with pytest.raises(LabelsInvalid, match=r"labels\.csv:1: there is no image a/7\.png"):
        run_stage(store, _stage(tmp_path, images=folder, labels=tmp_path / "labels.csv"), heard)
