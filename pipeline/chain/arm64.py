"""The emulated ARM64 device: what it takes, whether it is there, and what it is."""

from __future__ import annotations

from dataclasses import dataclass, replace

from device.device import Where
from device.emulator import EmulatedSpec
from device.emulator.arm64 import LAUNCHER, launcher
from device.instructions import SOURCES as PLUGIN_SOURCES
from device.runner import SOURCES as RUNNER_SOURCES
from pipeline.core.errors import UsageError
from pipeline.core.events import Listener
from pipeline.toolchain import arm64
from pipeline.toolchain.arm64 import Arm64, Sources

_SOURCES = Sources(PLUGIN_SOURCES, RUNNER_SOURCES)


@dataclass(eq=False)
class NoLatency(UsageError):
    """A latency was asked of an emulated processor."""

    @property
    def message(self) -> str:
        return "an emulated ARM64 device has no latency: it counts instructions"

    @property
    def hint(self) -> str:
        return "search on a device or with --emulate host; --objective size needs neither"


def install(listener: Listener) -> Arm64:
    """All that it takes; fetched and built where it is missing. See ``arm64.resolve``."""
    return arm64.resolve(_SOURCES, listener)


def state() -> str:
    """What is there, in words. Raises the errors of ``arm64.check``."""
    version = arm64.check()
    built = "built" if arm64.ready(_SOURCES) else "not built yet (done when it is first used)"
    return f"qemu {version}; {built}"


def twin(spec: EmulatedSpec, cpu: str, built: Arm64) -> EmulatedSpec:
    """The device of ``spec`` with a processor that is emulated and counted. Raises CpuUnknown."""
    features = " ".join(built.cpu_features(cpu))
    return replace(
        spec,
        where=Where.EMULATED_ARM64,
        cpuinfo=f"processor\t: 0\nFeatures\t: {features}\n",
        tools={LAUNCHER: launcher(built.command(cpu))},
    )
