"""What can be wrong with a history."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipeline.core.errors import NoDataError, ToolchainError, UsageError


@dataclass(eq=False)
class NoHistory(NoDataError):
    """Nothing has been recorded there."""

    path: Path

    @property
    def message(self) -> str:
        return f"there is no history at {self.path}"

    @property
    def hint(self) -> str:
        return "`pipeline deploy` and `pipeline benchmark` write one; or name it: --history FILE"


@dataclass(eq=False)
class NothingFound(NoDataError):
    """The history has no such results."""

    path: Path
    asked: str
    known: tuple[str, ...]

    @property
    def message(self) -> str:
        return f"no results of {self.asked} in {self.path}"

    @property
    def hint(self) -> str:
        return f"there are: {', '.join(self.known)}" if self.known else "it is empty"


@dataclass(eq=False)
class NotAHistory(UsageError):
    """The file is something else."""

    path: Path
    reason: str

    @property
    def message(self) -> str:
        return f"{self.path} is no history of this pipeline: {self.reason}"

    @property
    def hint(self) -> str:
        return "name another file with --history; this one was left as it is"


@dataclass(eq=False)
class HistoryNewer(UsageError):
    """A later version of the pipeline wrote it."""

    path: Path
    version: int
    known: int

    @property
    def message(self) -> str:
        return (
            f"{self.path} has version {self.version}, this pipeline knows up to {self.known}: "
            "a newer one wrote it"
        )

    @property
    def hint(self) -> str:
        return "update the pipeline, or name another file with --history"


@dataclass(eq=False)
class HistoryDamaged(ToolchainError):
    """The file is a history no more."""

    path: Path
    reason: str

    @property
    def message(self) -> str:
        return f"{self.path} is damaged: {self.reason}"

    @property
    def hint(self) -> str:
        return "move it away and make it again from the run folders: pipeline history import runs/*"


@dataclass(eq=False)
class HistoryBusy(ToolchainError):
    """Another process wrote all the while."""

    path: Path
    seconds: float

    @property
    def message(self) -> str:
        return f"{self.path} was locked by another process for {self.seconds:g} s"

    @property
    def hint(self) -> str:
        return "try again when it has ended; a network drive may not support locks at all"


@dataclass(eq=False)
class HistoryReadOnly(ToolchainError):
    """The file or its folder may not be written."""

    path: Path

    @property
    def message(self) -> str:
        return f"{self.path} cannot be written: it or its folder is read-only"

    @property
    def hint(self) -> str:
        return "check the permissions of both, or name another file with --history"


@dataclass(eq=False)
class ResultsUnreadable(UsageError):
    """A file that should hold results does not."""

    path: Path
    reason: str

    @property
    def message(self) -> str:
        return f"{self.path} holds no results: {self.reason}"

    @property
    def hint(self) -> str:
        return "give a run folder, its manifest.json, an exported .json, or another history.db"
