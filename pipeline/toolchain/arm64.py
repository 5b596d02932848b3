"""ARM64 without a phone: the kernels that phones run, on this machine, by qemu-user.

The runner and the runtime shim are built by Debian's cross compiler against the aarch64 libraries
of the package index. A plugin of ours counts the instructions that are executed: emulated time
says nothing, their number does, and is the same on any machine.
"""

from __future__ import annotations

import platform
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from pipeline.core import process
from pipeline.core.errors import one_line
from pipeline.core.events import Listener
from pipeline.toolchain import native, package
from pipeline.toolchain.errors import Arm64Missing, Arm64Unneeded, CpuUnknown, QemuUnfit

QEMU = "qemu-aarch64"
#: The interface of plugins that ours speaks: version 1. Version 2 came with QEMU 9.0.
_SINCE, _UNTIL = (6, 0), (9, 0)
_DEADLINE_S = 20.0
_VERSION = re.compile(r"version (\d+)\.(\d+)(\.\d+)?")
#: Where Debian's packages put the libraries of emulated programs.
_PREFIX = Path("/usr/aarch64-linux-gnu")


@dataclass(frozen=True)
class Sources:
    """Folders of C sources: of the plugin and of the runner."""

    plugin: Path
    runner: Path


@dataclass(frozen=True)
class Arm64:
    """All that running ARM64 programs takes, built and ready."""

    qemu: Path
    version: str
    plugin: Path
    features: Path
    runner: Path
    runtime: Path

    def command(self, cpu: str) -> tuple[str, ...]:
        """What stands before an ARM64 program to run it on a ``cpu`` that counts instructions.

        ``$PIPELINE_COUNTER`` must name a file for the counters (device/instructions).
        """
        # qemu takes a comma for the end of a file's name, and two for one.
        plugin = str(self.plugin).replace(",", ",,")
        return (str(self.qemu), "-L", str(_PREFIX), "-cpu", cpu, "-plugin", plugin)

    def as_json(self) -> dict[str, str]:
        """For ``--json``."""
        return {
            "qemu": str(self.qemu),
            "version": self.version,
            "runner": str(self.runner),
            "runtime": str(self.runtime),
        }

    def cpu_features(self, cpu: str) -> tuple[str, ...]:
        """The features of a ``cpu``, by the names of /proc/cpuinfo. Raises CpuUnknown."""
        done = process.run(
            (self.qemu, "-L", _PREFIX, "-cpu", cpu, self.features), deadline_s=_DEADLINE_S
        )
        if done.ending is not process.Ending.EXIT or done.returncode != 0:
            raise CpuUnknown(cpu, one_line(done.text) or f"qemu {done.how}")
        return tuple(done.stdout.decode().split())


def check() -> str:
    """The version of the qemu that is there, when nothing is missing.

    Raises Arm64Unneeded, Arm64Missing and QemuUnfit.
    """
    if platform.machine() != "x86_64":
        raise Arm64Unneeded(platform.machine())
    absent = missing()
    if absent:
        raise Arm64Missing(absent)
    return _fit_version()


def missing() -> tuple[str, ...]:
    """Debian's packages that are not there."""
    there = {
        "qemu-user": shutil.which(QEMU) is not None,
        "g++-aarch64-linux-gnu": shutil.which(native.ARM64_CXX) is not None,
        "libc6-arm64-cross": (_PREFIX / "lib/ld-linux-aarch64.so.1").exists(),
        "libstdc++6-arm64-cross": (_PREFIX / "lib/libstdc++.so.6").exists(),
    }
    return tuple(name for name, found in there.items() if not found)


def resolve(sources: Sources, listener: Listener) -> Arm64:
    """Find what is installed; fetch and build what of ours is missing.

    Raises the errors of ``check``, and those of fetching and building.
    """
    version = check()
    wheel = package.wheel_for("aarch64")
    home = package.installed(wheel) or package.install(
        wheel, lambda done, total: listener.progress("download", wheel.name, done, total)
    )
    programs = _programs(home, sources)
    native.build(
        programs, lambda done, total: listener.progress("build", "ARM64 programs", done, total)
    )
    plugin, features, runner, runtime = (program.path for program in programs)
    return Arm64(_qemu(), version, plugin, features, runner, runtime)


def ready(sources: Sources) -> bool:
    """Whether ``resolve`` needs neither download nor build; ``check`` must have passed."""
    home = package.installed(package.wheel_for("aarch64"))
    return home is not None and all(map(native.is_built, _programs(home, sources)))


def _programs(home: Path, sources: Sources) -> tuple[native.Program, ...]:
    return (
        native.plugin(sources.plugin, sources.runner),
        native.features(sources.plugin),
        native.arm64_runner(sources.runner),
        native.runtime_shim(home, sources.runner, native.ARM64_CXX),
    )


def _qemu() -> Path:
    return Path(shutil.which(QEMU) or QEMU)


def _fit_version() -> str:
    told = process.run((_qemu(), "--version"), deadline_s=_DEADLINE_S).text
    found = _VERSION.search(told)
    if found is None:
        raise QemuUnfit(f"it does not tell its version: {one_line(told)[:80]}")
    if not _SINCE <= (int(found[1]), int(found[2])) < _UNTIL:
        raise QemuUnfit(f"its plugins are not those of 6.0 to 8.2 ({found[0]})")
    if "-plugin" not in process.run((_qemu(), "--help"), deadline_s=_DEADLINE_S).text:
        raise QemuUnfit(f"it was built without plugins, as static builds are ({found[0]})")
    return found[0].removeprefix("version ")
