"""Builds the runner and stand-ins for the runtime once per session, with gcc."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

HERE = Path(__file__).parent
RUNNER_SOURCES = HERE.parents[1] / "device" / "runner"
STRICT = ["-std=c11", "-O1", "-g", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]
SANITIZERS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]


@dataclass(frozen=True)
class Run:
    """What one launch of the runner left behind."""

    code: int
    out: str
    err: str
    directory: Path

    @property
    def result(self) -> dict:
        """The JSON record, which must be strict JSON."""
        return json.loads((self.directory / "result.json").read_bytes().decode("utf-8"))

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


class Native:
    """Launches the runner against one of the stand-ins, in a directory of its own."""

    def __init__(self, runner: Path, libraries: dict[str, Path], directory: Path) -> None:
        self.runner = runner
        self.libraries = libraries
        self.directory = directory
        self.model = directory / "model.ms"
        self.model.write_bytes(b"\0\0\0\0MSL2")

    def __call__(
        self, *flags: str, runtime: str = "fake", env: dict[str, str] | None = None, **options
    ) -> Run:
        command = [str(self.runner), *flags]
        if not any(flag.startswith("--runtime") for flag in flags):
            command.append(f"--runtime={self.libraries[runtime]}")
        if not any(flag.startswith("--modelFile") for flag in flags):
            command.append(f"--modelFile={self.model}")
        done = subprocess.run(
            command,
            cwd=self.directory,
            env={"PATH": os.environ["PATH"], "ASAN_OPTIONS": "detect_leaks=0", **(env or {})},
            capture_output=options.pop("capture_output", True),
            timeout=60,
            check=False,
            **options,
        )
        out, err = (
            stream.decode(errors="replace") for stream in (done.stdout or b"", done.stderr or b"")
        )
        return Run(done.returncode, out, err, self.directory)


def _compile(output: Path, sources: list[Path], *flags: str) -> None:
    subprocess.run(
        ["gcc", *STRICT, f"-I{RUNNER_SOURCES}", "-o", str(output), *map(str, sources), *flags],
        check=True,
        timeout=120,
    )


@pytest.fixture(scope="session")
def native_build(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Path]]:
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed")
    out = tmp_path_factory.mktemp("native")
    runner = out / "runner"
    _compile(runner, sorted(RUNNER_SOURCES.glob("*.c")), *SANITIZERS, "-ldl", "-lm", "-lpthread")
    variants = {"fake": [], "upstream": ["-DPREFIX=MS"], "old": ["-DOLD_RUNTIME"]}
    libraries = {}
    for name, flags in variants.items():
        libraries[name] = out / f"lib{name}.so"
        _compile(
            libraries[name], [HERE / "fake_runtime.c"], "-D_GNU_SOURCE", "-fPIC", "-shared", *flags
        )
    libraries["empty"] = out / "libempty.so"
    (out / "empty.c").write_text("int nothing_here;\n")
    _compile(libraries["empty"], [out / "empty.c"], "-fPIC", "-shared")
    return runner, libraries


@pytest.fixture
def native(native_build: tuple[Path, dict[str, Path]], tmp_path: Path) -> Native:
    return Native(*native_build, tmp_path)


@pytest.fixture(scope="session")
def timelines(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int, int], tuple]:
    """(kept, stride, seen, whether starts fit samples, extremes) of COUNT inferences."""
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed")
    program = tmp_path_factory.mktemp("timeline") / "timeline"
    _compile(program, [HERE / "timeline_check.c", RUNNER_SOURCES / "timeline.c"], *SANITIZERS)

    def check(count: int, reserved: int) -> tuple:
        done = subprocess.run(
            [str(program), str(count), str(reserved)],
            capture_output=True, text=True, timeout=60, check=True,
        )  # fmt: skip
        kept, stride, seen, starts, extremes = done.stdout.strip().split("|")
        return int(kept), int(stride), int(seen), starts, extremes

    return check
