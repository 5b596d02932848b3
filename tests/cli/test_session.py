"""Whatever ends a command is told in two lines, as JSON where that was asked for, with a code."""

from __future__ import annotations

import errno
import json
import signal
from pathlib import Path

import pytest
import typer

from pipeline.chain.gates import model_failures
from pipeline.cli.session import Session
from pipeline.config.deployment import Limits
from pipeline.core.errors import FileMissing, LocalDiskFull
from pipeline.stages.parity import Parity
from pipeline.toolchain.errors import ConversionTimeout


@pytest.fixture(autouse=True)
def _own_signals(monkeypatch):
    """A session takes the process's signals; give them back."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    monkeypatch.delenv("PIPELINE_DEBUG", raising=False)
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


ENDINGS = {
    "an error of ours": (
        FileMissing(Path("x.ms"), "model"),
        2,
        "FileMissing",
        "model not found: x.ms",
    ),
    "Ctrl-C": (KeyboardInterrupt(), 130, "Interrupted", "interrupted"),
    "a full disk": (
        OSError(errno.ENOSPC, "No space", "a.bin"),
        4,
        "LocalDiskFull",
        "no space left on the disk while writing a.bin",
    ),
    "a refusal": (
        OSError(errno.EACCES, "Permission denied", "a.bin"),
        4,
        "LocalFileError",
        "cannot use a.bin: Permission denied",
    ),
    "a refusal of nothing": (OSError("what"), 4, "LocalFileError", "cannot use .: OSError"),
    "a fault of ours": (
        ZeroDivisionError("division\nby zero"),
        4,
        "InternalError",
        "a fault in the pipeline itself: ZeroDivisionError: division by zero",
    ),
    "a fact that is no number": (
        ConversionTimeout("r", float("nan"), Path("l")),
        4,
        "ConversionTimeout",
        "converting with recipe r did not end within nan s",
    ),
}


@pytest.mark.parametrize("as_json", [False, True], ids=["text", "json"])
@pytest.mark.parametrize(("error", "code", "name", "message"), ENDINGS.values(), ids=ENDINGS)
def test_whatever_ends_a_command_is_told(capsys, error, code, name, message, as_json):
    with pytest.raises(typer.Exit) as caught, Session(as_json):
        raise error
    assert caught.value.exit_code == code
    out, err = capsys.readouterr()
    lines = err.splitlines()
    assert lines[0] == f"error: {message}"
    assert lines[1].startswith("hint: ")
    assert len(lines) == 2
    if as_json:
        record = json.loads(out)
        assert (record["error"], record["message"]) == (name, message)
    else:
        assert out == ""


def test_the_reason_of_a_fault_is_shown_to_who_asks(capsys, monkeypatch):
    monkeypatch.setenv("PIPELINE_DEBUG", "1")
    with pytest.raises(typer.Exit), Session(json=False):
        raise ZeroDivisionError
    assert "test_session.py" in capsys.readouterr().err


@pytest.mark.parametrize(
    "ending", [typer.Exit(1), SystemExit(3), typer.BadParameter("no")], ids=repr
)
def test_an_end_that_was_meant_passes(ending):
    with pytest.raises(type(ending)) as caught, Session(json=False):
        raise ending
    assert caught.value is ending


def test_a_value_is_json_on_stdout(capsys):
    with Session(json=True) as session:
        session.value({"b": [1, None]})
    assert json.loads(capsys.readouterr().out) == {"b": [1, None]}


def test_sigterm_is_heard_as_ctrl_c(capsys):
    with pytest.raises(typer.Exit) as caught, Session(json=False):
        signal.raise_signal(signal.SIGTERM)
    assert caught.value.exit_code == 130


def test_steps_are_plain_lines_where_nobody_watches(capsys):
    with Session(json=False) as session:
        session.listener.started("convert", "fp32")
        session.listener.progress("convert", "fp32", 1, 2)  # too early to be worth a line
        session.listener.finished("convert", "fp32", reused=False, note="10 bytes", seconds=1.234)
        session.listener.finished("convert", "fp16", reused=True, note="5 bytes", seconds=0.0)
        session.listener.warning("a\nb [bold]")
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "start convert fp32",
        "done convert fp32: 10 bytes (1.23 s)",
        "kept convert fp16: 5 bytes",
        "warning: a b [bold]",
    ]


def test_the_disk_error_of_the_store_keeps_its_path(capsys):
    with pytest.raises(typer.Exit) as caught, Session(json=False):
        raise LocalDiskFull(Path("deep/down"))
    assert caught.value.exit_code == 4
    assert "deep/down" in capsys.readouterr().err


def test_a_cosine_that_is_no_number_meets_no_limit():
    parity = Parity(1, float("nan"), float("nan"), 0.0, 0.0, 0, 1.0)
    assert list(model_failures(Limits(), 0.0, parity))
