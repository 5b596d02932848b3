"""The native programs, built from source by content: the same sources are never built twice."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.core import files, process
from pipeline.core.errors import one_line
from pipeline.core.places import cache_root
from pipeline.toolchain.errors import BuildFailed, CompilerMissing

SOURCES = Path(__file__).parent / "native"
_DEADLINE_S = 300.0

#: What the device calls its ABI, and the target that zig and the OHOS clang call it. On 32-bit
#: devices floats travel in integer registers (softfp; application-dev/napi/ohos-abi.md of the
#: OpenHarmony documentation), and the loader has no "hf" in its name.
_ZIG_TARGETS = {
    "arm64-v8a": "aarch64-linux-musl",
    "armeabi-v7a": "arm-linux-musleabi",
    "x86_64": "x86_64-linux-musl",
}
_OHOS_TARGETS = {
    "arm64-v8a": "aarch64-linux-ohos",
    "armeabi-v7a": "arm-linux-ohos",
    "x86_64": "x86_64-linux-ohos",
}
_OHOS_FLAGS = {"armeabi-v7a": ("-march=armv7-a", "-mfloat-abi=softfp")}
#: The cross compilers of Debian's g++-aarch64-linux-gnu.
ARM64_CC, ARM64_CXX = "aarch64-linux-gnu-gcc", "aarch64-linux-gnu-g++"
_HOST_ABIS = {"x86_64": "x86_64", "aarch64": "arm64-v8a"}


@dataclass(frozen=True)
class Program:
    """A program or library: its file name, its sources and how the compiler is called."""

    name: str
    sources: tuple[Path, ...]
    headers: tuple[Path, ...]
    command: tuple[str, ...]
    compiler: str

    def key(self) -> str:
        """Hash of all that decides about the result."""
        return files.sha256_json(
            {
                "name": self.name,
                "command": self.command,
                "compiler": self.compiler,
                "sources": [
                    [path.name, files.sha256_file(path)]
                    for path in sorted((*self.sources, *self.headers))
                ],
            }
        )

    @property
    def path(self) -> Path:
        """Where it is, or will be."""
        return cache_root() / "native" / self.key()[:24] / self.name


def converter(package: Path) -> Program:
    """``converter_lite`` over the converter library of the unpacked ``package``."""
    stand_ins = (SOURCES / "pack_weight_manager.cc", SOURCES / "model_buffers.cc")
    sources = (*sorted(SOURCES.glob("converter_*.cc")), *stand_ins)
    return _cxx("converter_lite", sources, package, "g++")


def runtime_shim(package: Path, runner_sources: Path, compiler: str = "g++") -> Program:
    """``libmindspore_lite_ndk.so``: the API of HarmonyOS over the runtime of ``package``.

    It is declared as the runner declares it: ``oh_ai.h`` among the runner's sources. Where the
    package has kernels that compute in fp16 they are linked first, so that they are used.
    """
    sources = (SOURCES / "ndk_shim.cc", SOURCES / "pack_weight_manager.cc")
    fp16 = (package / "lib" / "liblite-unified-executor.so").is_file()
    return _cxx(
        "libmindspore_lite_ndk.so",
        sources,
        package,
        compiler,
        flags=("-shared", "-fPIC", "-fvisibility=hidden", "-I", str(runner_sources)),
        headers=(runner_sources / "oh_ai.h",),
        first=("-llite-unified-executor",) if fp16 else (),
    )


def arm64_runner(sources: Path) -> Program:
    """The runner for qemu-user: aarch64 with glibc, as the libraries of the package index are."""
    compiler = _executable(ARM64_CC, "the runner for --emulate arm64")
    return _runner(sources, (compiler,), _identity(compiler))


def plugin(sources: Path, runner_sources: Path) -> Program:
    """The plugin of qemu-user that counts instructions, from its folder of sources."""
    compiler = _executable("gcc", "the plugin that counts instructions")
    unit = sources / "plugin.c"
    headers = (*sorted(sources.glob("*.h")), runner_sources / "counter_file.h")
    flags = ("-std=c11", "-O2", "-s", "-shared", "-fPIC", "-fvisibility=hidden", "-D_GNU_SOURCE")
    command = (compiler, *flags, "-I", str(sources), "-I", str(runner_sources), str(unit))
    return Program("libinstructions.so", (unit,), headers, command, _identity(compiler))


def features(sources: Path) -> Program:
    """The program that prints the features of an emulated ARM64 processor."""
    compiler = _executable(ARM64_CC, "the runner for --emulate arm64")
    unit = sources / "features.c"
    command = (compiler, "-std=c11", "-O2", "-s", "-D_GNU_SOURCE", str(unit))
    return Program("features", (unit,), (), command, _identity(compiler))


def runner(sources: Path, abi: str | None = None) -> Program:
    """The runner from the C files of a folder: for this machine, or for devices of ``abi``."""
    return _runner(sources, *(_device_compiler(abi) if abi else _host_compiler()))


def _runner(sources: Path, command: tuple[str, ...], compiler: str) -> Program:
    units = tuple(sorted(sources.glob("*.c")))
    flags = ("-std=c11", "-O2", "-s", "-D_GNU_SOURCE", "-I", str(sources))
    return Program(
        "runner",
        units,
        tuple(sorted(sources.glob("*.h"))),
        (*command, *flags, *map(str, units), "-ldl", "-lm", "-lpthread"),
        compiler,
    )


def host_abi() -> str:
    """This machine's ABI, by the name that devices use."""
    return _HOST_ABIS.get(platform.machine(), platform.machine())


def is_built(program: Program) -> bool:
    """Whether ``program`` needs no building."""
    return program.path.is_file()


def build(programs: Sequence[Program], progress: Callable[[float, float], None]) -> None:
    """Build what is not there yet; ``progress`` gets the programs done and in all."""
    missing = [program for program in programs if not is_built(program)]
    for done, program in enumerate(missing):
        progress(done, len(missing))
        _build_one(program)
    if missing:
        progress(len(missing), len(missing))


def _build_one(program: Program) -> None:
    target = program.path
    with files.making(target.parent) as folder, files.disk_errors(target):
        if is_built(program):  # another process was faster
            return
        output = folder / program.name
        log = target.parent / f"{program.name}.log"
        env = {"ZIG_GLOBAL_CACHE_DIR": str(folder), "ZIG_LOCAL_CACHE_DIR": str(folder)}
        result = process.run((*program.command, "-o", str(output)), deadline_s=_DEADLINE_S, env=env)
        files.write_bytes(log, result.stdout + result.stderr)
        if result.ending is not process.Ending.EXIT:
            raise BuildFailed(program.name, f"the compiler {result.how}", log)
        if result.returncode != 0 or not output.is_file():
            reason = _first_error(result.text) or f"the compiler {result.how}"
            raise BuildFailed(program.name, reason, log)
        files.fsync_tree(folder)
        os.replace(output, target)


def _first_error(text: str) -> str | None:
    return next((one_line(line) for line in text.splitlines() if "error" in line.lower()), None)


def _cxx(
    name: str,
    sources: tuple[Path, ...],
    package: Path,
    compiler: str,
    *,
    flags: tuple[str, ...] = (),
    headers: tuple[Path, ...] = (),
    first: tuple[str, ...] = (),
) -> Program:
    """Built against the libraries of the package index; ``first``: linked before the others."""
    compiler = _executable(compiler, name)
    libraries = package / "lib"
    command = (
        compiler, "-std=c++17", "-O2", *flags, "-D_GLIBCXX_USE_CXX11_ABI=0",
        "-I", str(package), "-I", str(package / "include"), *map(str, sources),
        "-L", str(libraries), "-Wl,--no-as-needed", *first, "-lmindspore_converter",
        "-lmindspore_core", "-Wl,--disable-new-dtags", f"-Wl,-rpath,{libraries}",
        "-Wl,--allow-shlib-undefined", "-rdynamic", "-ldl", "-lpthread",
    )  # fmt: skip
    headers = (*sorted(SOURCES.glob("*.h")), *headers)
    return Program(name, sources, headers, command, _identity(compiler))


def _host_compiler() -> tuple[tuple[str, ...], str]:
    compiler = _executable("gcc", "the runner")
    return (compiler,), _identity(compiler)


def _device_compiler(abi: str) -> tuple[tuple[str, ...], str]:
    ndk = os.environ.get("OHOS_NDK")
    if ndk and abi in _OHOS_TARGETS:
        compiler = str(Path(ndk) / "llvm" / "bin" / "clang")
        sysroot = str(Path(ndk) / "sysroot")
        target = (f"--target={_OHOS_TARGETS[abi]}", f"--sysroot={sysroot}")
        flags = (*_OHOS_FLAGS.get(abi, ()), "-fPIE", "-pie")
        return (compiler, *target, *flags), _identity(compiler)
    version = _zig_version()
    if abi not in _ZIG_TARGETS or version is None:
        raise CompilerMissing("ziglang", f"the runner for {abi} devices")
    zig = (sys.executable, "-m", "ziglang", "cc", "-target", _ZIG_TARGETS[abi])
    return (*zig, "-dynamic", "-fPIE", "-pie"), f"ziglang {version}"


def _zig_version() -> str | None:
    try:
        return importlib.metadata.version("ziglang")
    except importlib.metadata.PackageNotFoundError:
        return None


def _executable(name: str, purpose: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise CompilerMissing(name, purpose)
    return found


def _identity(compiler: str) -> str:
    """What tells one compiler from another without running it."""
    path = Path(compiler).resolve()
    with files.disk_errors(path):
        status = path.stat()
    return f"{path.name} {status.st_size} {status.st_mtime_ns}"
