"""Native programs are built once by content, whole, and what keeps them from it is told."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.toolchain import native
from pipeline.toolchain.errors import BuildFailed, CompilerMissing
from pipeline.toolchain.native import Program


@pytest.fixture
def program(cache, compilers, sources) -> Program:
    return native.runner(sources)


def _build(*programs: Program) -> list[tuple[float, float]]:
    steps: list[tuple[float, float]] = []
    native.build(programs, lambda done, total: steps.append((done, total)))
    return steps


def test_a_program_is_built_once(cache, compilers, program):
    assert not native.is_built(program)
    assert _build(program) == [(0, 1), (1, 1)]
    assert native.is_built(program)
    assert program.path.read_text() == "built\n"
    assert program.path.is_relative_to(cache)
    assert _build(program) == []
    assert len(compilers.calls) == 1
    assert "-std=c11" in compilers.calls[0]


def test_nothing_but_the_program_its_log_and_the_lock_stays(cache, program):
    _build(program)
    assert sorted(os.listdir(program.path.parent)) == ["runner", "runner.log"]
    assert sorted(os.listdir(cache / "native")) == [
        f".{program.path.parent.name}.lock",
        program.path.parent.name,
    ]


def _other_source(program: Program) -> Program:
    program.sources[0].write_text("int main(void) { return 1; }\n")
    return program


def _other_header(program: Program) -> Program:
    program.headers[0].write_text("/* others */\n")
    return program


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(_other_source, id="source"),
        pytest.param(_other_header, id="header"),
        pytest.param(lambda program: replace(program, compiler="gcc 2"), id="compiler"),
        pytest.param(lambda program: replace(program, name="other"), id="name"),
        pytest.param(
            lambda program: replace(program, command=(*program.command, "-O3")), id="flags"
        ),
    ],
)
def test_whatever_decides_about_the_result_changes_where_it_lies(program, change):
    before = program.path
    _build(program)
    changed = change(program)
    assert changed.path != before
    assert not native.is_built(changed)


def test_two_that_build_at_once_build_once(compilers, program):
    compilers.behave('sleep 0.3; echo built > "$output"')
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: _build(program), range(2)))
    assert native.is_built(program)
    assert len(compilers.calls) == 1


FAILURES = {
    "an error": (
        "echo 'main.c:3:1: error: expected ;' >&2; exit 1",
        "main.c:3:1: error: expected ;",
    ),
    "an error among warnings": (
        "echo 'a.c:1: warning: x' >&2; echo 'a.c:2: fatal error: no file' >&2; exit 1",
        "a.c:2: fatal error: no file",
    ),
    "silence": ("exit 1", "the compiler ended with code 1"),
    "words without an error": ("echo hm; exit 4", "the compiler ended with code 4"),
    "a kill": ("kill -KILL $$", "the compiler was ended by SIGKILL"),
    "success without output": ("exit 0", "the compiler ended with code 0"),
    "a half-written output": ('printf half > "$output"; exit 1', "the compiler ended with code 1"),
    "a hang": ('printf half > "$output"; sleep 60', "the compiler was not done after 0."),
}


@pytest.mark.parametrize(("body", "reason"), FAILURES.values(), ids=FAILURES)
def test_a_build_that_fails_is_told_and_tried_again(compilers, program, monkeypatch, body, reason):
    monkeypatch.setattr(native, "_DEADLINE_S", 0.4 if "sleep" in body else 20.0)
    compilers.behave(body)
    with pytest.raises(BuildFailed) as caught:
        _build(program)
    assert reason in caught.value.reason
    assert caught.value.log.is_file()
    assert os.listdir(program.path.parent) == ["runner.log"]
    compilers.behave('echo built > "$output"')
    _build(program)
    assert program.path.read_text() == "built\n"


@pytest.mark.parametrize(
    ("make", "compiler"),
    [
        (lambda folder: native.runner(folder), "gcc"),
        (lambda folder: native.converter(folder), r"g\+\+"),
        (lambda folder: native.runtime_shim(folder, folder), r"g\+\+"),
    ],
    ids=["runner", "converter", "shim"],
)
def test_a_missing_compiler_is_told_with_how_to_get_it(sources, monkeypatch, make, compiler):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(CompilerMissing, match=f"{compiler} not found") as caught:
        make(sources)
    assert "apt-get install" in caught.value.hint


@pytest.mark.parametrize("abi", ["arm64-v8a", "armeabi-v7a", "x86_64"])
def test_the_runner_for_a_device_comes_from_zig_or_the_sdk(sources, tmp_path, monkeypatch, abi):
    monkeypatch.delenv("OHOS_NDK", raising=False)
    monkeypatch.setattr(native, "_zig_version", lambda: "0.17.1")
    by_zig = native.runner(sources, abi)
    assert by_zig.command[1:4] == ("-m", "ziglang", "cc")
    assert "musl" in by_zig.command[5]
    clang = tmp_path / "llvm" / "bin" / "clang"
    clang.parent.mkdir(parents=True)
    clang.write_text("")
    monkeypatch.setenv("OHOS_NDK", str(tmp_path))
    by_sdk = native.runner(sources, abi)
    assert by_sdk.command[0] == str(clang)
    assert by_sdk.command[1].endswith("-ohos")
    assert by_sdk.key() != by_zig.key()


def test_without_zig_and_sdk_the_arm_runner_is_told_to_need_one(sources, monkeypatch):
    monkeypatch.delenv("OHOS_NDK", raising=False)
    monkeypatch.setattr(native, "_zig_version", lambda: None)
    with pytest.raises(CompilerMissing, match=r"ziglang not found.*arm64-v8a") as caught:
        native.runner(sources, "arm64-v8a")
    assert "OHOS_NDK" in caught.value.hint


def test_no_runner_is_built_for_a_device_of_an_unknown_kind(sources, monkeypatch):
    monkeypatch.delenv("OHOS_NDK", raising=False)
    with pytest.raises(CompilerMissing, match="mips"):
        native.runner(sources, "mips")


@pytest.mark.parametrize(
    ("machine", "abi"), [("x86_64", "x86_64"), ("aarch64", "arm64-v8a"), ("riscv64", "riscv64")]
)
def test_this_machine_has_the_name_that_devices_use(monkeypatch, machine, abi):
    monkeypatch.setattr("platform.machine", lambda: machine)
    assert native.host_abi() == abi


def test_a_folder_that_was_left_half_built_is_swept(cache, program):
    left = Path(cache / "native" / f".{program.path.parent.name}.k1ll3d")
    left.mkdir(parents=True)
    (left / "runner").write_text("half")
    _build(program)
    assert not left.exists()
