"""What can be wrong with a file that is to be inspected."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipeline.core.errors import UsageError

_KINDS = ".ms, .mindir, .ckpt or .onnx"


@dataclass(eq=False)
class NotAModel(UsageError):
    """The file is of no kind that can be inspected."""

    path: Path
    reason: str

    @property
    def message(self) -> str:
        return f"{self.path} cannot be inspected: {self.reason}"

    @property
    def hint(self) -> str:
        return f"give a {_KINDS} file"


@dataclass(eq=False)
class Damaged(UsageError):
    """The file begins as a model and does not hold together; ``offset`` is in bytes."""

    path: Path
    what: str
    offset: int

    @property
    def message(self) -> str:
        return f"{self.path} is damaged: {self.what} (at byte {self.offset:,})"

    @property
    def hint(self) -> str:
        return "copy or export it again; compare its size and hash with the original's"


@dataclass(eq=False)
class Unsupported(UsageError):
    """The file is a model of a version or a form that is not read."""

    path: Path
    what: str
    instead: str

    @property
    def message(self) -> str:
        return f"{self.path} cannot be inspected: {self.what}"

    @property
    def hint(self) -> str:
        return self.instead
