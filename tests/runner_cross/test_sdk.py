"""The HarmonyOS SDK's clang in place of ziglang: how it is called."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline.toolchain import native
from tests.fakes import write_program
from tests.runner_cross.conftest import RUNNER_SOURCES

_CLANG = """\
import json, pathlib, sys

pathlib.Path(sys.argv[0]).with_name("call.json").write_text(json.dumps(sys.argv[1:]))
pathlib.Path(sys.argv[sys.argv.index("-o") + 1]).write_bytes(b"built")
"""


@pytest.fixture
def sdk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Its `native` folder, with a clang that notes how it was called."""
    folder = tmp_path / "ohos sdk" / "native"
    write_program(folder / "llvm" / "bin", "clang", _CLANG)
    monkeypatch.setenv("OHOS_NDK", str(folder))
    monkeypatch.setenv("PIPELINE_CACHE", str(tmp_path / "cache"))
    return folder


@pytest.mark.parametrize(
    ("abi", "target", "float_abi"),
    [
        ("arm64-v8a", "aarch64-linux-ohos", None),
        ("armeabi-v7a", "arm-linux-ohos", "-mfloat-abi=softfp"),
        ("x86_64", "x86_64-linux-ohos", None),
    ],
)
def test_the_sdk_is_called_for_its_target(
    sdk: Path, abi: str, target: str, float_abi: str | None
) -> None:
    program = native.runner(RUNNER_SOURCES, abi)
    native.build([program], lambda done, total: None)
    call = json.loads((sdk / "llvm" / "bin" / "call.json").read_text())
    assert call[:2] == [f"--target={target}", f"--sysroot={sdk}/sysroot"]
    assert {"-fPIE", "-pie", "-std=c11", "-O2", "-s", "-ldl", "-lm"} <= set(call)
    assert [part for part in call if part.startswith("-mfloat-abi")] == [float_abi] * bool(
        float_abi
    )
    sources = {Path(part).name for part in call if part.endswith(".c")}
    assert sources == {path.name for path in RUNNER_SOURCES.glob("*.c")}
    assert program.path.read_bytes() == b"built"


def test_ziglang_and_the_sdk_agree_on_how_floats_travel(
    sdk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OHOS_NDK")
    monkeypatch.setattr(native, "_zig_version", lambda: "0.17.1")
    assert "arm-linux-musleabi" in native.runner(RUNNER_SOURCES, "armeabi-v7a").command
