"""The runner built for devices by ziglang, and what runs it here: qemu-user with Debian's musl.

Everything is kept in the pipeline's cache, by content. Where a tool is missing, tests are skipped;
with PIPELINE_NEEDS_ARM64=1 they fail instead, so that CI cannot lose them without a word.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn

import pytest

from pipeline.core import files
from pipeline.core.places import cache_root
from pipeline.toolchain import native

HERE = Path(__file__).parent
RUNNER_SOURCES = HERE.parents[1] / "device" / "runner"
FAKE_RUNTIME = HERE.parent / "native" / "fake_runtime.c"
_STRICT = ("-Wall", "-Wextra", "-Wpedantic", "-Werror")


@dataclass(frozen=True)
class Target:
    """A kind of device: zig's name, its C library's loader, and what Debian and qemu call it."""

    zig: str
    abi: str
    machine: str
    bits: int
    loader: str
    debian: str
    qemu: str

    def compiler(self) -> tuple[str, ...]:
        """The command that the pipeline itself builds the runner with, up to its sources."""
        command = native.runner(RUNNER_SOURCES, self.abi).command
        target = command.index("-target") + 1
        return (*command[:target], self.zig, *command[target + 1 :])


TARGETS = (
    Target("aarch64-linux-musl", "arm64-v8a", "aarch64", 64, "/lib/ld-musl-aarch64.so.1",
           "arm64", "qemu-aarch64"),
    Target("arm-linux-musleabi", "armeabi-v7a", "arm", 32, "/lib/ld-musl-arm.so.1",
           "armel", "qemu-arm"),
    Target("arm-linux-musleabihf", "armeabi-v7a", "arm", 32, "/lib/ld-musl-armhf.so.1",
           "armhf", "qemu-arm"),
)  # fmt: skip


@dataclass(frozen=True)
class Built:
    """The runner and a stand-in for the runtime, both for one target."""

    target: Target
    runner: Path
    runtime: Path


def _absent(what: str) -> NoReturn:
    if os.environ.get("PIPELINE_NEEDS_ARM64") == "1":
        pytest.fail(f"PIPELINE_NEEDS_ARM64=1, but {what}")
    pytest.skip(what)


def _run(*command: str, **options: object) -> str:
    done = subprocess.run(  # type: ignore[call-overload]
        command, capture_output=True, text=True, timeout=300, check=False, **options
    )
    assert done.returncode == 0, f"{command[0]}: {done.stdout}{done.stderr}"
    return str(done.stdout)


def compile_for(output: Path, arguments: tuple[str, ...], caches: Path) -> None:
    """Write ``output`` whole, once; ``caches`` is where zig keeps what it has compiled."""
    environment = {"ZIG_GLOBAL_CACHE_DIR": str(caches), "ZIG_LOCAL_CACHE_DIR": str(caches)}
    with files.making(output) as folder:
        if output.is_file():  # another worker was faster
            return
        new = folder / output.name
        _run(*arguments, *_STRICT, "-o", str(new), env={**os.environ, **environment})
        os.replace(new, output)


@pytest.fixture(scope="session")
def zig_caches() -> Path:
    """Where zig keeps the parts of musl that it builds: half of the time of a first build."""
    if importlib.util.find_spec("ziglang") is None:
        _absent("ziglang is not installed (pip install -e '.[arm]')")
    return cache_root() / "tests" / "zig"


@pytest.fixture(scope="session", params=TARGETS, ids=lambda target: target.zig)
def built(request: pytest.FixtureRequest, zig_caches: Path) -> Built:
    """Both programs of one target, built when their sources are new."""
    target: Target = request.param
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("OHOS_NDK", raising=False)
        program = native.runner(RUNNER_SOURCES, target.abi)
        command = target.compiler()
    program = replace(
        program,
        command=(*command, *_STRICT),
        sources=(*program.sources, FAKE_RUNTIME),
    )
    folder = cache_root() / "tests" / "cross" / program.key()[:24]
    done = Built(target, folder / "runner", folder / "libmindspore_lite_ndk.so")
    zig = command[: command.index("-target") + 2]
    flags = ("-std=c11", "-O1", "-D_GNU_SOURCE", "-fPIC", "-shared", "-s", "-lm")
    library = (*zig, *flags, "-I", str(RUNNER_SOURCES), str(FAKE_RUNTIME))
    for output, arguments in ((done.runner, command), (done.runtime, library)):
        if not output.is_file():
            compile_for(output, arguments, zig_caches)
    return done


@pytest.fixture(scope="session")
def packages() -> Path:
    """Debian's package lists of the three architectures, apart from those of this machine."""
    for tool in ("apt-get", "dpkg"):
        if shutil.which(tool) is None:
            _absent(f"{tool} is not here, which fetches Debian's musl")
    return cache_root() / "tests" / "debian"


def _apt(folder: Path, *arguments: str, cwd: Path | None = None) -> str | None:
    """apt-get with lists, cache and architectures of its own: nothing of this machine changes.

    Gives its last words when it fails.
    """
    for name in ("lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    architectures = ",".join(target.debian for target in TARGETS)
    settings = (
        f"APT::Architecture={TARGETS[0].debian}", f"APT::Architectures={architectures}",
        f"Dir::State::Lists={folder}/lists", f"Dir::Cache={folder}/cache",
        "Dir::State::status=/dev/null", "APT::Sandbox::User=", "Acquire::Languages=none",
        "Acquire::Retries=2", "Acquire::http::Timeout=20",
    )  # fmt: skip
    options = [part for setting in settings for part in ("-o", setting)]
    done = subprocess.run(
        ["apt-get", "-q", *options, *arguments],
        cwd=cwd, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    words = done.stderr.strip().splitlines() or ["no message"]
    return None if done.returncode == 0 else words[-1]


def _fetch(folder: Path, debian: str) -> Path:
    """The package of one architecture. A list that fails is no harm where the package is found."""
    debs = folder / f"debs-{debian}"
    debs.mkdir(parents=True, exist_ok=True)
    if not list((folder / "lists").glob(f"*binary-{debian}_Packages*")):
        _apt(folder, "update")
    trouble = _apt(folder, "download", f"musl:{debian}", cwd=debs)
    if trouble:
        shutil.rmtree(folder / "lists")
        _absent(f"Debian's musl for {debian} could not be fetched: {trouble}")
    (deb,) = debs.glob("musl_*.deb")
    return deb


@pytest.fixture(scope="session")
def musl(built: Built, packages: Path) -> Path:
    """A root folder with the target's C library, as qemu's -L wants it."""
    target = built.target
    if shutil.which(target.qemu) is None:
        _absent(f"{target.qemu} is not installed (Debian's qemu-user)")
    root = packages / target.debian
    with files.making(packages / "root") as folder:
        if not root.is_dir():
            _run("dpkg", "-x", str(_fetch(packages, target.debian)), str(folder / "root"))
            os.replace(folder / "root", root)
    return root
