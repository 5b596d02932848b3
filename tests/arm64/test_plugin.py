"""What the plugin counts, held against a program whose instructions are known."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from device.emulator.arm64 import launcher
from device.runner import SOURCES
from pipeline.toolchain import native
from pipeline.toolchain.arm64 import Arm64

HERE = Path(__file__).parent
#: Of the runner's sources.
UNITS = ("counter", "failure", "json", "outfile")
#: What the call and the arguments of ``work`` may cost; the same in every window.
MOST_BESIDE = 16


def _compile(compiler: str, target: Path) -> Path:
    units = [HERE / "known.c", *(SOURCES / f"{name}.c" for name in UNITS)]
    subprocess.run(
        [compiler, "-std=c11", "-O2", "-Wall", "-Wextra", "-Werror", "-D_GNU_SOURCE",
         "-I", str(SOURCES), "-o", str(target), *map(str, units)],
        check=True,
        timeout=60,
    )  # fmt: skip
    return target


@pytest.fixture(scope="module")
def known(built: Arm64, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _compile(native.ARM64_CC, tmp_path_factory.mktemp("known") / "known")


def _windows(built: Arm64, folder: Path, known: Path, rounds: int) -> list[list[int]]:
    counters = folder / "counters"
    counters.write_bytes(b"")
    done = subprocess.run(
        [*built.command("cortex-a76"), str(known), str(rounds)],
        env={**os.environ, "PIPELINE_COUNTER": str(counters)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return [[int(word) for word in line.split()] for line in done.stdout.splitlines()]


def test_each_class_is_counted_exactly(built: Arm64, known: Path, tmp_path: Path) -> None:
    few = _windows(built, tmp_path, known, 1)[-1]
    many = _windows(built, tmp_path, known, 100_001)[-1]
    assert [b - a for a, b in zip(few, many, strict=True)] == [100_000] * 4
    assert 4 <= sum(few) <= 4 + MOST_BESIDE


def test_windows_repeat_exactly(built: Arm64, known: Path, tmp_path: Path) -> None:
    first, *others = (_windows(built, tmp_path, known, 1000)[1:] for _ in range(2))
    assert first[0] == first[1]
    assert others == [first]


@pytest.mark.parametrize(
    "content",
    [b"", b"\0" * 40, b"ICOUNTS1" + b"\0" * 32],
    ids=["empty", "no mark", "nobody counts"],
)
def test_counters_that_nobody_counts_into_are_refused(tmp_path: Path, content: bytes) -> None:
    """Here the program is this machine's, and no plugin is there."""
    program = _compile("gcc", tmp_path / "known")
    counters = tmp_path / "counters"
    counters.write_bytes(content)
    done = subprocess.run(
        [str(program)],
        env={"PIPELINE_COUNTER": str(counters)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert "Nobody counts instructions" in done.stdout


def test_without_a_file_for_the_counters_nothing_runs(built: Arm64, known: Path) -> None:
    env = {name: text for name, text in os.environ.items() if name != "PIPELINE_COUNTER"}
    done = subprocess.run(
        [*built.command("cortex-a76"), str(known)],
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode != 0
    assert "No file for the counters" in done.stderr


@pytest.mark.parametrize(("cpu", "half"), [("cortex-a72", False), ("cortex-a76", True)])
def test_the_features_are_the_processors(built: Arm64, cpu: str, half: bool) -> None:
    found = built.cpu_features(cpu)
    assert "asimd" in found
    assert ("asimdhp" in found) is half
    assert ("asimddp" in found) is half


def test_the_tool_leaves_no_file_and_passes_words_and_codes(tmp_path: Path) -> None:
    """Without an emulator before it: ``env`` runs what follows."""
    tool = tmp_path / "arm64"
    tool.write_text(launcher(("env",)))
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    script = 'echo "$PIPELINE_COUNTER $1"; echo x >> "$PIPELINE_COUNTER"; ls "$TMPDIR"; exit 7'
    done = subprocess.run(
        ["sh", str(tool), "sh", "-c", script, "sh", "two words; 'quoted' $HOME"],
        env={**os.environ, "TMPDIR": str(temporary)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 7, done.stderr
    assert done.stdout == "/proc/self/fd/9 two words; 'quoted' $HOME\n"
    assert os.listdir(temporary) == []
