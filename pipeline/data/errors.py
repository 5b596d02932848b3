"""What can be wrong with the user's data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipeline.core.errors import NoDataError, UsageError


@dataclass(eq=False)
class DataFunctionNotFound(UsageError):
    """The function that gives the data is not there."""

    function: str
    reason: str

    @property
    def message(self) -> str:
        return f"data function `{self.function}` not found: {self.reason}"

    @property
    def hint(self) -> str:
        return "write it as package.module:function; `python_path` says where packages are searched"


@dataclass(eq=False)
class DataFunctionFailed(UsageError):
    """The function that gives the data raised, or ended the process."""

    function: str
    reason: str
    place: str
    log: Path

    @property
    def message(self) -> str:
        return f"data function `{self.function}` failed at {self.place}: {self.reason}"

    @property
    def hint(self) -> str:
        return f"call it by itself to see more; its output is in {self.log}"


@dataclass(eq=False)
class DataInvalid(NoDataError):
    """There is data, but not of a kind that can be used."""

    source: str
    reason: str

    @property
    def message(self) -> str:
        return f"the data of {self.source} cannot be used: {self.reason}"

    @property
    def hint(self) -> str:
        return "give (inputs, labels): an array [N, ...] or a tuple of them, and N whole numbers"


@dataclass(eq=False)
class InputShapeMismatch(UsageError):
    """A sample does not have as many elements as the input that it is for."""

    name: str
    expected: tuple[int, ...]
    found: tuple[int, ...]
    source: str

    @property
    def message(self) -> str:
        return (
            f"input `{self.name}` is {list(self.expected)}, "
            f"but a sample of {self.source} is {list(self.found)}"
        )

    @property
    def hint(self) -> str:
        return "make `inputs: shape:` of the configuration and the data agree, batch 1 included"


@dataclass(eq=False)
class CalibrationMissing(UsageError):
    """A recipe needs a calibration set and the configuration names none."""

    recipe: str

    @property
    def message(self) -> str:
        return f"recipe {self.recipe} needs a calibration set and the configuration names none"

    @property
    def hint(self) -> str:
        return "add `calibration:` under `data:`, a function or an .npz of typical inputs"


@dataclass(eq=False)
class CalibrationTooSmall(NoDataError):
    """Fewer calibration samples than asked for."""

    found: int
    wanted: int

    @property
    def message(self) -> str:
        return f"the calibration set has {self.found} samples, {self.wanted} are asked for"

    @property
    def hint(self) -> str:
        return "lower `calibration_samples`, or give more data"


@dataclass(eq=False)
class InputNameUnusable(UsageError):
    """The converter's configuration cannot express the name of an input."""

    name: str

    @property
    def message(self) -> str:
        return f"the input name {self.name!r} cannot be told to the converter"

    @property
    def hint(self) -> str:
        return "rename the argument of `construct`: no commas, `=`, quotes or blanks at its ends"
