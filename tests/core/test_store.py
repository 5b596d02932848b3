"""What the store hands out is what was made, once, whatever happened in between."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pipeline.core import files
from pipeline.core.errors import LocalDiskFull
from pipeline.core.process import python_environment
from pipeline.core.store import Entry, Store

KEY = "0123456789abcdef" * 4


class Work:
    """Fills a folder and counts how often it had to."""

    def __init__(self, facts: dict[str, Any] | None = None) -> None:
        self.calls = 0
        self.facts = facts or {}

    def __call__(self, folder: Path) -> tuple[dict[str, Any], float]:
        assert not os.listdir(folder)
        self.calls += 1
        (folder / "model.ms").write_bytes(b"a model")
        (folder / "0").mkdir()
        (folder / "0" / "sample.bin").write_bytes(b"")
        return {"size": 7, **self.facts}, 1.5


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def _is_whole(entry: Entry) -> bool:
    return (
        (entry.folder / "model.ms").read_bytes() == b"a model"
        and (entry.folder / "0" / "sample.bin").read_bytes() == b""
        and entry.facts["size"] == 7
        and entry.seconds == 1.5
    )


def _litter(store: Store) -> list[str]:
    return [path.name for path in store.root.glob("*/.*") if not path.name.endswith(".lock")]


def test_the_same_key_is_made_once(store):
    work = Work()
    first, second = (store.make("convert", KEY, work) for _ in range(2))
    assert work.calls == 1
    assert (first.reused, second.reused) == (False, True)
    assert _is_whole(first)
    assert _is_whole(second)
    assert not _litter(store)


@pytest.mark.parametrize(
    ("stage", "key"),
    [("convert", KEY[::-1]), ("evaluate", KEY), ("convert", KEY[:32] + "f" * 32)],
    ids=["another key", "another stage", "a key that begins alike"],
)
def test_another_key_or_stage_is_made_by_itself(store, stage, key):
    work = Work()
    store.make("convert", KEY, work)
    assert not store.make(stage, key, work).reused
    assert work.calls == 2


def test_facts_are_the_same_when_made_and_when_fetched(store):
    work = Work({"shape": (1, 28), "by_number": {1: "a", 10: "b", 2: "c"}, "nested": [(1,)]})
    assert store.make("convert", KEY, work).facts == store.make("convert", KEY, work).facts
    assert work.calls == 1


def _edit(record: dict[str, Any]) -> None:
    record["record"]["facts"]["size"] = 9


def _edit_seconds(record: dict[str, Any]) -> None:
    record["record"]["seconds"] = 0


def _edit_key(record: dict[str, Any]) -> None:
    record["record"]["key"] = KEY[::-1]
    record["sha256"] = files.sha256_json(record["record"])


def _edit_schema(record: dict[str, Any]) -> None:
    record["record"]["schema"] = 0
    record["sha256"] = files.sha256_json(record["record"])


def _lose_files(record: dict[str, Any]) -> None:
    record["record"]["files"] = {}


def _rewritten(change: Any) -> Any:
    def damage(entry: Entry) -> None:
        path = entry.folder / "record.json"
        record = json.loads(path.read_text())
        change(record)
        path.write_text(json.dumps(record))

    return damage


DAMAGES = {
    "a file with another letter": lambda e: (e.folder / "model.ms").write_bytes(b"A model"),
    "a file cut short": lambda e: os.truncate(e.folder / "model.ms", 3),
    "an empty file": lambda e: os.truncate(e.folder / "model.ms", 0),
    "a longer file": lambda e: (e.folder / "model.ms").write_bytes(b"a model!"),
    "a missing file": lambda e: (e.folder / "model.ms").unlink(),
    "a missing folder": lambda e: shutil.rmtree(e.folder / "0"),
    "a folder for a file": lambda e: (
        (e.folder / "model.ms").unlink(),
        (e.folder / "model.ms").mkdir(),
    ),
    "everything gone": lambda e: shutil.rmtree(e.folder),
    "an empty entry": lambda e: [shutil.rmtree(e.folder), e.folder.mkdir()],
    "a missing record": lambda e: (e.folder / "record.json").unlink(),
    "a record cut short": lambda e: os.truncate(e.folder / "record.json", 40),
    "an empty record": lambda e: os.truncate(e.folder / "record.json", 0),
    "a record that is no text": lambda e: (e.folder / "record.json").write_bytes(b"\xff\0"),
    "a record that is a list": lambda e: (e.folder / "record.json").write_text("[]"),
    "a record that is null": lambda e: (e.folder / "record.json").write_text("null"),
    "a record without end": lambda e: (e.folder / "record.json").write_text("[" * 200_000),
    "an edited fact": _rewritten(_edit),
    "an edited time": _rewritten(_edit_seconds),
    "a record of another key": _rewritten(_edit_key),
    "a record of another age": _rewritten(_edit_schema),
    "a record without its files": _rewritten(_lose_files),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_entry_is_made_again(store, damage):
    work = Work()
    damage(store.make("convert", KEY, work))
    assert store.fetch("convert", KEY) is None
    entry = store.make("convert", KEY, work)
    assert work.calls == 2
    assert not entry.reused
    assert _is_whole(entry)
    assert store.make("convert", KEY, work).reused
    assert not _litter(store)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda path: path.write_text("edited"), id="edited"),
        pytest.param(lambda path: path.unlink(), id="gone"),
    ],
)
def test_a_changed_dependency_means_made_again(store, tmp_path, change):
    source = tmp_path / "network.py"
    source.write_text("layers = 2")
    work = Work({"dependencies": {str(source): files.sha256_file(source)}})
    store.make("checkpoint", KEY, work)
    assert store.make("checkpoint", KEY, work).reused
    change(source)
    assert not store.make("checkpoint", KEY, work).reused
    assert work.calls == 2


@pytest.mark.parametrize(
    "error", [ValueError("no"), LocalDiskFull(Path("x")), KeyboardInterrupt()], ids=repr
)
def test_failing_work_leaves_nothing(store, error):
    def work(folder: Path) -> tuple[dict[str, Any], float]:
        (folder / "half").write_bytes(b"half")
        raise error

    with pytest.raises(type(error)):
        store.make("convert", KEY, work)
    assert store.fetch("convert", KEY) is None
    assert [path.name for path in (store.root / "convert").iterdir()] == [f".{KEY[:32]}.lock"]


def test_failing_work_keeps_no_damaged_entry_either(store):
    entry = store.make("convert", KEY, Work())
    os.truncate(entry.folder / "model.ms", 2)
    with pytest.raises(ZeroDivisionError):
        store.make("convert", KEY, lambda folder: ({"size": 1 / 0}, 0.0))
    assert store.fetch("convert", KEY) is None


def test_facts_that_are_not_json_are_refused_and_leave_nothing(store):
    for facts in ({"cosine": float("nan")}, {"path": Path()}):
        with pytest.raises((ValueError, TypeError)):
            store.make("convert", KEY, Work(facts))
    assert store.fetch("convert", KEY) is None
    assert not _litter(store)


#: Calls ``Store.make`` in a process of its own. ARGV: root, count file, where it kills itself.
_CHILD = f"""
import os, signal, sys, time
from pathlib import Path
from pipeline.core import files
from pipeline.core.store import Store

root, counter, moment = sys.argv[1:]

def die(*args, **kwargs):
    os.kill(os.getpid(), signal.SIGKILL)

def work(folder):
    with open(counter, "a") as stream:
        stream.write("x")
    if moment == "at work":
        (folder / "model.ms").write_bytes(b"a mo")
        die()
    if moment == "slow":
        time.sleep(0.4)
    (folder / "model.ms").write_bytes(b"a model")
    (folder / "0").mkdir()
    (folder / "0" / "sample.bin").write_bytes(b"")
    return {{"size": 7}}, 1.5

if moment == "before the record":
    files.write_json = die
if moment == "record half written":
    os.fsync = die
if moment == "before flushing":
    files.fsync_tree = die
if moment in ("before renaming", "after renaming"):
    replace = os.replace

    def replace_and_die(a, b):
        if str(b).endswith(".json") or moment == "after renaming":
            replace(a, b)
        if not str(b).endswith(".json"):
            die()

    os.replace = replace_and_die
if moment == "old one half removed":
    files.remove_tree = lambda folder: (os.unlink(folder / "model.ms"), die())
print(Store(Path(root)).make("convert", {KEY!r}, work).reused)
"""


def _child(store: Store, counter: Path, moment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _CHILD, str(store.root), str(counter), moment],
        env={**os.environ, **python_environment()},
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize(
    "moment",
    [
        "at work",
        "before the record",
        "record half written",
        "before flushing",
        "before renaming",
        "after renaming",
    ],
)
def test_after_kill_9_the_next_call_is_right(store, tmp_path, moment):
    child = _child(store, tmp_path / "counter", moment)
    child.communicate()
    assert child.returncode == -signal.SIGKILL
    work = Work()
    entry = store.make("convert", KEY, work)
    assert _is_whole(entry)
    assert entry.reused is (moment == "after renaming")
    assert not _litter(store)


def test_kill_9_while_a_damaged_entry_is_removed_is_no_matter(store, tmp_path):
    entry = store.make("convert", KEY, Work())
    os.truncate(entry.folder / "model.ms", 2)
    child = _child(store, tmp_path / "counter", "old one half removed")
    child.communicate()
    assert child.returncode == -signal.SIGKILL
    assert _is_whole(store.make("convert", KEY, Work()))
    assert not _litter(store)


def test_two_processes_at_once_do_the_work_once(store, tmp_path):
    children = [_child(store, tmp_path / "counter", "slow") for _ in range(2)]
    answers = sorted(child.communicate()[0].strip() for child in children)
    assert answers == ["False", "True"]
    assert (tmp_path / "counter").read_text() == "x"
