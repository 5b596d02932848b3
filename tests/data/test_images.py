"""Folders of images: which there are, in which order, with which labels, and their hash."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from pipeline.config.data import Source
from pipeline.data import images
from pipeline.data.errors import ImagesInvalid, ImageUnusable


def _fill(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    return folder


def _listing(folder: Path, **source: object) -> images.Listing:
    return images.listing(Source(images=folder, **source))


def test_a_folder_is_a_class_and_its_place_in_the_order_the_label(tmp_path):
    _fill(tmp_path, "dog/1.png", "cat/9.png", "cat/10.png", "ant/more/deep.png")
    found = _listing(tmp_path, labels="by_folder")
    assert found.names == ("ant/more/deep.png", "cat/10.png", "cat/9.png", "dog/1.png")
    assert (found.labels, found.classes) == ((0, 1, 1, 2), ("ant", "cat", "dog"))
    assert found.paths[0] == tmp_path / "ant/more/deep.png"


def test_an_empty_folder_is_a_class_too(tmp_path):
    _fill(tmp_path, "a/1.png", "c/1.png")
    (tmp_path / "b").mkdir()
    assert _listing(tmp_path, labels="by_folder").labels == (0, 2)


def test_without_labels_folders_mean_nothing(tmp_path):
    _fill(tmp_path, "b.png", "a/1.png")
    found = _listing(tmp_path)
    assert (found.names, found.labels, found.classes) == (("a/1.png", "b.png"), None, ())


def test_hidden_files_and_folders_are_left_out(tmp_path):
    _fill(tmp_path, "a/1.png", "a/._1.png", ".DS_Store", ".git/x.png", "a/.thumbs/1.png")
    assert _listing(tmp_path, labels="by_folder").names == ("a/1.png",)


def test_a_csv_says_which_images_and_in_which_order(tmp_path):
    _fill(tmp_path, "b.png", "a.png", "unnamed.png")
    (tmp_path / "labels.csv").write_text("b.png,7\na.png,0\n")
    found = _listing(tmp_path, labels=tmp_path / "labels.csv")
    assert (found.names, found.labels) == (("b.png", "a.png"), (7, 0))


def test_links_are_followed_but_not_in_circles(tmp_path):
    _fill(tmp_path / "far", "1.png")
    _fill(tmp_path / "set", "a/0.png")
    (tmp_path / "set/b").symlink_to(tmp_path / "far")
    (tmp_path / "set/a/up").symlink_to(tmp_path / "set")
    found = _listing(tmp_path / "set", labels="by_folder")
    assert found.names == ("a/0.png", "b/1.png")


@pytest.mark.parametrize(
    ("names", "labels", "text"),
    [
        ((".hidden",), None, "there are none"),
        ((), "by_folder", "there are none"),
        (("a/1.png", "readme.txt"), "by_folder", "readme.txt is in no class's folder"),
    ],
)
def test_a_folder_that_is_not_one_of_images_is_told(tmp_path, names, labels, text):
    _fill(tmp_path, *names)
    with pytest.raises(ImagesInvalid, match=text) as caught:
        _listing(tmp_path, labels=labels)
    assert caught.value.exit_code == 5


def test_what_is_no_file_is_told(tmp_path):
    (tmp_path / "lost.png").symlink_to(tmp_path / "nowhere.png")
    with pytest.raises(ImageUnusable, match=r"lost\.png cannot be used: it is not a file"):
        _listing(tmp_path)
    (tmp_path / "lost.png").unlink()
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(ImageUnusable, match=r"pipe\.png"):
        _listing(tmp_path)


def test_a_limit_takes_of_every_class(tmp_path):
    _fill(tmp_path, *(f"{kind}/{at:03}.png" for kind in "abc" for at in range(30)))
    found = _listing(tmp_path, labels="by_folder", limit=10)
    assert sorted(Counter(found.labels).values()) == [3, 3, 4]
    assert found.names == tuple(sorted(found.names))
    assert found == _listing(tmp_path, labels="by_folder", limit=10)
    assert len(_listing(tmp_path, limit=7).names) == 7
    assert len(_listing(tmp_path, limit=1000).names) == 90


def test_the_hash_hangs_on_names_contents_and_labels(tmp_path):
    folder = _fill(tmp_path / "set", "a/1.png", "a/2.png", "b/3.png")
    digests = [images.fingerprint(_listing(folder, labels="by_folder"))]
    assert images.fingerprint(_listing(folder, labels="by_folder")) == digests[0]
    digests.append(images.fingerprint(_listing(folder)))
    (folder / "a/1.png").write_text("A/1.png")
    digests.append(images.fingerprint(_listing(folder, labels="by_folder")))
    (folder / "a/2.png").rename(folder / "a/4.png")
    digests.append(images.fingerprint(_listing(folder, labels="by_folder")))
    (folder / "b").rename(folder / "c")
    digests.append(images.fingerprint(_listing(folder, labels="by_folder")))
    (folder / "c/5.png").write_text("")
    digests.append(images.fingerprint(_listing(folder, labels="by_folder")))
    assert len(set(digests)) == len(digests)
