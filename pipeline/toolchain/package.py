"""MindSpore Lite 2.0.0 from the package index: fetched by pip, pinned by hash, unpacked once.

The wheels are made for CPython 3.7, but their native libraries need no Python at all. Version
2.0.0 is the right one for the phones: HarmonyOS 5.0 to 6.0 carry a runtime based on 2.1.0, and a
model must come from a converter that is no newer than the runtime that reads it.
"""

from __future__ import annotations

import os
import platform
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pipeline.core import files, process
from pipeline.core.places import cache_root
from pipeline.toolchain.errors import DownloadFailed, MachineUnsupported, PackageDamaged

VERSION = "2.0.0"
_DEADLINE_S = 1800.0

#: The converter and the whole device-side runtime need these of the wheel's libraries, no more.
_COMMON = (
    "libmindspore_converter.so",
    "libmslite_converter_plugin.so",
    "libmindspore_core.so",
    "libmindspore_glog.so.0",
    "libopencv_core.so.4.5",
    "libopencv_imgcodecs.so.4.5",
    "libopencv_imgproc.so.4.5",
)
#: The kernels that compute in fp16, which only ARM has.
_FP16 = "liblite-unified-executor.so"


@dataclass(frozen=True)
class Wheel:
    """One pinned file of the package index. ``libraries``: what is unpacked of it."""

    machine: str
    tags: tuple[str, str]
    size_bytes: int
    sha256: str
    libraries: tuple[str, ...] = _COMMON

    @property
    def name(self) -> str:
        """The package and its version, for people."""
        return f"mindspore-lite {VERSION} for {self.machine}"


#: The aarch64 libraries are in a wheel that is tagged for any machine.
WHEELS = {
    "x86_64": Wheel(
        "x86_64",
        ("cp37m", "manylinux1_x86_64"),
        168_649_943,
        "199cd0605cc985b88eddb273db9dfe9000a585ba10ca2292b6b36ebfff07b3ec",
    ),
    "aarch64": Wheel(
        "aarch64",
        ("none", "any"),
        55_957_681,
        "9006b56a0285833802b4880f34cbce5f94111ef5ca4071d5df5c61e8c2a3a6f7",
        (*_COMMON, _FP16),
    ),
}

Progress = Callable[[float, float], None]


def wheel_for(machine: str | None = None) -> Wheel:
    """The wheel for ``machine`` (default: this one)."""
    machine = machine or platform.machine()
    if sys.platform != "linux" or machine not in WHEELS:
        raise MachineUnsupported(f"{sys.platform} on {machine}")
    return WHEELS[machine]


def installed(wheel: Wheel) -> Path | None:
    """The unpacked package (it has ``lib/`` and ``include/``), if it is there."""
    home = _home(wheel)
    return home if home.is_dir() else None


def install(wheel: Wheel, progress: Progress) -> Path:
    """Fetch and unpack ``wheel`` unless that is done; ``progress`` gets bytes done and in all."""
    home = _home(wheel)
    if home.is_dir():
        return home
    with files.making(home) as folder, files.disk_errors(home):
        if not home.is_dir():  # else another process was faster
            archive = _download(wheel, folder, progress)
            unpacked = folder / "unpacked"
            _unpack(archive, unpacked, wheel.libraries)
            files.fsync_tree(unpacked)
            os.replace(unpacked, home)
    return home


def _home(wheel: Wheel) -> Path:
    name = f"mindspore-lite-{VERSION}-{wheel.machine}-{wheel.sha256[:12]}"
    return cache_root() / (f"{name}-fp16" if _FP16 in wheel.libraries else name)


def _download(wheel: Wheel, folder: Path, progress: Progress) -> Path:
    abi, tag = wheel.tags
    target = folder / "wheel"
    command = (
        sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-input",
        "--disable-pip-version-check", "--no-cache-dir", "--only-binary=:all:",
        "--python-version", "3.7", "--implementation", "cp", "--abi", abi, "--platform", tag,
        "--dest", str(target), f"mindspore-lite=={VERSION}",
    )  # fmt: skip
    # pip downloads into its temporary folder: ours, so that its growth can be watched.
    result = process.run(
        command,
        deadline_s=_DEADLINE_S,
        env={"TMPDIR": str(folder)},
        on_tick=lambda: progress(min(_tree_bytes(folder), wheel.size_bytes), wheel.size_bytes),
    )
    found = sorted(target.glob("*.whl"))
    if result.ending is not process.Ending.EXIT or result.returncode != 0 or not found:
        lines = [line for line in result.text.splitlines() if line.startswith("ERROR")]
        raise DownloadFailed(wheel.name, lines[-1] if lines else f"pip {result.how}")
    digest = files.sha256_file(found[0])
    if digest != wheel.sha256:
        raise PackageDamaged(wheel.name, wheel.sha256, digest)
    return found[0]


def _unpack(archive: Path, target: Path, libraries: tuple[str, ...]) -> None:
    wanted = tuple(f"mindspore_lite/lib/{name}" for name in libraries)
    with zipfile.ZipFile(archive) as bundle:
        for member in bundle.namelist():
            if member in wanted or member.startswith("mindspore_lite/include/"):
                path = target / Path(member).relative_to("mindspore_lite")
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(bundle.read(member))


def _tree_bytes(folder: Path) -> int:
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.stat(os.path.join(root, name)).st_size
            except FileNotFoundError:
                continue
    return total
