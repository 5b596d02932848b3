"""Functions of the user's are found, and what they raise is blamed on the right line."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.core.files import sha256_file
from pipeline.core.usercode import NotFound, blame, loaded_sources, resolve

_NUMBERS = itertools.count()

Module = Callable[[str], str]


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Module:
    """Writes a module with a name of its own and gives the name."""
    monkeypatch.setattr(sys, "path", sys.path[:])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def write(source: str) -> str:
        name = f"users_module_{next(_NUMBERS)}"
        (tmp_path / f"{name}.py").write_text(source)
        return name

    return write


def test_a_function_is_found_and_called(module, tmp_path):
    name = module("def net(width=1):\n    return width\n")
    assert resolve(f"{name}:net", [tmp_path])(width=3) == 3


def test_a_function_in_a_package_is_found(tmp_path, module):
    package = tmp_path / module("").removesuffix(".py")
    package.mkdir()
    (package / "inner.py").write_text("class Net:\n    pass\n")
    Path(f"{package}.py").unlink()
    assert resolve(f"{package.name}.inner:Net", [tmp_path]).__name__ == "Net"


def test_the_first_folder_of_the_path_wins(tmp_path, module):
    name = module("def where():\n    return 'first'\n")
    second = tmp_path / "second"
    second.mkdir()
    (second / f"{name}.py").write_text("def where():\n    return 'second'\n")
    assert resolve(f"{name}:where", [tmp_path, second])() == "first"


@pytest.mark.parametrize(
    ("source", "attribute", "text"),
    [
        ("def lenet5(): ...", "lenet", "has no `lenet`; did you mean `lenet5`?"),
        ("def lenet5(): ...", "transformer", "has no `transformer`"),
        ("net = None", "net", "is a NoneType, not a function or class"),
        ("net = 5", "net", "is a int, not a function or class"),
    ],
)
def test_a_missing_function_is_told_with_what_is_like_it(module, tmp_path, source, attribute, text):
    with pytest.raises(NotFound) as caught:
        resolve(f"{module(source)}:{attribute}", [tmp_path])
    assert str(caught.value).endswith(text)


@pytest.mark.parametrize("name", ["nothing_here", "nothing_here.at.all", "json.nothing", "json."])
def test_a_missing_module_is_told_with_where_it_was_searched(tmp_path, monkeypatch, name):
    monkeypatch.setattr(sys, "path", sys.path[:])
    with pytest.raises(NotFound, match="there is no module") as caught:
        resolve(f"{name}:net", [tmp_path])
    assert str(tmp_path) in str(caught.value)


def test_a_module_that_misses_another_one_is_not_itself_missing(module, tmp_path):
    name = module("import json\nimport not_installed_anywhere\n")
    with pytest.raises(ModuleNotFoundError) as caught:
        resolve(f"{name}:net", [tmp_path])
    assert blame(caught.value).place == f"{tmp_path / name}.py:2"


@pytest.mark.parametrize(
    ("source", "kind", "line"),
    [
        ("x = 1\nraise ValueError('no such layer')", "ValueError", 2),
        ("def broken(:\n    pass", "SyntaxError", 1),
        ("if True:\nx = 1", "IndentationError", 2),
        ("import json\n\njson.loads('{')", "JSONDecodeError", 3),
        ("def f():\n    1 / 0\n\nf()", "ZeroDivisionError", 2),
    ],
    ids=["raises", "syntax", "indentation", "raises in a library", "raises in a function"],
)
def test_the_line_of_the_user_is_blamed(module, tmp_path, source, kind, line):
    name = module(source)
    with pytest.raises(Exception, match=r".") as caught:
        resolve(f"{name}:net", [tmp_path])
    found = blame(caught.value)
    assert (found.kind, found.file, found.line) == (kind, f"{tmp_path / name}.py", line)
    assert found.place == f"{tmp_path / name}.py:{line}"


@pytest.mark.parametrize("folder", ["site-packages", "dist-packages"])
def test_what_is_installed_anywhere_is_not_the_users(tmp_path, module, folder):
    library = tmp_path / "lib" / folder
    library.mkdir(parents=True)
    (library / "installed_there.py").write_text("def fail():\n    raise ValueError('no')\n")
    name = module("import installed_there\n\ninstalled_there.fail()\n")
    with pytest.raises(ValueError, match="no") as caught:
        resolve(f"{name}:net", [tmp_path, library])
    assert blame(caught.value).place == f"{tmp_path / name}.py:3"
    assert str(library / "installed_there.py") not in loaded_sources()


def test_nobody_of_the_users_is_blamed_for_what_others_raise():
    with pytest.raises(ValueError, match="invalid literal") as caught:
        int("x")
    caught.value.__traceback__ = None
    assert blame(caught.value).place == "outside your code"


def test_the_text_of_an_error_is_one_line_of_some_length():
    found = blame(ValueError("a\nb\t" + "x" * 1000))
    assert found.text.startswith("a b x")
    assert len(found.text) == 500


def test_sources_of_the_user_are_told_with_their_hashes_and_others_are_not(module, tmp_path):
    helper = module("VALUE = 1\n")
    name = module(f"import json\nimport {helper}\ndef net(): ...\n")
    resolve(f"{name}:net", [tmp_path])
    found = loaded_sources()
    for each in (helper, name):
        path = tmp_path / f"{each}.py"
        assert found[str(path)] == sha256_file(path)
    assert not [path for path in found if "/json/" in path or "/pipeline/core/" in path]
