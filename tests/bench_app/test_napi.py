"""The module that ArkTS loads, built strictly and driven by a stand-in for the engine."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.bench_app import build

Engine = Callable[..., "subprocess.CompletedProcess[str]"]
SESSION = "abcdefgh01"


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed")
    folder = tmp_path_factory.mktemp("napi")
    sources = [build.CPP / "napi_init.c", *build.own_sources(), *build.runner_sources()]
    # CMakeLists.txt leaves names undefined that the system's libraries have; so does this.
    library = build.compile_c(
        folder / "libbench.so", sources, "-shared", "-fPIC", "-fsanitize=undefined"
    )
    host = build.compile_c(
        folder / "host", [build.HERE / "fake_napi.c"], "-rdynamic", "-fsanitize=undefined"
    )

    def run(*words: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [host, library, *map(str, words)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def test_it_registers_what_the_declarations_promise(engine: Engine) -> None:
    done = engine()
    declared = (build.CPP / "types/libbench/Index.d.ts").read_text()
    assert done.stdout == "module bench: call lastLine\n"
    assert "export const call:" in declared and "export const lastLine:" in declared


def test_a_call_is_done_off_the_thread_of_the_engine_and_logged(
    engine: Engine, tmp_path: Path
) -> None:
    done = engine("call", tmp_path, SESSION, 3, "", "wait", "last")
    assert done.stdout.splitlines()[1:] == ["promised", "qos: 3", "resolved: true", "last: hello"]
    answer = json.loads((tmp_path / "calls" / SESSION / "3.json").read_text())
    assert (answer["status"], answer["call"], answer["folder"]) == ("hello", 3, str(tmp_path))
    lines = done.stderr.splitlines()
    assert lines[0].startswith(f"0 4 4D53 MSLITE_BENCH {SESSION}-3 1 begins ")
    assert lines[-1] == f"0 4 4D53 MSLITE_BENCH {SESSION}-3 2 ends hello"


def test_one_call_at_a_time(engine: Engine, tmp_path: Path) -> None:
    one = ("call", tmp_path, SESSION, 0, "")
    done = engine(*one, *one, "wait", *one, "wait")
    assert done.stdout.splitlines()[1:] == [
        "promised",
        "thrown: a call is at work already",
        "qos: 3",
        "resolved: true",
        "promised",
        "qos: 3",
        "resolved: true",
    ]


def test_wrong_arguments_are_thrown_and_leave_it_usable(engine: Engine, tmp_path: Path) -> None:
    done = engine("wrong", "call", tmp_path, SESSION, 0, "", "wait")
    lines = done.stdout.splitlines()[1:]
    assert lines[:3] == ["thrown: call takes a folder, a session, a number and a request"] * 3
    assert lines[-1] == "resolved: true"


def test_a_folder_that_cannot_be_written_is_a_failure(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = engine("call", tmp_path / "file", SESSION, 0, "", "wait")
    assert done.stdout.splitlines()[-1] == "resolved: false"
    assert "failed no place to work in" in done.stderr


def test_a_session_that_climbs_is_refused(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    done = engine("call", tmp_path / "files", "../../etc", 0, "", "wait")
    assert done.stdout.splitlines()[-1] == "resolved: false"
    assert list((tmp_path / "files").iterdir()) == []
