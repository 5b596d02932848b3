"""What can go wrong with the tools and with what they make."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipeline.core.errors import ToolchainError


@dataclass(eq=False)
class MachineUnsupported(ToolchainError):
    """MindSpore Lite has no package for this kind of computer."""

    machine: str

    @property
    def message(self) -> str:
        return f"the package index has no MindSpore Lite for {self.machine}"

    @property
    def hint(self) -> str:
        return "use Linux on x86-64 or aarch64, or set MSLITE_HOME to an unpacked official package"


@dataclass(eq=False)
class CompilerMissing(ToolchainError):
    """A compiler that the native programs are built with is not there."""

    compiler: str
    purpose: str

    @property
    def message(self) -> str:
        return f"{self.compiler} not found; it is needed to build {self.purpose}"

    @property
    def hint(self) -> str:
        if self.compiler == "ziglang":
            return "pip install 'mslite-pipeline[arm]', or set OHOS_NDK to the HarmonyOS native SDK"
        return f"install it (Debian: apt-get install {self.compiler}) and try again"


@dataclass(eq=False)
class BuildFailed(ToolchainError):
    """A native program of ours did not compile."""

    program: str
    reason: str
    log: Path

    @property
    def message(self) -> str:
        return f"building {self.program} failed: {self.reason}"

    @property
    def hint(self) -> str:
        return f"the compiler's whole output is in {self.log}"


@dataclass(eq=False)
class DownloadFailed(ToolchainError):
    """The MindSpore Lite package could not be fetched."""

    package: str
    reason: str

    @property
    def message(self) -> str:
        return f"fetching {self.package} failed: {self.reason}"

    @property
    def hint(self) -> str:
        return "check the network and pip's index settings, then: pipeline toolchain install"


@dataclass(eq=False)
class PackageDamaged(ToolchainError):
    """What was fetched is not the file that was pinned."""

    package: str
    expected: str
    found: str

    @property
    def message(self) -> str:
        return f"{self.package} has SHA-256 {self.found[:16]}..., expected {self.expected[:16]}..."

    @property
    def hint(self) -> str:
        return (
            "the download or the index is not to be trusted: try again, then ask who runs the index"
        )


@dataclass(eq=False)
class ToolchainInvalid(ToolchainError):
    """The folder that was named holds no MindSpore Lite package."""

    home: Path
    missing: str
    named_by: str

    @property
    def message(self) -> str:
        return f"{self.named_by} names {self.home}, which has no {self.missing}"

    @property
    def hint(self) -> str:
        return "name the unpacked folder mindspore-lite-VERSION-linux-x64, or leave it out"


@dataclass(eq=False)
class ConversionFailed(ToolchainError):
    """The converter refused, crashed, or made nothing that holds."""

    recipe: str
    reason: str
    log: Path

    @property
    def message(self) -> str:
        return f"converting with recipe {self.recipe} failed: {self.reason}"

    @property
    def hint(self) -> str:
        return f"the converter's whole output is in {self.log}"


@dataclass(eq=False)
class ConversionTimeout(ToolchainError):
    """The converter did not end in time."""

    recipe: str
    deadline_s: float
    log: Path

    @property
    def message(self) -> str:
        return f"converting with recipe {self.recipe} did not end within {self.deadline_s:g} s"

    @property
    def hint(self) -> str:
        return (
            f"its output so far is in {self.log}; a recipe with fewer calibration samples is faster"
        )


@dataclass(eq=False)
class ModelUnusable(ToolchainError):
    """A converted model that does not load, run or compute."""

    model: str
    reason: str

    @property
    def message(self) -> str:
        return f"the model {self.model} cannot be used: {self.reason}"

    @property
    def hint(self) -> str:
        return "the converter said success, but the runtime disagrees: try another recipe"


@dataclass(eq=False)
class HostRunFailed(ToolchainError):
    """The runner on this machine crashed, hung or said nothing."""

    model: str
    reason: str

    @property
    def message(self) -> str:
        return f"running {self.model} on this machine failed: {self.reason}"

    @property
    def hint(self) -> str:
        return "pipeline doctor checks the runtime; pipeline toolchain install --force rebuilds it"


@dataclass(eq=False)
class Arm64Missing(ToolchainError):
    """What ARM64 is emulated with is not there."""

    packages: tuple[str, ...]

    @property
    def message(self) -> str:
        return f"ARM64 cannot be emulated without {', '.join(self.packages)}"

    @property
    def hint(self) -> str:
        return f"make arm64, or as root: apt-get install {' '.join(self.packages)}"


@dataclass(eq=False)
class QemuUnfit(ToolchainError):
    """The qemu-user that is there cannot count instructions for us."""

    reason: str

    @property
    def message(self) -> str:
        return f"qemu-aarch64 cannot count instructions: {self.reason}"

    @property
    def hint(self) -> str:
        return "put qemu-user 6.0 to 8.2 first in PATH (tried: Debian 12's 7.2), with plugins"


@dataclass(eq=False)
class Arm64Unneeded(ToolchainError):
    """ARM64 is emulated on x86-64 only."""

    machine: str

    @property
    def message(self) -> str:
        return f"--emulate arm64 needs an x86-64 computer, and this is {self.machine}"

    @property
    def hint(self) -> str:
        if self.machine == "aarch64":
            return "--emulate host runs the ARM64 kernels here, outputs and all, and times them"
        return "use an x86-64 computer, or --emulate host"


@dataclass(eq=False)
class CpuUnknown(ToolchainError):
    """The emulator does not know the processor that the profile names."""

    cpu: str
    reason: str

    @property
    def message(self) -> str:
        return f"no ARM64 processor {self.cpu!r} can be emulated: {self.reason}"

    @property
    def hint(self) -> str:
        return "set emulated.arm64.cpu in the profile to one of: qemu-aarch64 -cpu help"
