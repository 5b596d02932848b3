"""The bench app's native half built for this machine, and packages for emulated devices."""

from __future__ import annotations

import json
import re
import subprocess
import zipfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
APP = ROOT / "device" / "bench_app"
CPP = APP / "entry" / "src" / "main" / "cpp"
RUNNER = ROOT / "device" / "runner"
HERE = Path(__file__).parent
STRICT = ("-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-D_GNU_SOURCE")


def json5(path: Path) -> Any:
    """A JSON5 file of ours: JSON, but for lines of comment."""
    return json.loads(re.sub(r"(?m)^\s*//.*$", "", path.read_text()))


def own_sources() -> list[Path]:
    """The app's own C files, as CMakeLists.txt lists them, without the NAPI module."""
    listed = re.search(r"add_library\(bench SHARED\s+([^$]+)", (CPP / "CMakeLists.txt").read_text())
    assert listed is not None
    return [CPP / name for name in listed.group(1).split() if name != "napi_init.c"]


def runner_sources() -> list[Path]:
    """The runner without its main."""
    return [path for path in sorted(RUNNER.glob("*.c")) if path.name != "main.c"]


def compile_c(target: Path, sources: list[Path], *flags: str) -> Path:
    """Build strictly, quickly."""
    include = (f"-I{CPP}", f"-I{RUNNER}", f"-I{HERE / 'declarations'}")
    libraries = ("-ldl", "-lm", "-lpthread")
    command = ["gcc", *STRICT, *include, *flags, "-o", target, *sources, *libraries]
    subprocess.run(command, check=True, timeout=120)
    return target


def program(folder: Path) -> Path:
    """The native half as a program."""
    return compile_c(folder / "bench", [*own_sources(), *runner_sources(), APP / "host" / "main.c"])


def runtime(folder: Path) -> Path:
    """A stand-in for the runtime, that of the runner's own tests."""
    return compile_c(
        folder / "libruntime.so", [ROOT / "tests/native/fake_runtime.c"], "-fPIC", "-shared"
    )


def package(target: Path, library: Path, *, abi: str = "x86_64", debug: bool = True) -> Path:
    """A package as DevEco makes it, as far as devices of the emulator look at it."""
    app = json5(APP / "AppScope/app.json5")["app"]
    module = json5(APP / "entry/src/main/module.json5")["module"]
    with zipfile.ZipFile(target, "w") as package_file:
        manifest = {"app": {**app, "debug": debug}, "module": module}
        package_file.writestr("module.json", json.dumps(manifest))
        package_file.write(library, f"libs/{abi}/libbench.so")
    return target
