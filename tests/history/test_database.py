"""Files that are no history, or none that can be written: what is said, and what stays."""

from __future__ import annotations

import os
import pickle
import shutil
import sqlite3
import subprocess
import tempfile
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from pipeline.core.errors import LocalDiskFull, LocalFileError, PipelineError
from pipeline.history import database
from pipeline.history.errors import (
    HistoryBusy,
    HistoryDamaged,
    HistoryNewer,
    HistoryReadOnly,
    NoHistory,
    NotAHistory,
)
from pipeline.history.history import Filter, History
from pipeline.history.schema import VERSION
from tests.history.made import entry

OLDER = sorted((Path(__file__).parent / "data").glob("version-*.db"))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "history.db"


@pytest.fixture
def filled(path: Path) -> Path:
    with History(path, create=True) as history:
        history.add(entry(night) for night in range(5))
    return path


def _sql(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as raw:
        for statement in statements:
            raw.execute(statement)
        raw.commit()


NOT_OURS: dict[str, tuple[Callable[[Path], object], type[PipelineError]]] = {
    "a text": (lambda path: path.write_text("time,model\n" * 100), NotAHistory),
    "a folder": (lambda path: path.mkdir(), PipelineError),
    "another program's database": (
        lambda path: _sql(path, "CREATE TABLE music (title)"),
        NotAHistory,
    ),
    "another program's mark": (lambda path: _sql(path, "PRAGMA application_id = 7"), NotAHistory),
    "another program's version": (lambda path: _sql(path, "PRAGMA user_version = 3"), NotAHistory),
}


@pytest.mark.parametrize(("make", "error"), NOT_OURS.values(), ids=NOT_OURS)
@pytest.mark.parametrize("create", [False, True], ids=["reading", "writing"])
def test_what_is_no_history_is_refused_and_stays(path, make, error, create):
    make(path)
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(error) as caught:
        History(path, create=create)
    assert caught.value.hint
    assert str(path) in str(caught.value)
    assert (path.read_bytes() if path.is_file() else None) == before


def test_a_newer_history_is_refused_and_stays(filled):
    _sql(filled, f"PRAGMA user_version = {VERSION + 1}")
    before = filled.read_bytes()
    with pytest.raises(HistoryNewer, match="a newer one wrote it") as caught:
        History(filled, create=True)
    assert "update the pipeline" in caught.value.hint
    assert filled.read_bytes() == before


def test_an_empty_file_becomes_a_history(path):
    path.touch()
    with History(path, create=True) as history:
        assert history.add([entry(1)]).new == 1


def test_a_damaged_file_is_told(filled):
    _sql(filled, "PRAGMA wal_checkpoint(TRUNCATE)")
    data = bytearray(filled.read_bytes())
    data[4096:] = bytes(len(data) - 4096)
    filled.write_bytes(data)
    with pytest.raises(HistoryDamaged) as caught, History(filled) as history:
        list(history.find())
        history.check()
    assert "history import runs/*" in caught.value.hint


@pytest.mark.parametrize("older", OLDER, ids=lambda path: path.stem)
def test_an_older_history_is_brought_to_today(older, path):
    shutil.copy(older, path)
    with History(path) as history:
        history.check()
        assert history.count() == 13
        assert len(list(history.find(Filter(recipe="fp32")))) == 3
        first = list(history.find(Filter(recipe="full-8")))[-1]
        assert history.samples(first) == entry(0).samples
        assert history.record(first) == entry(0).record
        assert history.add([entry(0), entry(77)]).new == 1
        assert history.rows("PRAGMA user_version", ()) == [(VERSION,)]


def test_there_is_an_older_history_of_every_version():
    assert [path.stem for path in OLDER] == [f"version-{n}" for n in range(1, VERSION + 1)]


def test_a_migration_that_fails_changes_nothing(filled, monkeypatch):
    monkeypatch.setattr(database, "VERSION", VERSION + 1)
    steps = (*database.MIGRATIONS, ("CREATE TABLE half (x)", "CREATE TABLE result (x)"))
    monkeypatch.setattr(database, "MIGRATIONS", steps)
    with pytest.raises(PipelineError):
        History(filled, create=True)
    monkeypatch.undo()
    with History(filled) as history:
        assert history.count() == 5
        assert history.rows("SELECT name FROM sqlite_master WHERE name = 'half'", ()) == []


def test_who_waits_too_long_is_told(filled, monkeypatch):
    monkeypatch.setattr(database, "PATIENCE_S", 0.05)
    with closing(sqlite3.connect(filled, isolation_level=None)) as raw:
        raw.execute("BEGIN IMMEDIATE")
        with pytest.raises(HistoryBusy), History(filled, create=True) as history:
            history.add([entry(9)])
    with History(filled) as history:
        assert history.count() == 5


def test_a_full_database_is_a_full_disk_and_keeps_what_it_had(filled):
    with History(filled, create=True) as history:
        history.rows("PRAGMA max_page_count = 30", ())
        with pytest.raises(LocalDiskFull):
            history.add(entry(night) for night in range(10, 400))
        history.check()
        assert history.count() == 5


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system with 200 KiB."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(place)]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("only root may mount a small file system")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.mark.parametrize("taken_kib", [0, 60, 100, 140, 170, 196])
def test_a_full_disk_is_told_and_damages_nothing(small_disk, taken_kib):
    path = small_disk / "history.db"
    if taken_kib < 60:
        History(path, create=True).close()
    (small_disk / "other").write_bytes(bytes(taken_kib << 10))
    with pytest.raises(LocalDiskFull) as caught, History(path, create=True) as history:
        for night in range(1000):
            history.add([entry(night)])
    assert "free some space" in caught.value.hint
    (small_disk / "other").unlink()
    with History(path, create=True) as history:
        history.check()
        assert history.count() < 1000
        history.add([entry(5000)])


def _as_nobody(work: Callable[[], Any]) -> Any:
    """What ``work`` gives in a process that may write nothing of ours, or the error it raised."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            if os.geteuid() == 0:
                os.setgid(65534)
                os.setuid(65534)
            answer: Any = work()
        except PipelineError as error:
            answer = (type(error).__name__, str(error), error.hint)
        except BaseException:
            answer = traceback.format_exc()
        os.write(writer, pickle.dumps(answer))
        os._exit(0)
    os.close(writer)
    with open(reader, "rb") as stream:
        answer = pickle.loads(stream.read())
    os.waitpid(child, 0)
    return answer


@pytest.fixture
def read_only(filled: Path) -> Iterator[Path]:
    """A history that nobody may write, in a folder that nobody may."""
    folder = Path(tempfile.mkdtemp(prefix="history."))
    path = folder / "history.db"
    shutil.copy(filled, path)
    path.chmod(0o444)
    folder.chmod(0o555)
    yield path
    folder.chmod(0o755)
    shutil.rmtree(folder)


def _read(path: Path) -> tuple[int, int]:
    with History(path) as history:
        (version,) = history.rows("PRAGMA user_version", ())[0]
        return history.count(), version


def test_a_read_only_history_can_be_read(read_only):
    assert _as_nobody(lambda: _read(read_only)) == (5, VERSION)


def test_a_read_only_history_cannot_be_written_and_says_so(read_only):
    def write() -> None:
        with History(read_only, create=True) as history:
            history.add([entry(9)])

    name, message, hint = _as_nobody(write)
    assert name == HistoryReadOnly.__name__
    assert str(read_only) in message
    assert "permissions" in hint


def test_a_history_cannot_be_made_in_a_read_only_folder(read_only):
    def make() -> None:
        History(read_only.with_name("new.db"), create=True)

    name, message, hint = _as_nobody(make)
    assert name in (LocalFileError.__name__, HistoryReadOnly.__name__)
    assert "new.db" in message
    assert "permissions" in hint


@pytest.mark.parametrize("older", OLDER[:1], ids=lambda path: path.stem)
def test_an_older_read_only_history_is_read_in_a_copy(read_only, older):
    read_only.parent.chmod(0o755)
    read_only.unlink()
    shutil.copy(older, read_only)
    read_only.chmod(0o444)
    read_only.parent.chmod(0o555)
    before = read_only.read_bytes()
    assert _as_nobody(lambda: _read(read_only)) == (13, VERSION)
    assert read_only.read_bytes() == before


def test_no_history_is_told(path):
    with pytest.raises(NoHistory) as caught:
        History(path)
    assert caught.value.exit_code == 5
