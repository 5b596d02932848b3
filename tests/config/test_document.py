"""YAML is read safely, and what is wrong with it is told with its line."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.config.deployment import Deployment
from pipeline.config.document import load, parse
from pipeline.config.errors import ConfigInvalid, ConfigSyntax
from pipeline.config.recipe import Recipe
from pipeline.core.errors import ExitCode, FileMissing, UsageError, one_line
from tests.config.conftest import GOOD


def _load(path: Path) -> Deployment:
    return load(path, Deployment, "configuration")


def test_a_good_file_is_read(write):
    deployment = _load(write(GOOD))
    assert deployment.name == "digits"
    assert deployment.inputs[0].shape == (1, 1, 28, 28)
    assert deployment.data.test.function == "data:test"
    assert deployment.data.calibration.file == Path("more.npz")


def test_what_is_left_out_has_its_documented_value(write):
    deployment = _load(write(GOOD.replace("recipes: [fp32, full-8]\n", "")))
    assert deployment.recipes == ("fp32", "fp16", "weight-8", "full-8")
    assert (deployment.parity_samples, deployment.python_path) == (64, (Path(),))
    assert (deployment.data.calibration_samples, deployment.data.seed) == (100, 0)
    assert (deployment.limits.accuracy_drop_points, deployment.limits.min_cosine) == (None, 0.9)
    assert (deployment.toolchain, deployment.hdc) == (None, None)
    assert deployment.inputs[0].dtype == "float32"


@pytest.mark.parametrize(
    ("old", "new", "allowed"),
    [
        ("28, 28", f"28, {2**31 - 1}", True),
        ("28, 28", f"28, {2**31}", False),
        ("28, 28", "1, 1, 1, 1, 1, 1", True),
        ("28, 28", "1, 1, 1, 1, 1, 1, 1", False),
        ("name: images", "name: " + "i" * 128, True),
        ("name: images", "name: " + "i" * 129, False),
        ("name: images", "name: ''", False),
        ("name: digits", "name: " + "d" * 64, True),
        ("recipes:", "parity_samples: 2\nrecipes:", True),
        ("recipes:", "parity_samples: 65536\nrecipes:", True),
        ("recipes:", "parity_samples: 65537\nrecipes:", False),
        ("data:\n", "data:\n  calibration_samples: 65535\n", True),
        ("data:\n", "data:\n  calibration_samples: 65536\n", False),
    ],
)
def test_what_is_allowed_ends_where_it_should(write, old, new, allowed):
    path = write(GOOD.replace(old, new))
    assert (_refusal(lambda: _load(path)) is None) is allowed


@pytest.mark.parametrize(
    ("text", "function", "file"),
    [
        ("data:test", "data:test", None),
        ("package.module:Class", "package.module:Class", None),
        ("more.npz", None, "more.npz"),
        ("folder/more.npz", None, "folder/more.npz"),
        ("odd:name.npz", None, "odd:name.npz"),
        ("/a/b:c", None, "/a/b:c"),
    ],
)
def test_one_word_for_a_source_is_a_function_or_a_file(write, text, function, file):
    test = _load(write(GOOD.replace("data:test", text))).data.test
    assert (test.function, test.file) == (function, Path(file) if file else None)


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
LONG_TEXTS = "a: &a " + "x" * 100_000 + "\nb: [" + "*a, " * 10_000 + "]\n"
LONG_KEYS = "a: &a " + "x" * 100_000 + "\nb: [" + "{*a : 1}, " * 10_000 + "]\n"
MERGES = "a: &a {x: 1}\n" + "".join(
    f"{new}: &{new} {{<<: [{', '.join([f'*{old}'] * 9)}]}}\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)

BAD_YAML = {
    "an open bracket": ("name: [1, 2\n", 2, "expected ',' or ']'"),
    "an open quote": ("name: 'digits\nnetwork:\n", 3, "end of stream"),
    "a tab for indentation": ("network:\n\tfactory: a:b\n", 2, "cannot start any token"),
    "two colons": ("name: a: b\n", 1, "mapping values are not allowed"),
    "a wrong indentation": ("network:\n    factory: a:b\n  checkpoint: c\n", 3, "expected <block"),
    "an unknown alias": ("name: *nobody\n", 1, "undefined alias"),
    "a key twice": ("name: a\nrecipes: [fp32]\nname: b\n", 3, "the key `name` stands twice"),
    "an inner key twice": ("network: {factory: a:b, factory: c:d}\n", 1, "`factory` stands twice"),
    "a list for a key": ("name: a\n? [a, b]\n: 1\n", 2, "a key is one word"),
    "two documents": ("name: a\n---\nname: b\n", 2, "but found another document"),
    "a Python object": ("name: a\nx: !!python/object/apply:os.system [ls]\n", 2, "python/object"),
    "a Python name": ("x: !!python/name:os.system\n", 1, "python/name"),
    "a tag of one's own": ("x: !mine 1\n", 1, "!mine"),
    "no number": ("x: !!int ''\n", 1, "a value cannot be read"),
    "no truth": ("x: !!bool maybe\n", 1, "a value cannot be read"),
    "no time": ("x: !!timestamp soon\n", 1, "a value cannot be read"),
    "a day that is none": ("x: 2001-99-99\n", 1, "a value cannot be read"),
    "a zero byte": (b"name: a\nx: \0\n", 2, "special characters are not allowed"),
    "no UTF-8": (b"name: a\nx: \xff\n", 2, "not UTF-8 text"),
    "UTF-16": ("name: a".encode("utf-16"), 1, "not UTF-8 text"),
    "a checkpoint": (b"\n\x0f\n\x04conv" + bytes(range(256)), 4, "not UTF-8"),
    "too many bytes": ("# " + "x" * (1 << 18), 1, "larger than 256 KiB"),
    "too many brackets": ("x: " + "[" * 100 + "]" * 100, 1, "nested too deeply"),
    "far too many brackets": ("[" * 50_000, 1, "nested too deeply"),
    "an alias of itself": ("a: &a [*a]\n", 1, "nested too deeply"),
    "a billion laughs": (BOMB, 1, "multiply without end"),
    "an alias of a long text, often": (LONG_TEXTS, 1, "multiply without end"),
    "an alias of a long key, often": (LONG_KEYS, 2, "multiply without end"),
    "merges of merges": (MERGES, 1, "multiply without end"),
    "a bomb for a key": (BOMB + "? *i\n: 1\n", None, ""),
}  # fmt: skip


@pytest.mark.parametrize(("content", "line", "problem"), BAD_YAML.values(), ids=BAD_YAML)
def test_bad_yaml_is_told_with_its_line(write, content, line, problem):
    started = time.monotonic()
    with pytest.raises(ConfigSyntax) as caught:
        _load(write(content))
    assert time.monotonic() - started < 10
    error = caught.value
    assert problem in error.problem
    assert line in (None, error.line)
    assert str(error).startswith(f"{error.path}:{error.line}: not valid YAML: ")
    assert error.exit_code is ExitCode.USAGE
    assert len(error.message) < 500


def test_aliases_and_merges_as_people_use_them_are_fine(write):
    value, _ = parse(write("a: &a {x: 1, y: [1, 2]}\nb: {<<: *a, z: 3}\nc: *a\n"))
    assert value["b"] == {"x": 1, "y": [1, 2], "z": 3}
    assert value["c"] == value["a"]


@pytest.mark.parametrize("content", ["", "\n\n", "# nothing but a comment\n", "---\n", "﻿"])
def test_an_empty_file_misses_everything(write, content):
    with pytest.raises(ConfigInvalid, match=r"deploy.yaml:[12]: `name` is missing \(and 1 more\)"):
        _load(write(content))


def _edited(old: str, new: str) -> str:
    assert GOOD.count(old) == 1
    return GOOD.replace(old, new)


INVALID = {
    "an unknown key": (
        _edited("recipes:", "recipies:"),
        10,
        "`recipies` is not a known key",
        "recipes",
    ),
    "an unknown inner key": (
        _edited("  checkpoint:", "  chekpoint:"),
        4,
        "`network.chekpoint`",
        "checkpoint",
    ),
    "an unknown key of an item": (_edited("shape:", "shap:"), 6, "`inputs.0.shap`", "shape"),
    "an unknown key of the data": (
        _edited("  calibration:", "  calibratoin:"),
        9,
        "`data.calibratoin`",
        "calibration",
    ),
    "a key like no other": (GOOD + "zzz: 1\n", 11, "`zzz` is not a known key", None),
    "a missing key": (
        _edited("  checkpoint: lenet5.ckpt\n", ""),
        2,
        "`network.checkpoint` is missing",
        None,
    ),
    "a missing section": (GOOD.partition("data:")[0], 1, "`data` is missing", None),
    "a text for a section": (
        _edited(
            "network:\n  factory: network:lenet5\n  checkpoint: lenet5.ckpt", "network: lenet5"
        ),
        2,
        "`network`",
        None,
    ),
    "a list for the whole": ("- 1\n- 2\n", 1, "valid dictionary", None),
    "a text for the whole": ("digits\n", 1, "valid dictionary", None),
    "a number for a name": (
        _edited("name: digits", "name: 5"),
        1,
        "`name` Input should be a valid string",
        None,
    ),
    "a name that is no file's": (_edited("name: digits", "name: a/b"), 1, "it names files", None),
    "a name with a line break": (
        _edited("name: digits", 'name: "digits\\n"'),
        1,
        "it names files",
        None,
    ),
    "a name of 65 letters": (_edited("digits", "d" * 65), 1, "it names files", None),
    "no inputs": (
        _edited("\n  - {name: images, shape: [1, 1, 28, 28]}", " []"),
        5,
        "`inputs`",
        None,
    ),
    "a text in a shape": (_edited("28, 28", "28, wide"), 6, "`inputs.0.shape.3`", None),
    "a nought in a shape": (_edited("28, 28", "28, 0"), 6, "`inputs.0.shape.3`", None),
    "a fraction in a shape": (_edited("28, 28", "28, 2.5"), 6, "`inputs.0.shape.3`", None),
    "a size beyond all measure": (
        _edited("28, 28", f"28, {10**30}"),
        6,
        "`inputs.0.shape.3`",
        None,
    ),
    "an empty shape": (_edited("[1, 1, 28, 28]", "[]"), 6, "`inputs.0.shape`", None),
    "an unknown type": (_edited("28]}", "28], dtype: float8}"), 6, "`inputs.0.dtype`", None),
    "two inputs of a name": (
        _edited("inputs:\n", "inputs:\n  - {name: images, shape: [1]}\n"),
        1,
        "input named twice: images",
        None,
    ),
    "a recipe twice": (
        _edited("[fp32, full-8]", "[fp32, fp32]"),
        1,
        "recipe named twice: fp32",
        None,
    ),
    "no recipes": (_edited("[fp32, full-8]", "[]"), 10, "`recipes`", None),
    "a factory without colon": (
        _edited("network:lenet5", "network.lenet5"),
        3,
        "`network.factory`",
        None,
    ),
    "a factory with a path": (
        _edited("network:lenet5", "./network.py:lenet5"),
        3,
        "`network.factory`",
        None,
    ),
    "a source that is both": (
        _edited("data:test", "{function: a:b, file: c.npz}"),
        8,
        "give either",
        None,
    ),
    "a source that is neither": (_edited("data:test", "{}"), 8, "give either", None),
    "no calibration samples": (
        _edited("data:\n", "data:\n  calibration_samples: 0\n"),
        8,
        "calibration_samples",
        None,
    ),
    "a seed below zero": (_edited("data:\n", "data:\n  seed: -1\n"), 8, "`data.seed`", None),
    "a limit that is no number": (
        GOOD + "limits: {accuracy_drop_points: .nan}\n",
        11,
        "finite",
        None,
    ),
    "a limit without end": (GOOD + "limits: {accuracy_drop_points: .inf}\n", 11, "finite", None),
    "a cosine above one": (GOOD + "limits: {min_cosine: 1.5}\n", 11, "`limits.min_cosine`", None),
    "an argument that is no JSON": (
        _edited("lenet5.ckpt\n", "lenet5.ckpt\n  arguments: {day: 2001-01-01}\n"),
        5,
        "JSON",
        None,
    ),
    "an argument that is infinite": (
        _edited("lenet5.ckpt\n", "lenet5.ckpt\n  arguments: {x: [.inf]}\n"),
        5,
        "finite",
        None,
    ),
    "one sample for parity": (GOOD + "parity_samples: 1\n", 11, "`parity_samples`", None),
    "a number for a key": (GOOD + "7: x\n", 1, "Keys should be strings", None),
}


@pytest.mark.parametrize(("content", "line", "text", "suggestion"), INVALID.values(), ids=INVALID)
def test_what_cannot_be_used_is_told_with_its_line_and_the_nearest_key(
    write, content, line, text, suggestion
):
    with pytest.raises(ConfigInvalid) as caught:
        _load(write(content))
    error = caught.value
    assert text in error.message
    assert line in (None, error.line)
    assert error.suggestion == suggestion
    assert (f"`{suggestion}`" if suggestion else "pipeline schema") in error.hint
    assert error.exit_code is ExitCode.USAGE


def test_the_first_of_several_problems_is_told_and_the_rest_counted(write):
    with pytest.raises(ConfigInvalid, match=r"\(and 2 more\)"):
        _load(write(_edited("name: digits", "name: 5") + "zzz: 1\nseed: 2\n"))


@pytest.mark.parametrize("name", ["deploy.yaml", "a/deploy.yaml", "folder", "x" * 300])
def test_a_file_that_is_not_there_is_told(tmp_path, name):
    (tmp_path / "folder").mkdir()
    with pytest.raises(FileMissing, match=f"configuration not found: {tmp_path / name}"):
        _load(tmp_path / name)


def _refusal(read: Callable[[], object]) -> UsageError | None:
    """The error that reading ends with; any other passes and fails the test."""
    try:
        read()
    except UsageError as error:
        return error
    return None


tokens = st.lists(
    st.sampled_from(
        ["a", "name", "network", ": ", ":", "- ", "\n", "\n  ", "[", "]", "{", "}", ", ", "&a ",
         "*a", "<<: ", "? ", "!!bool ", "!!int ", "!!float ", "!!timestamp ", "!!binary ",
         "!!set ", "!!omap ", "!!str ", "!!python/object:x ", "!x ", "'", '"', "|", ">", "#",
         "---", "...", "%YAML 1.1", "1", "-", ".inf", "0x", "1:2:3", "2001-01-01", "~", "yes",
         "\t", "\\x41", "\0", "é", "\ufeff", "=", "@", "`"]
    ),
    max_size=25,
).map("".join)  # fmt: skip


@given(content=st.text() | tokens | st.binary())
@example(content="!!int ''")
@example(content="{? &a [*a] : 1}")
def test_any_text_gives_a_value_or_a_usage_error(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(
        content.encode(errors="surrogatepass") if isinstance(content, str) else content
    )
    for model in (Deployment, Recipe):
        error = _refusal(lambda model=model: load(path, model, "configuration"))
        assert error is None or str(error) == one_line(str(error))


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.dates(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=8) | st.integers(), inner, max_size=3)
    ),
    max_leaves=6,
)


def _places(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else []
    if isinstance(value, list):
        inner = list(enumerate(value))
    return [here, *(place for key, item in inner for place in _places(item, (*here, key)))]


@given(data=st.data(), value=values)
def test_a_good_file_with_anything_anywhere_is_read_or_refused(tmp_path_factory, data, value):
    whole: Any = yaml.safe_load(GOOD)
    place = data.draw(st.sampled_from(_places(whole)[1:]))
    target = whole
    for key in place[:-1]:
        target = target[key]
    target[place[-1]] = value
    path = tmp_path_factory.getbasetemp() / "changed.yaml"
    path.write_text(yaml.safe_dump(whole, allow_unicode=True), encoding="utf-8")
    error = _refusal(lambda: _load(path).located(path.parent))
    assert error is None or str(error) == one_line(str(error))
