"""What can go wrong with devices on other machines."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.core.errors import DeviceError, UsageError


@dataclass(eq=False)
class DaskMissing(UsageError):
    """dask.distributed is not installed."""

    @property
    def message(self) -> str:
        return "a scheduler needs dask.distributed, which is not installed"

    @property
    def hint(self) -> str:
        return "pip install 'mslite-pipeline[cluster]'"


@dataclass(eq=False)
class SchedulerUnreachable(DeviceError):
    """Nothing answers at the scheduler's address."""

    address: str
    reason: str

    @property
    def message(self) -> str:
        return f"no Dask scheduler answers at {self.address}: {self.reason}"

    @property
    def hint(self) -> str:
        return "start one with `dask scheduler` and give its address: tcp://HOST:8786"


@dataclass(eq=False)
class NothingOffered(DeviceError):
    """No worker offers what a job needs."""

    need: str
    waited_s: float

    @property
    def message(self) -> str:
        return f"no worker has offered {self.need} for {self.waited_s:.0f} s"

    @property
    def hint(self) -> str:
        return "run `pipeline worker ADDRESS` on the machine that has it, and keep it running"


@dataclass(eq=False)
class NothingToOffer(DeviceError):
    """A worker without devices, and without a share in trials, would only sit there."""

    @property
    def message(self) -> str:
        return "this machine has no device to offer, and no trials are to run here"

    @property
    def hint(self) -> str:
        return "connect a device, or pass --trials N; `pipeline devices` shows what hdc sees"


@dataclass(eq=False)
class WorkerLost(DeviceError):
    """Every worker that took a job died, or the job was taken away."""

    subject: str
    reason: str

    @property
    def message(self) -> str:
        return f"{self.subject} was lost: {self.reason}"

    @property
    def hint(self) -> str:
        return "look at the worker's own output; the same command goes on with what is missing"


@dataclass(eq=False)
class WorkerDiffers(UsageError):
    """A worker runs another pipeline: figures would not be of one make."""

    address: str
    theirs: str
    ours: str

    @property
    def message(self) -> str:
        return f"the worker at {self.address} runs pipeline {self.theirs}, this is {self.ours}"

    @property
    def hint(self) -> str:
        return "install the same version on every machine and start its worker again"
