"""Files appear whole or not at all, whatever fails while they are written."""

from __future__ import annotations

import errno
import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core import files
from pipeline.core.errors import LocalDiskFull, LocalFileError, PipelineError
from pipeline.core.process import python_environment

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


def _write_bytes(path: Path) -> None:
    files.write_bytes(path, b"new")


def _write_json(path: Path) -> None:
    files.write_json(path, {"new": 1})


def _copy(path: Path) -> None:
    source = path.parents[1] / "source"
    source.write_bytes(b"new")
    files.copy_file(source, path)


WRITERS = [_write_bytes, _write_json, _copy]
STEPS = ["tempfile.mkstemp", "os.fdopen", "os.fsync", "os.chmod", "os.replace"]


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A file with content, alone in its folder."""
    path = tmp_path / "folder" / "file"
    path.parent.mkdir()
    path.write_bytes(b"old")
    return path


def _fails_with(error: BaseException) -> Callable[..., None]:
    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize(
    ("error", "ours"),
    [
        pytest.param(OSError(errno.ENOSPC, "No space left"), LocalDiskFull, id="disk full"),
        pytest.param(OSError(errno.EDQUOT, "Quota exceeded"), LocalDiskFull, id="quota"),
        pytest.param(OSError(errno.EIO, "Input/output error"), LocalFileError, id="bad disk"),
        pytest.param(KeyboardInterrupt(), KeyboardInterrupt, id="Ctrl-C"),
    ],
)
def test_a_failing_step_leaves_the_old_content_and_no_litter(
    old, monkeypatch, write, step, error, ours
):
    with monkeypatch.context() as patch:
        patch.setattr(step, _fails_with(error))
        with pytest.raises(ours):
            write(old)
    assert old.read_bytes() == b"old"
    assert os.listdir(old.parent) == ["file"]


def test_a_write_that_fails_half_way_leaves_the_old_content_and_no_litter(old):
    def write_half() -> None:
        with files.appearing(old) as stream:
            stream.write(b"half")
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(LocalDiskFull, match="file"):
        write_half()
    assert old.read_bytes() == b"old"
    assert os.listdir(old.parent) == ["file"]


@pytest.mark.parametrize("write", WRITERS)
def test_a_disk_that_is_really_full_is_told(old, write):
    code = f"""
import resource, sys
from pathlib import Path
from pipeline.core import files
from pipeline.core.errors import LocalDiskFull
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
path = Path(sys.argv[1])
try:
    {{
        "_write_bytes": lambda: files.write_bytes(path, bytes(100_000)),
        "_write_json": lambda: files.write_json(path, "x" * 100_000),
        "_copy": lambda: files.copy_file(Path(sys.executable), path),
    }}[{write.__name__!r}]()
except LocalDiskFull as error:
    sys.exit(0 if error.path == path else 1)
sys.exit(2)
"""
    environment = {**os.environ, **python_environment()}
    done = subprocess.run([sys.executable, "-c", code, str(old)], env=environment, check=False)
    assert done.returncode == 0
    assert old.read_bytes() == b"old"
    assert os.listdir(old.parent) == ["file"]


@pytest.mark.parametrize("write", WRITERS)
def test_content_is_flushed_before_it_gets_its_name(old, monkeypatch, write):
    calls = []
    for name in ("fsync", "replace"):
        real = getattr(os, name)
        monkeypatch.setattr(
            os, name, lambda *args, real=real, name=name: (calls.append(name), real(*args))
        )
    write(old)
    assert calls == ["fsync", "replace"]
    assert b"new" in old.read_bytes()


@pytest.mark.parametrize("write", WRITERS)
def test_folders_are_made_and_the_file_can_be_read_and_written(tmp_path, write):
    path = tmp_path / "a" / "b"
    previous = os.umask(0o077)
    try:
        write(path)
    finally:
        os.umask(previous)
    assert path.stat().st_mode & 0o777 == 0o644


def test_a_name_of_two_hundred_signs_can_be_written(tmp_path):
    path = tmp_path / ("ü" * 100 + "x" * 40)
    files.write_bytes(path, b"new")
    assert path.read_bytes() == b"new"


def test_a_copy_of_a_read_only_file_can_be_written(tmp_path):
    source = tmp_path / "model.ms"
    source.write_bytes(b"model")
    source.chmod(0o400)
    files.copy_file(source, tmp_path / "copy")
    assert (tmp_path / "copy").stat().st_mode & 0o777 == 0o644


def _is_a_folder(tmp_path: Path) -> Path:
    (tmp_path / "folder" / "inner").mkdir(parents=True)
    return tmp_path / "folder"


def _below_a_file(tmp_path: Path) -> Path:
    (tmp_path / "file").write_text("")
    return tmp_path / "file" / "below"


@pytest.mark.parametrize(
    ("place", "named"), [(_is_a_folder, "folder"), (_below_a_file, "file")], ids=["folder", "file"]
)
def test_an_impossible_place_is_named(tmp_path, place, named):
    with pytest.raises(LocalFileError) as caught:
        files.write_bytes(place(tmp_path), b"new")
    assert caught.value.path.name == named
    assert not [name for name in os.listdir(tmp_path) if name.startswith(".")]


@pytest.mark.parametrize(
    "read",
    [files.read_json, files.sha256_file, lambda path: files.copy_file(path, path.parent / "x")],
    ids=["read_json", "sha256_file", "copy_file"],
)
def test_a_missing_source_is_named(tmp_path, read):
    with pytest.raises(LocalFileError) as caught:
        read(tmp_path / "nothing")
    assert caught.value.path == tmp_path / "nothing"
    assert not os.listdir(tmp_path)


def test_errors_of_ours_pass_unchanged(tmp_path):
    with pytest.raises(LocalDiskFull) as caught, files.disk_errors(tmp_path):
        raise LocalDiskFull(tmp_path / "inner")
    assert caught.value.path == tmp_path / "inner"


@given(value=json_values)
def test_json_comes_back_as_it_was(tmp_path_factory, value):
    path = tmp_path_factory.getbasetemp() / "value.json"
    files.write_json(path, value)
    assert files.read_json(path) == value


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_json_holds_no_number_that_is_none(old, number):
    with pytest.raises(ValueError, match="JSON"):
        files.write_json(old, {"value": number})
    with pytest.raises(ValueError, match="JSON"):
        files.sha256_json({"value": number})
    assert old.read_bytes() == b"old"


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff\xfe", b"{} {}", b"[" * 200_000],
    ids=["empty", "cut", "not text", "two values", "deep"],
)
def test_what_is_not_json_is_a_value_error(tmp_path, content):
    path = tmp_path / "file.json"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r".") as caught:
        files.read_json(path)
    assert not isinstance(caught.value, PipelineError)


@pytest.mark.parametrize("size", [0, 1, 2**20 - 1, 2**20, 2**20 + 1])
def test_hash_of_a_file_is_that_of_its_content(tmp_path, size):
    content = os.urandom(size)
    (tmp_path / "file").write_bytes(content)
    assert files.sha256_file(tmp_path / "file") == hashlib.sha256(content).hexdigest()


@given(value=st.dictionaries(st.text(), json_values, min_size=2))
def test_hash_of_a_value_does_not_depend_on_the_order_of_its_keys(value):
    turned = dict(reversed(list(value.items())))
    assert files.sha256_json(value) == files.sha256_json(turned)


def test_hash_of_a_value_depends_on_the_value():
    values = [None, 0, 1, "1", [1], {"a": 1}, {"a": "1"}, [[1]], ""]
    assert len({files.sha256_json(value) for value in values}) == len(values)


def test_removing_a_folder_that_is_not_there_is_fine(tmp_path):
    files.remove_tree(tmp_path / "nothing")


def test_a_folder_in_the_making_is_removed_also_after_a_failure(tmp_path):
    def make_half() -> None:
        with files.making(tmp_path / "final") as folder:
            (folder / "half").write_text("")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        make_half()
    assert os.listdir(tmp_path) == [".final.lock"]


def test_a_folder_in_the_making_takes_its_name(tmp_path):
    final = tmp_path / "final"
    with files.making(final) as folder:
        (folder / "file").write_text("whole")
        os.replace(folder, final)
    assert (final / "file").read_text() == "whole"


def test_what_a_killed_process_left_is_swept_and_nothing_else(tmp_path):
    for name in (".final.k1ll3d", ".finally.other", "final.backup"):
        (tmp_path / name).mkdir()
    (tmp_path / ".final.k1ll3d" / "wheel").write_text("large")
    with files.making(tmp_path / "final"):
        assert not (tmp_path / ".final.k1ll3d").exists()
    assert sorted(os.listdir(tmp_path)) == [".final.lock", ".finally.other", "final.backup"]


def test_a_full_disk_is_told_by_whoever_makes_a_folder(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.mkdtemp", _fails_with(OSError(errno.ENOSPC, "No space left")))
    with pytest.raises(LocalDiskFull), files.making(tmp_path / "final"):
        pass


def test_a_tree_is_flushed_whole(tmp_path, monkeypatch):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b").write_text("")
    (tmp_path / "c").write_text("")
    flushed = []
    monkeypatch.setattr(os, "fsync", lambda handle: flushed.append(os.fstat(handle).st_ino))
    files.fsync_tree(tmp_path)
    paths = [tmp_path, tmp_path / "a", tmp_path / "a" / "b", tmp_path / "c"]
    assert sorted(flushed) == sorted(path.stat().st_ino for path in paths)
