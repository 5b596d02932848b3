"""What devices, hdc and the app say about apps, read; and what is asked of the app, written."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.app.answer import Answer, Status, parse_answer
from device.app.codes import INSTALL, START, AppCode, explain, install_code, start_code
from device.app.errors import AppNotInstalled, AppNotStarted
from device.app.log import Kind, Reader
from device.app.memory import Refusals
from device.app.request import Request, needed
from device.device import DeviceFacts, Where

INSTALL_TEXTS = {
    "one line": ("[Info]App install path:x.hap msg:error: failed. code:9568320 error: no", 9568320),
    "lines": ("error: failed to install bundle.\ncode:9568347\nerror: install parse", 9568347),
    "a blank": ("code: 9568322 error: signature verification failed", 9568322),
    "none": ("[Fail][E006001] Not any installation package was found", None),
    "nothing": ("", None),
}
START_TEXTS = {
    "new": ("error: failed to start ability.\nError Code:10106102\nThe device ...", 10106102),
    "with a message": ("Error Code:10104001  Error Message:The specified ability ...", 10104001),
    "old": ("error: failed to start ability.\ncode: 10108101", 10108101),
    "none": ("error: failed to start ability.", None),
}


@pytest.mark.parametrize(("text", "code"), INSTALL_TEXTS.values(), ids=INSTALL_TEXTS)
def test_the_code_of_an_install(text: str, code: int | None) -> None:
    assert install_code(text) == code


@pytest.mark.parametrize(("text", "code"), START_TEXTS.values(), ids=START_TEXTS)
def test_the_code_of_a_start(text: str, code: int | None) -> None:
    assert start_code(text) == code


@pytest.mark.parametrize("known", [*INSTALL.values(), *START.values()], ids=lambda one: one.code)
def test_every_code_has_a_cause_and_a_hint(known: AppCode) -> None:
    for text in (known.cause, known.hint):
        assert text and text == text.strip() and "\n" not in text and not text.endswith(".")
    if known.code in INSTALL:
        error: AppNotInstalled | AppNotStarted = AppNotInstalled("K", "x.hap", known.code)
    else:
        error = AppNotStarted("K", "b", known.code)
    assert known.cause in error.message and str(known.code) in error.message
    assert error.hint == known.hint and error.exit_code == 3


def test_an_unknown_code_says_so_and_none_quotes_the_device() -> None:
    assert "7777777" in explain(INSTALL, 7777777).cause
    assert "it melted" in AppNotInstalled("K", "x.hap", None, "it\nmelted").message


LOG = """\
11-23 09:00:00.000  1234  1250 I A04D53/org.mslite.bench/MSLITE_BENCH: s-1 1 begins 1.0.0
11-23 09:00:00.100  1234  1250 I A04D53/MSLITE_BENCH: s-1 2 says Model = a b
11-23 09:00:00.100  1234  1250 I A04D53/MSLITE_BENCH: s-10 9 says another call
11-23 09:00:00.100  1234  1250 I A04D53/MSLITE_BENCH: s-1 x says no number
11-23 09:00:00.100  1234  1250 I A04D53/MSLITE_BENCH: s-1 3 sings la
11-23 09:00:00.200  1234  1250 I A04D53/MSLITE_BENCH: s-1 4 ends done
"""


def test_a_log_is_read_once() -> None:
    reader = Reader("s-1")
    first = reader.read(LOG[: LOG.index("11-23 09:00:00.200")])
    assert [(one.number, one.kind, one.text) for one in first] == [
        (1, Kind.BEGINS, "1.0.0"),
        (2, Kind.SAYS, "Model = a b"),
    ]
    assert [one.kind for one in reader.read(LOG)] == [Kind.ENDS]
    assert reader.read(LOG) == []


def test_the_shell_of_the_app_says_once_that_it_failed() -> None:
    reader = Reader("s-1")
    line = "... MSLITE_BENCH: s-1 0 failed no such library\n"
    assert [(one.kind, one.text) for one in reader.read(line)] == [(Kind.FAILED, "no such library")]
    assert reader.read(line) == []


@given(st.text(), st.integers(0, len(LOG)), st.integers(0, len(LOG)))
def test_no_log_is_too_odd(noise: str, start: int, end: int) -> None:
    reader = Reader("s-1")
    text = LOG[start:end] + noise + LOG[: min(start, end)]
    numbers = [one.number for one in reader.read(text) if one.number]
    assert numbers == sorted(set(numbers))


GOOD = {
    "schema": 1,
    "app": "1.0.0",
    "runner": "pipeline-runner 1.1.0",
    "library_sha256": "a" * 64,
    "session": "s",
    "call": 3,
    "folder": "/data/storage/el2/base/haps/entry/files",
    "status": "done",
    "reason": "",
    "objects": ["x.ms"],
    "missing": [],
    "codes": [0, 255],
    "files": [{"path": "/data/r.json", "sha256": "b" * 64, "size_bytes": 7}],
}


def parsed(**changes: object) -> Answer:
    return parse_answer(json.dumps({**GOOD, **changes}).encode())


def test_an_answer() -> None:
    answer = parsed()
    assert (answer.status, answer.codes, answer.call) == (Status.DONE, (0, 255), 3)
    left = answer.left("/data/r.json")
    assert left is not None and left.size_bytes == 7
    assert answer.left("/data/other") is None
    assert parsed(library_sha256=None).library_sha256 is None


BAD = {
    "another schema": {"schema": 2},
    "a status that is none": {"status": "fine"},
    "a hash that is none": {"library_sha256": "A" * 64},
    "a folder that is none": {"folder": "data"},
    "a folder with a line break": {"folder": "/a\nb"},
    "codes of text": {"codes": ["0"]},
    "codes of truth": {"codes": [True]},
    "no list": {"objects": "x"},
    "a negative size": {"files": [{"path": "/p", "sha256": "b" * 64, "size_bytes": -1}]},
    "a file without a hash": {"files": [{"path": "/p", "size_bytes": 1}]},
    "a number for a session": {"session": 1},
}


@pytest.mark.parametrize("changes", BAD.values(), ids=BAD)
def test_what_is_no_answer_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="not an answer"):
        parsed(**changes)


@pytest.mark.parametrize("key", GOOD)
def test_an_answer_lacks_nothing(key: str) -> None:
    rest = {name: value for name, value in GOOD.items() if name != key}
    with pytest.raises(ValueError, match="not an answer"):
        parse_answer(json.dumps(rest).encode())


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    with pytest.raises(ValueError, match="not an answer"):
        parse_answer(data)


def test_a_request_is_lines() -> None:
    request = Request(("a.ms",), (("--x=1", "--y=a b"), ()), ("/r.json",))
    assert request.as_bytes().decode().splitlines() == [
        "mslite-bench 1",
        "need a.ms",
        "run",
        "arg --x=1",
        "arg --y=a b",
        "run",
        "keep /r.json",
        "end",
    ]


@pytest.mark.parametrize("word", ["", "a\nend", "a\0b"])
def test_a_word_that_no_line_carries_is_refused(word: str) -> None:
    for request in ((("x", word), (), ()), ((), ((word,),), ()), ((), (), (word,))):
        with pytest.raises(ValueError, match="not a word"):
            Request(*request)


def test_what_a_run_speaks_of_it_needs() -> None:
    runs = [["--modelFile=/f/objects/a.ms", "--inDataFile=/f/objects/b.bin,/f/objects/c.bin"]]
    assert needed(runs, ["c.bin", "a.ms", "d.ms", "a.ms"]) == ("c.bin", "a.ms")


FACTS = DeviceFacts(key="K", connection="USB", build="B1", model="M", debuggable=False)


def test_a_refusal_is_remembered_until_the_system_changes() -> None:
    from dataclasses import replace

    assert not Refusals.of(FACTS).known
    Refusals.of(FACTS).note(True)
    assert Refusals.of(FACTS).known
    assert Refusals.of(replace(FACTS, free_storage_bytes=5, connection="TCP")).known
    for other in ({"build": "B2"}, {"debuggable": True}, {"key": "L"}):
        assert not Refusals.of(replace(FACTS, **other)).known  # type: ignore[arg-type]
    assert not Refusals.of(replace(FACTS, where=Where.EMULATED_HOST)).known
    Refusals.of(FACTS).note(False)
    assert not Refusals.of(FACTS).known
    Refusals.of(FACTS).note(False)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff"])
def test_a_damaged_memory_is_none(content: bytes) -> None:
    Refusals.of(FACTS).note(True)
    Refusals.of(FACTS).path.write_bytes(content)
    assert not Refusals.of(FACTS).known
