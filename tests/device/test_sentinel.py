"""The marks that carry the exit code, and tell a broken connection from an end."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.hdc.sentinel import LineFilter, Sentinel, Stage

S = Sentinel("abc")
BEGIN, END = b"mslp-abc-begin\n", b"\nmslp-abc-end:%d\n"


def run(command: str) -> bytes:
    return subprocess.run(["sh", "-c", command], stdout=subprocess.PIPE, check=False).stdout


@pytest.mark.parametrize(
    ("command", "output", "code"),
    [
        ("true", b"", 0),
        ("false", b"", 1),
        ("printf x", b"x", 0),
        ("echo x; exit 3", b"x\n", 3),
        ("exec sh -c 'exit 7'", b"", 7),
        ("echo 'a\"b'\"'\"; exit 2", b"a\"b'\n", 2),
        ("cat", b"", 0),
        ("kill -9 $$", b"", 137),
    ],
)
def test_around_a_real_shell(command, output, code):
    answer = S.read(run(S.wrap(command) + " 2>/dev/null"))
    assert answer.stage is Stage.DONE and answer.code == code
    assert answer.output == output or code == 137


def test_a_syntax_error_is_a_result():
    assert S.read(run(S.wrap("if ; (") + " 2>&1")).code == 2


def test_never_begun_and_broken():
    assert S.read(b"[Fail]no\r\n").stage is Stage.NEVER_BEGAN
    assert S.read(b"").stage is Stage.NEVER_BEGAN
    broken = S.read(BEGIN + b"half\nli")
    assert broken.stage is Stage.BROKEN and broken.output == b"half\nli"
    assert S.read(BEGIN + b"x" + (END % 0)[:-1]).stage is Stage.BROKEN


def test_log_lines_before_and_late_output_behind():
    log = b"[W][2026-11-23 01:31:30] open path:x\n"
    answer = S.read(log + BEGIN + b"out\n" + END % 0 + b"late\n")
    assert (answer.stage, answer.output, answer.code) == (Stage.DONE, b"out\nlate\n", 0)


def test_the_command_itself_has_no_mark():
    assert (
        BEGIN.strip() not in S.wrap("x").encode() and b"mslp-abc-end:" not in S.wrap("x").encode()
    )


@given(st.binary(), st.integers(0, 255))
def test_any_output_comes_back(output, code):
    answer = S.read(BEGIN + output + END % code)
    assert (answer.stage, answer.output, answer.code) == (Stage.DONE, output, code) or (
        output.endswith(b"\r") and answer.output == output[:-1]
    )


@given(st.binary())
def test_no_output_is_taken_for_an_end(output):
    assert Sentinel.fresh().read(output).stage is Stage.NEVER_BEGAN
    assert S.read(BEGIN + output).stage is Stage.BROKEN


@given(st.lists(st.text(st.characters(exclude_characters="\n\r"))))
def test_the_filter_passes_the_lines_between_the_marks(lines):
    seen: list[str] = []
    listener = LineFilter(S, seen.append)
    text = "[W] log\n" + BEGIN.decode() + "".join(f"{line}\n" for line in lines)
    for line in (text + "\nmslp-abc-end:0\n").split("\n")[:-1]:
        listener(line)
    assert seen == lines
