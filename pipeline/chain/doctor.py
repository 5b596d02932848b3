"""Each thing that the pipeline needs: found, its version, or what to do."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from device.hdc.client import HdcClient
from device.hdc.locate import locate
from device.runner import SOURCES as RUNNER_SOURCES
from pipeline.chain import arm64
from pipeline.core.errors import PipelineError
from pipeline.core.places import cache_root, expand
from pipeline.toolchain import package, versions
from pipeline.toolchain.toolchain import ready, version_of

_MINDSPORE = ((2, 7), (2, 11))
_ROOM_BYTES = 1 << 30
#: Of systems that profiles ask for; older ones are no targets.
_API_LEVELS = range(11, 27)


class State(str, Enum):
    """How a check came out. Only ``MISSING`` keeps a deployment on this machine from working."""

    OK = "ok"
    OPTIONAL = "optional"
    MISSING = "missing"


@dataclass(frozen=True)
class Check:
    """One thing: what was found, and what to do where something is to be done."""

    name: str
    state: State
    found: str
    todo: str = ""

    def as_json(self) -> dict[str, str]:
        """For ``--json``."""
        return {
            "name": self.name,
            "state": self.state.value,
            "found": self.found,
            "todo": self.todo,
        }


def doctor(hdc: Path | None = None) -> tuple[Check, ...]:
    """Check everything; nothing is installed, built or changed. Never raises PipelineError."""
    return (
        _python(),
        _mindspore(),
        _compiler("g++", "to build the converter and the host runtime"),
        _compiler("gcc", "to build the runner"),
        _toolchain(),
        _converter(),
        _room(),
        *_devices(hdc),
        _cross_compiler(),
        _arm64(),
    )


def _python() -> Check:
    version = platform.python_version()
    if (3, 10) <= sys.version_info[:2] <= (3, 12):
        return Check("Python", State.OK, version)
    return Check("Python", State.MISSING, version, "use CPython 3.10 to 3.12, as MindSpore does")


def _mindspore() -> Check:
    try:
        version = importlib.metadata.version("mindspore")
    except importlib.metadata.PackageNotFoundError:
        return Check(
            "MindSpore", State.MISSING, "not installed", "pip install 'mindspore>=2.7,<2.11'"
        )
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    if _MINDSPORE[0] <= numbers < _MINDSPORE[1]:
        return Check("MindSpore", State.OK, version)
    todo = "pip install 'mindspore>=2.7,<2.11': others are untested"
    return Check("MindSpore", State.OPTIONAL, version, todo)


def _compiler(name: str, purpose: str) -> Check:
    path = shutil.which(name)
    if path:
        return Check(name, State.OK, path)
    return Check(name, State.MISSING, f"not found; needed {purpose}", f"apt-get install {name}")


def _toolchain() -> Check:
    home = os.environ.get("MSLITE_HOME")
    if home:
        return Check("MindSpore Lite", State.OK, f"MSLITE_HOME={home}")

    def look() -> Check:
        wheel = package.wheel_for()
        if not ready(RUNNER_SOURCES):
            state = "fetched, not built" if package.installed(wheel) else "not fetched yet"
            todo = "pipeline toolchain install (deploy does it by itself)"
            return Check("MindSpore Lite", State.OPTIONAL, f"{package.VERSION}: {state}", todo)
        return Check("MindSpore Lite", State.OK, f"{package.VERSION} in {cache_root()}")

    return _guarded("MindSpore Lite", look)


def _converter() -> Check:
    """What the converter in use accepts, and the devices that may read its models."""

    def look() -> Check:
        home = os.environ.get("MSLITE_HOME")
        version = version_of(expand(Path(home)).absolute()) if home else package.VERSION
        accepted = versions.of(version)
        too_old = [level for level in _API_LEVELS if versions.newer_than_runtime(version, level)]
        if not too_old:
            note = f" ({accepted.note})" if accepted.note else ""
            return Check("converter", State.OK, accepted.summary + note)
        return Check(
            "converter",
            State.OPTIONAL,
            accepted.summary,
            f"newer than the runtime of devices of API {_spans(too_old)}: for those use the "
            f"package index's {package.VERSION} (unset MSLITE_HOME)",
        )

    return _guarded("converter", look)


def _spans(numbers: list[int]) -> str:
    """``11 to 20, 23`` for these numbers in order."""
    spans: list[list[int]] = []
    for number in numbers:
        if spans and spans[-1][1] == number - 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return ", ".join(str(low) if low == high else f"{low} to {high}" for low, high in spans)


def _room() -> Check:
    place = cache_root()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    text = f"{free / (1 << 30):.1f} GiB free at {place}"
    if free >= _ROOM_BYTES:
        return Check("disk", State.OK, text)
    return Check("disk", State.MISSING, text, "free 1 GiB, or set PIPELINE_CACHE to another place")


def _devices(hdc: Path | None) -> Iterator[Check]:
    try:
        client = HdcClient(locate(hdc))
        version = client.version()
    except PipelineError as error:
        yield Check("hdc", State.OPTIONAL, str(error), f"{error.hint} (or use the emulated device)")
        return
    yield Check("hdc", State.OK, f"{version} ({client.command[0]})")
    try:
        targets = client.list_targets()
    except PipelineError as error:
        yield Check("devices", State.OPTIONAL, str(error), error.hint)
        return
    if not targets:
        todo = "connect one with developer mode on; without, the emulated device is used"
        yield Check("devices", State.OPTIONAL, "none connected", todo)
    for target in targets:
        yield Check("device", State.OK, f"{target.key} {target.state.value}")


def _cross_compiler() -> Check:
    if os.environ.get("OHOS_NDK"):
        return Check("device compiler", State.OK, f"OHOS_NDK={os.environ['OHOS_NDK']}")
    if importlib.util.find_spec("ziglang"):
        return Check(
            "device compiler", State.OK, f"ziglang {importlib.metadata.version('ziglang')}"
        )
    return Check(
        "device compiler",
        State.OPTIONAL,
        "none; needed to build the runner for a real device",
        "pip install 'mslite-pipeline[arm]', or set OHOS_NDK to the HarmonyOS native SDK",
    )


def _arm64() -> Check:
    """What ``--emulate arm64`` takes."""
    try:
        return Check("ARM64 emulation", State.OK, arm64.state())
    except PipelineError as error:
        return Check("ARM64 emulation", State.OPTIONAL, str(error), error.hint)


def _guarded(name: str, look: Callable[[], Check]) -> Check:
    try:
        return look()
    except PipelineError as error:
        return Check(name, State.MISSING, str(error), error.hint)
