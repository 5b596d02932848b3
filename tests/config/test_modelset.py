"""A set of models: what it may say, and how it is told from a deployment."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.config.document import load
from pipeline.config.errors import ConfigInvalid
from pipeline.config.modelset import ModelSet, is_set


def written(folder: Path, text: str) -> Path:
    path = folder / "set.yaml"
    path.write_text(text)
    return path


def test_paths_and_recipes(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "name: watch\nmodels: [health/deploy.yaml, {deployment: /a/d.yaml, recipe: fp16}]\n",
    )
    found = load(path, ModelSet, "set of models").located(tmp_path)
    assert [(one.deployment, one.recipe) for one in found.models] == [
        (tmp_path / "health/deploy.yaml", None),
        (Path("/a/d.yaml"), "fp16"),
    ]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("name: x\nmodels: [a.yaml]\n", "models"),
        ("name: x\nmodels: a.yaml\n", "models"),
        ("name: a/b\nmodels: [a.yaml, b.yaml]\n", "name"),
        ("name: x\nmodels: [a.yaml, {deployment: b.yaml, recip: fp16}]\n", "recip"),
        ("models: [a.yaml, b.yaml]\n", "name"),
    ],
)
def test_what_is_refused(tmp_path: Path, text: str, word: str) -> None:
    with pytest.raises(ConfigInvalid, match=word):
        load(written(tmp_path, text), ModelSet, "set of models")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name: x\nmodels: [a, b]\n", True),
        ("models:\n", True),
        ("name: x\nmodel: a.onnx\n", False),
        ("[models]", False),
        ("models: [", False),
        ("", False),
    ],
)
def test_a_set_lists_models(tmp_path: Path, text: str, expected: bool) -> None:
    assert is_set(written(tmp_path, text)) is expected


def test_nothing_is_no_set(tmp_path: Path) -> None:
    assert not is_set(None) and not is_set(tmp_path) and not is_set(tmp_path / "none.yaml")
