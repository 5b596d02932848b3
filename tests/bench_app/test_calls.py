"""The app's native half: what it proves, runs and answers, as a program."""

from __future__ import annotations

import hashlib
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from device.app.answer import Status, parse_answer
from device.app.request import Request

SESSION = "0123456789abcdef"
VERSION = ("--version",)


@dataclass
class Native:
    """The program and the app's files folder."""

    program: Path
    folder: Path
    calls: int = 0

    def __call__(self, request: bytes | None = None, *, name: str | None = None) -> Any:
        """One call; its answer, and the lines that it said as ``said``."""
        words = [self.program, self.folder, SESSION, str(self.calls)]
        if request is not None:
            digest = name or hashlib.sha256(request).hexdigest()
            (self.folder / "incoming").mkdir(exist_ok=True)
            (self.folder / "incoming" / digest).write_bytes(request)
            words.append(digest)
        done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=True)
        self.said = done.stdout.splitlines()
        record = self.folder / "calls" / SESSION / f"{self.calls}.json"
        proof = record.with_suffix(".sha256").read_text()
        assert proof == hashlib.sha256(record.read_bytes()).hexdigest() + "\n"
        self.calls += 1
        return parse_answer(record.read_bytes())

    def arrive(self, content: bytes, ending: str = ".ms", name: str | None = None) -> str:
        """A file comes by hdc; the name that it has to get."""
        name = name or hashlib.sha256(content).hexdigest() + ending
        (self.folder / "incoming" / name).write_bytes(content)
        return name

    def files(self, folder: str) -> set[str]:
        return {path.name for path in (self.folder / folder).iterdir()}


@pytest.fixture
def native(bench: Path, tmp_path: Path) -> Native:
    made = Native(bench, tmp_path / "files")
    made.folder.mkdir()
    assert made().status is Status.HELLO
    return made


def test_the_first_call_tidies_up_and_tells_what_is_there(bench: Path, tmp_path: Path) -> None:
    native = Native(bench, tmp_path)
    old = tmp_path / "calls" / "older0session" / "inner"
    old.mkdir(parents=True)
    (old / "output.bin").write_bytes(b"x")
    (tmp_path / "incoming").mkdir()
    (tmp_path / "incoming" / "half").write_bytes(b"x")
    (tmp_path / "objects").mkdir()
    (tmp_path / "objects" / "kept.ms").write_bytes(b"x")
    answer = native()
    assert (answer.status, answer.objects) == (Status.HELLO, ("kept.ms",))
    assert answer.library_sha256 == hashlib.sha256(bench.read_bytes()).hexdigest()
    assert answer.runner.startswith("pipeline-runner ")
    assert native.files("calls") == {SESSION} and native.files("incoming") == set()
    assert [line.split(" ", 2)[:2] for line in native.said] == [
        [f"{SESSION}-0", "1"],
        [f"{SESSION}-0", "2"],
    ]


def test_a_run_leaves_its_output_its_code_and_its_hashes(native: Native) -> None:
    answer = native(Request((), (VERSION, VERSION)).as_bytes())
    assert (answer.status, answer.codes) == (Status.DONE, (0, 0))
    (log,) = answer.files
    content = Path(log.path).read_bytes()
    assert content == f"{answer.runner}\n".encode() * 2
    assert (log.sha256, log.size_bytes) == (hashlib.sha256(content).hexdigest(), len(content))
    assert native.said[1].endswith(f" 2 says {answer.runner}")


def test_the_first_run_that_fails_is_the_last(native: Native) -> None:
    model = native.arrive(b"no model")
    result = f"{native.folder}/calls/{SESSION}/result.json"
    bad = (f"--modelFile={native.folder}/objects/{model}", f"--resultFile={result}")
    answer = native(Request((model,), (VERSION, bad, VERSION), (result,)).as_bytes())
    assert answer.codes == (0, 255)
    assert json.loads(Path(result).read_text())["status"] == "failed"
    assert answer.left(result) is not None


def test_what_an_earlier_run_left_is_not_taken_for_this_ones(native: Native) -> None:
    result = f"{native.folder}/calls/{SESSION}/result.json"
    Path(result).write_text("old")
    answer = native(Request((), (VERSION,), (result,)).as_bytes())
    assert answer.left(result) is None and not Path(result).exists()


@pytest.mark.parametrize("ending", [".ms", ".bin", ""])
def test_a_file_that_came_whole_becomes_an_object(native: Native, ending: str) -> None:
    name = native.arrive(b"content", ending)
    answer = native(Request((name,), (VERSION,)).as_bytes())
    assert (answer.status, answer.objects) == (Status.DONE, (name,))
    assert native.files("incoming") == set()
    again = native(Request((name,), (VERSION,)).as_bytes())
    assert again.status is Status.DONE


DAMAGE = {
    "absent": None,
    "cut": b"conte",
    "changed": b"contenT",
    "longer": b"content!",
    "empty": b"",
}


@pytest.mark.parametrize("came", DAMAGE.values(), ids=DAMAGE)
def test_a_file_that_did_not_come_whole_is_missing(native: Native, came: bytes | None) -> None:
    name = hashlib.sha256(b"content").hexdigest() + ".ms"
    if came is not None:
        native.arrive(came, name=name)
    answer = native(Request((name,), (VERSION,)).as_bytes())
    assert (answer.status, answer.missing, answer.codes) == (Status.MISSING, (name,), ())
    assert native.files("incoming") == set() == native.files("objects")


def test_an_object_that_was_changed_is_missing(native: Native) -> None:
    name = native.arrive(b"content")
    native(Request((name,), (VERSION,)).as_bytes())
    (native.folder / "objects" / name).write_bytes(b"Content")
    assert native(Request((name,), (VERSION,)).as_bytes()).missing == (name,)


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "0" * 64 + "/../x", "0" * 63, "0" * 64 + ".M"]
)
def test_a_name_that_is_no_objects_is_missing(native: Native, name: str) -> None:
    assert native(Request((name,), (VERSION,)).as_bytes()).missing == (name,)


WHOLE = Request((), (VERSION,)).as_bytes()
REFUSED = {
    "no end": (WHOLE[:-4], None, "not understood"),
    "more behind the end": (WHOLE + b"run\n", None, "not understood"),
    "another version": (WHOLE.replace(b"1", b"2"), None, "another version"),
    "an unknown word": (WHOLE.replace(b"run\n", b"walk\n"), None, "not understood"),
    "a word without a value": (WHOLE.replace(b"run\n", b"need\n"), None, "not understood"),
    "a NUL": (WHOLE.replace(b"run", b"\0un"), None, "not understood"),
    "nothing": (b"", None, "another version"),
    "too many lines": (WHOLE.replace(b"run\n", b"run\n" * 5000), None, "not understood"),
    "no hash at all": (WHOLE, "request", "not the hash"),
}


@pytest.mark.parametrize("came", [WHOLE[:-4], WHOLE[:-1] + b"!", b""])
def test_a_request_that_did_not_come_whole_is_missing(native: Native, came: bytes) -> None:
    name = hashlib.sha256(WHOLE).hexdigest()
    answer = native(came, name=name)
    assert (answer.status, answer.missing, answer.codes) == (Status.MISSING, (name,), ())


@pytest.mark.parametrize(("request_", "name", "why"), REFUSED.values(), ids=REFUSED)
def test_a_request_that_is_none_is_refused(
    native: Native, request_: bytes, name: str | None, why: str
) -> None:
    answer = native(request_, name=name)
    assert (answer.status, answer.codes) == (Status.REFUSED, ())
    assert why in answer.reason


def test_arguments_are_words_whatever_is_in_them(native: Native) -> None:
    odd = native.folder / "a 'b' \"c\" $(touch x); 模型"
    answer = native(Request((), ((f"--modelFile={odd}",),)).as_bytes())
    assert answer.codes == (255,)
    assert f"ModelPath = {odd}" in Path(answer.files[0].path).read_text()


def test_a_line_that_is_too_long_for_the_log_is_cut_there_only(native: Native) -> None:
    odd = "m" * 3000
    answer = native(Request((), ((f"--modelFile={odd}",),)).as_bytes())
    assert odd in Path(answer.files[0].path).read_text()
    assert max(map(len, native.said)) < 1000


@pytest.mark.parametrize("size", [0, 3, 55, 56, 64, 76_800])
def test_hashes_are_sha256_at_every_edge_of_a_block(native: Native, size: int) -> None:
    name = native.arrive((b"abc" * 25_600)[:size])
    assert native(Request((name,), (VERSION,)).as_bytes()).objects == (name,)
