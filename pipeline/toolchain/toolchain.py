"""A toolchain: converter, runner and host runtime that belong together, and where they come from.

Looked for in this order: what the configuration or ``--toolchain`` names, ``$MSLITE_HOME`` (an
unpacked official package), the one from the package index. All speak the official tools' command
lines, so nobody above needs to know which it is.
"""

from __future__ import annotations

import mmap
import os
import re
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from pipeline.core import files
from pipeline.core.events import Listener
from pipeline.core.places import expand
from pipeline.toolchain import native, package
from pipeline.toolchain.errors import ToolchainInvalid

_CONVERTER = Path("tools/converter/converter/converter_lite")
_RUNTIME = Path("runtime/lib/libmindspore-lite.so")
_CONVERTER_LIBRARIES = Path("tools/converter/lib")
_VERSION = re.compile(r"mindspore-lite-(\d+\.\d+\.\d+\w*)")
_OWN_VERSION = re.compile(rb"MindSpore Lite (\d+\.\d+\.\d+\w*)")
#: The package for servers has the same name and layout as the one for devices, but its converter
#: writes .mindir unless it is told otherwise. Older ones do not know the flag at all.
_SAVE_TYPE = ("--saveType=MINDIR_LITE",)


class Origin(str, Enum):
    """Where a toolchain comes from."""

    PACKAGE_INDEX = "package index"
    MSLITE_HOME = "MSLITE_HOME"
    NAMED = "named"


@dataclass(frozen=True)
class Toolchain:
    """Programs and libraries; ``identity`` is a hash over their contents, for stage keys.

    ``converter_flags`` are what this converter needs to make what the others make by themselves.
    """

    origin: Origin
    version: str
    home: Path
    converter: Path
    runner: Path
    runtime: Path
    library_path: tuple[Path, ...]
    identity: str
    converter_flags: tuple[str, ...] = ()

    def environment(self) -> dict[str, str]:
        """What the tools need in their environment; their log at the level of warnings."""
        environment = {"GLOG_v": "2"}
        if self.library_path:
            inherited = os.environ.get("LD_LIBRARY_PATH", "")
            paths = [*map(str, self.library_path), *([inherited] if inherited else [])]
            environment["LD_LIBRARY_PATH"] = ":".join(paths)
        return environment

    def as_json(self) -> dict[str, str]:
        """For the manifest."""
        return {
            "origin": self.origin.value,
            "version": self.version,
            "home": str(self.home),
            "identity": self.identity,
        }


def resolve(named: Path | None, runner_sources: Path, listener: Listener) -> Toolchain:
    """Find the toolchain, and install or build what of it is missing."""
    if named is not None:
        return _official(expand(named).absolute(), Origin.NAMED, runner_sources, listener)
    home = os.environ.get("MSLITE_HOME")
    if home:
        path = expand(Path(home)).absolute()
        return _official(path, Origin.MSLITE_HOME, runner_sources, listener)
    return _from_index(runner_sources, listener)


def ready(runner_sources: Path) -> bool:
    """Whether the package index's toolchain needs neither download nor build."""
    home = package.installed(package.wheel_for())
    return home is not None and all(map(native.is_built, _programs(home, runner_sources)))


def remove(runner_sources: Path) -> None:
    """Forget the package index's toolchain and what was built for it."""
    home = package.installed(package.wheel_for())
    if home is not None:
        for program in _programs(home, runner_sources):
            files.remove_tree(program.path.parent)
        files.remove_tree(home)


def _from_index(runner_sources: Path, listener: Listener) -> Toolchain:
    wheel = package.wheel_for()
    home = package.installed(wheel) or package.install(
        wheel, lambda done, total: listener.progress("download", wheel.name, done, total)
    )
    programs = _programs(home, runner_sources)
    _build(programs, listener)
    converter, shim, runner = programs
    return Toolchain(
        origin=Origin.PACKAGE_INDEX,
        version=package.VERSION,
        home=home,
        converter=converter.path,
        runner=runner.path,
        runtime=shim.path,
        library_path=(),
        identity=files.sha256_json(
            [wheel.sha256, *(files.sha256_file(program.path) for program in programs)]
        ),
    )


def _official(home: Path, origin: Origin, runner_sources: Path, listener: Listener) -> Toolchain:
    for part in (_CONVERTER, _RUNTIME):
        if not (home / part).is_file():
            raise ToolchainInvalid(
                home, str(part), "MSLITE_HOME" if origin is Origin.MSLITE_HOME else "--toolchain"
            )
    runner = native.runner(runner_sources)
    _build((runner,), listener)
    return Toolchain(
        origin=origin,
        version=version_of(home),
        home=home,
        converter=home / _CONVERTER,
        runner=runner.path,
        runtime=home / _RUNTIME,
        library_path=(home / _CONVERTER_LIBRARIES, home / "runtime/lib"),
        identity=files.sha256_json(
            [files.sha256_file(path) for path in (home / _CONVERTER, home / _RUNTIME, runner.path)]
        ),
        converter_flags=_SAVE_TYPE if _knows_save_type(home) else (),
    )


def version_of(home: Path) -> str:
    """The version of an unpacked official package: of its folder's name, else what its runtime
    says of itself, else ``unknown``."""
    if match := _VERSION.search(home.resolve().name):
        return match.group(1)
    found = _find(home / _RUNTIME, _OWN_VERSION)
    return found.decode() if found else "unknown"


def _knows_save_type(home: Path) -> bool:
    libraries = sorted((home / _CONVERTER_LIBRARIES).glob("libmindspore_converter*.so*"))
    flag = re.compile(rb"(saveType)")
    return any(_find(path, flag) is not None for path in (home / _CONVERTER, *libraries))


def _find(path: Path, pattern: re.Pattern[bytes]) -> bytes | None:
    """The group of the first match in a file that may be large."""
    with files.disk_errors(path):
        if not path.is_file() or not path.stat().st_size:
            return None
        with (
            path.open("rb") as stream,
            mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data,
        ):
            found = pattern.search(data)
            return found.group(1) if found else None  # while the file is mapped


def _programs(home: Path, runner_sources: Path) -> tuple[native.Program, ...]:
    return (
        native.converter(home),
        native.runtime_shim(home, runner_sources),
        native.runner(runner_sources),
    )


def _build(programs: tuple[native.Program, ...], listener: Listener) -> None:
    native.build(
        programs, lambda done, total: listener.progress("build", "native programs", done, total)
    )
