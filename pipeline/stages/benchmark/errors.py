"""What can go wrong when a model is run on a device."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.core.errors import DeviceError, NoDataError


@dataclass(eq=False)
class RunnerRefused(DeviceError):
    """The device does not let unsigned programs run."""

    key: str

    @property
    def message(self) -> str:
        return f"{self.key} does not execute the runner: permission denied"

    @property
    def hint(self) -> str:
        return (
            "consumer devices run signed code only: build the bench app as "
            "device/bench_app/README.md tells and give it with --app FILE.hap"
        )


@dataclass(eq=False)
class RunFailed(DeviceError):
    """The runner on the device failed."""

    key: str
    model: str
    reason: str

    @property
    def message(self) -> str:
        return f"running {self.model} on {self.key} failed: {self.reason}"

    @property
    def hint(self) -> str:
        return "the runner's output is in the run folder's logs; 'hdc hilog' may tell more"


@dataclass(eq=False)
class RecordUnreadable(NoDataError):
    """The runner's record came back, and is not one."""

    key: str
    reason: str

    @property
    def message(self) -> str:
        return f"the record of the run on {self.key} cannot be used: {self.reason}"

    @property
    def hint(self) -> str:
        return "run again; if it stays, clean the device: pipeline devices --clean"
