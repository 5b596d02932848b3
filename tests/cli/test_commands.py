"""The command line as people and machines call it: texts, exit codes, and what it imports."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys

import pytest
import typer

from pipeline.cli.app import app

GOOD = """\
name: mine
network: {factory: network:net, checkpoint: net.ckpt}
inputs: [{name: x, shape: [1, 4]}]
data: {test: data.npz}
recipes: [fp32]
"""


def _commands(command: object, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    inner = getattr(command, "commands", {})
    return [path, *(found for name in inner for found in _commands(inner[name], (*path, name)))]


COMMANDS = _commands(typer.main.get_command(app))


def test_the_commands_are_those_that_are_documented():
    assert {" ".join(command) for command in COMMANDS} >= {
        "deploy", "convert", "benchmark", "devices", "doctor", "schema", "toolchain show",
        "toolchain install", "tune", "sensitivity", "recover", "inspect", "diff", "emulator start",
        "emulator stop", "emulator list",
    }  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command) or "pipeline")
def test_every_command_has_a_help_text(pipeline, command):
    done = pipeline(*command, "--help")
    assert done.code == 0
    assert done.err == ""
    assert f"pipeline {' '.join(command)}".strip() in done.out
    assert "\x1b" not in done.out
    if len(command) == 1 and command not in (("toolchain",), ("emulator",)):
        assert "Example: pipeline" in done.out


USAGE = {
    "an unknown option": (["deploy", "--devise", "phone"], "--devise"),
    "an unknown command": (["deplay"], "deplay"),
    "an unknown kind of emulation": (["deploy", "--emulate", "mars"], "mars"),
    "two that exclude each other": (
        ["deploy", "--emulate", "host", "--no-emulate"],
        "exclude each other",
    ),
    "the same of benchmark": (
        ["benchmark", "--no-emulate", "--emulate", "host"],
        "exclude each other",
    ),
    "one argument too many": (["doctor", "extra"], "extra"),
    "an option without its value": (["deploy", "--device"], "--device"),
}


@pytest.mark.parametrize(("arguments", "text"), USAGE.values(), ids=USAGE)
def test_a_wrong_call_ends_with_2_and_says_why(pipeline, folder, arguments, text):
    done = pipeline(*arguments)
    assert done.code == 2
    assert done.out == ""
    assert text in " ".join(done.err.split())
    assert "\x1b" not in done.err
    assert not list(folder.iterdir())


ERRORS = {
    "no configuration": (["deploy"], 2, "NoConfig", "name one: pipeline deploy"),
    "a missing configuration": (["deploy", "no.yaml"], 2, "FileMissing", "check the path"),
    "bad YAML": (["convert", "bad.yaml"], 2, "ConfigSyntax", "look at that line"),
    "an unknown key": (["deploy", "key.yaml"], 2, "ConfigInvalid", "did you mean `recipes`?"),
    "an unknown recipe": (
        ["convert", "good.yaml", "-r", "wieght-8"],
        2,
        "NameUnknown",
        "did you mean `weight-8`?",
    ),
    "an unknown device": (
        ["deploy", "good.yaml", "-d", "fone"],
        2,
        "NameUnknown",
        "did you mean `phone`?",
    ),
    "no calibration": (
        ["convert", "good.yaml", "-r", "full-8"],
        2,
        "CalibrationMissing",
        "add `calibration:`",
    ),
    "a missing model": (["benchmark", "no.ms"], 2, "FileMissing", "check the path"),
    "a text for a model": (["benchmark", "bad.yaml"], 4, "ModelUnusable", ""),
    "nothing deployed yet": (["benchmark"], 5, "NothingDeployed", "run `pipeline deploy` first"),
    "no hdc": (["devices", "--hdc", "no-hdc"], 3, "HdcMissing", "set HDC"),
    "no hdc and no emulation": (
        ["deploy", "good.yaml", "--no-emulate"],
        3,
        "HdcMissing",
        "set HDC",
    ),
    "a toolchain that is none": (
        ["toolchain", "show", "--toolchain", "."],
        4,
        "ToolchainInvalid",
        "unpacked folder",
    ),
    "no toolchain yet": (["toolchain", "show"], 4, "NotInstalled", "pipeline toolchain install"),
}


@pytest.mark.parametrize("as_json", [False, True], ids=["text", "json"])
@pytest.mark.parametrize(("arguments", "code", "error", "hint"), ERRORS.values(), ids=ERRORS)
def test_an_error_is_two_lines_and_a_code(pipeline, folder, arguments, code, error, hint, as_json):
    (folder / "good.yaml").write_text(GOOD)
    (folder / "bad.yaml").write_text("name: [\n")
    (folder / "key.yaml").write_text(GOOD.replace("recipes", "recipies"))
    done = pipeline(*arguments, *(["--json"] if as_json else []))
    assert done.code == code
    assert "\x1b" not in done.err
    first, second = done.err.splitlines()[-2:]
    assert first.startswith("error: ")
    assert second.startswith("hint: ")
    assert hint in second
    assert len(done.err.splitlines()) == 2
    if not as_json:
        assert done.out == ""
        return
    record = done.json
    assert (record["status"], record["error"]) == ("failed", error)
    assert first == f"error: {record['message']}"
    assert second == f"hint: {record['hint']}"
    assert isinstance(record["facts"], dict)


def test_a_message_of_what_a_user_wrote_stays_one_line(pipeline):
    done = pipeline("deploy", "a\n\x1b[31mb.yaml")
    assert done.err.splitlines()[0].startswith("error: configuration not found: ")
    assert len(done.err.splitlines()) == 2
    assert "\x1b" not in done.err


def test_markup_of_a_user_is_text(pipeline):
    assert "[bold]x[/bold].yaml" in pipeline("deploy", "[bold]x[/bold].yaml").err


@pytest.mark.parametrize("kind", ["deployment", "recipe", "profile"])
def test_a_schema_is_json_and_nothing_else(pipeline, kind):
    done = pipeline("schema", kind)
    assert (done.code, done.err) == (0, "")
    assert done.json["additionalProperties"] is False


def test_an_unknown_schema_is_told_as_json_too(pipeline):
    done = pipeline("schema", "fridge")
    assert done.code == 2
    assert done.json["error"] == "NameUnknown"
    assert "deployment, recipe, profile" in done.err


def test_the_doctor_tells_all_that_is_missing_as_json(pipeline):
    done = pipeline("doctor", "--json")
    assert done.code in (0, 4)
    assert {"Python", "MindSpore", "g++", "gcc", "MindSpore Lite", "disk", "hdc"} <= {
        check["name"] for check in done.json
    }
    assert all(check["todo"] for check in done.json if check["state"] == "missing")


def test_a_reader_that_goes_away_is_no_fault(environment, folder):
    process = subprocess.Popen(
        [sys.executable, "-m", "pipeline", "schema"],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == b""
    process.wait(60)


def _on_a_terminal(arguments: list[str], env: dict[str, str], cwd: object) -> str:
    """What a command writes to a terminal."""
    ours, theirs = pty.openpty()
    subprocess.run(
        [sys.executable, "-m", "pipeline", *arguments],
        cwd=cwd, env=env, stdin=theirs, stdout=theirs, stderr=theirs, timeout=60, check=False,
    )  # fmt: skip
    os.close(theirs)
    written = b""
    try:
        while chunk := os.read(ours, 65536):
            written += chunk
    except OSError:  # how a terminal says that nobody holds its other end
        pass
    os.close(ours)
    return written.decode()


@pytest.mark.parametrize(
    ("extra", "coloured"),
    [
        pytest.param({}, True, id="a terminal"),
        pytest.param({"NO_COLOR": "1"}, False, id="NO_COLOR"),
        pytest.param({"CI": "true"}, False, id="CI"),
        pytest.param({"TERM": "dumb"}, False, id="a dumb terminal"),
    ],
)
def test_colours_are_for_terminals_that_want_them(environment, folder, extra, coloured):
    env = {**environment, "TERM": "xterm", **extra}
    text = _on_a_terminal(["deploy", "no.yaml"], env, folder)
    assert "error: " in re.sub(r"\x1b\[[0-9;]*m", "", text)
    assert ("\x1b" in text) is coloured


def test_help_imports_nothing_that_is_slow(environment, folder):
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "pipeline", "--help"],
        cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    loaded = {
        line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()
    }
    assert "typer" in loaded
    assert not loaded & {"mindspore", "numpy", "pydantic", "yaml", "device", "zipfile"}


def test_the_package_itself_imports_nothing(environment, folder):
    code = (
        "import json, sys, pipeline\n"
        "before = sorted({name.partition('.')[0] for name in sys.modules})\n"
        "names = [getattr(pipeline, name).__name__ for name in pipeline.__all__]\n"
        "print(json.dumps([before, names, 'mindspore' in sys.modules]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    before, names, mindspore = json.loads(done.stdout)
    assert not set(before) & {"numpy", "pydantic", "typer", "rich", "yaml", "device"}
    assert {"deploy", "convert", "benchmark", "devices", "doctor", "PipelineError"} <= set(names)
    assert mindspore is False


def test_a_name_that_the_package_does_not_have_is_an_attribute_error():
    import pipeline

    with pytest.raises(AttributeError, match="no attribute 'deplay'"):
        pipeline.deplay  # noqa: B018
