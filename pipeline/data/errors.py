"""What can be wrong with the user's data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipeline.core.errors import NoDataError, ToolchainError, UsageError


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
        return "give arrays (inputs [N, ...], N whole numbers), or an iterable of (inputs, label)"


@dataclass(eq=False)
class ImagesInvalid(NoDataError):
    """A folder is not one of images as its ``labels`` say."""

    folder: Path
    reason: str

    @property
    def message(self) -> str:
        return f"the images of {self.folder} cannot be used: {self.reason}"

    @property
    def hint(self) -> str:
        return "a folder a class for `labels: by_folder`; else a CSV, or no labels to calibrate"


@dataclass(eq=False)
class LabelsInvalid(NoDataError):
    """A CSV of labels cannot be read, or does not fit the images."""

    path: Path
    line: int
    reason: str

    @property
    def message(self) -> str:
        return f"{self.path}:{self.line}: {self.reason}"

    @property
    def hint(self) -> str:
        return "a row `name,label` an image: its path in the folder, and a number or a class's name"


@dataclass(eq=False)
class ImageUnusable(NoDataError):
    """A file is not an image, is damaged, or too large."""

    path: Path
    reason: str

    @property
    def message(self) -> str:
        return f"image {self.path} cannot be used: {self.reason}"

    @property
    def hint(self) -> str:
        return "mend it or take it away; hidden files are left out"


@dataclass(eq=False)
class ImageTooSmall(NoDataError):
    """An image is smaller than what is to be cut out of it. Sizes are (height, width)."""

    path: Path
    found: tuple[int, ...]
    wanted: tuple[int, ...]

    @property
    def message(self) -> str:
        return (
            f"image {self.path} is {_times(self.found)}, "
            f"and {_times(self.wanted)} are to be cut out of it"
        )

    @property
    def hint(self) -> str:
        return "add or enlarge `resize:` in `preprocess:`; it comes before `center_crop:`"


@dataclass(eq=False)
class ImageSizesDiffer(NoDataError):
    """Two images have different sizes after preprocessing. Shapes are those of samples."""

    path: Path
    found: tuple[int, ...]
    expected: tuple[int, ...]

    @property
    def message(self) -> str:
        return f"image {self.path} is {list(self.found)}, those before it {list(self.expected)}"

    @property
    def hint(self) -> str:
        return "add `resize: [height, width]` or `center_crop:` to `preprocess:`"


@dataclass(eq=False)
class PillowMissing(ToolchainError):
    """Images are to be read, and what reads them is not installed."""

    @property
    def message(self) -> str:
        return "Pillow, which reads images, is not installed here"

    @property
    def hint(self) -> str:
        return "pip install pillow"


@dataclass(eq=False)
class InputNamesDiffer(UsageError):
    """The arrays of an ``.npz`` have names, and they are not those of the network's inputs."""

    source: str
    found: tuple[str, ...]
    expected: tuple[str, ...]

    @property
    def message(self) -> str:
        return (
            f"{self.source} has arrays for {', '.join(self.found)}; "
            f"the network's inputs are {', '.join(self.expected)}"
        )

    @property
    def hint(self) -> str:
        return "name the arrays as the inputs, or input_0, input_1, ... in their order"


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
        return "make `inputs: shape:` and the data agree; of images `layout:` moves the channels"


@dataclass(eq=False)
class CalibrationMissing(UsageError):
    """A recipe needs a calibration set and the configuration names none."""

    recipe: str

    @property
    def message(self) -> str:
        return f"recipe {self.recipe} needs a calibration set and the configuration names none"

    @property
    def hint(self) -> str:
        return "add `calibration:` under `data:`: a function, arrays or images of typical inputs"


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
class DrawsAlike(NoDataError):
    """Several draws are asked for, of a set of which each draw takes all."""

    found: int
    wanted: int

    @property
    def message(self) -> str:
        return (
            f"every draw of {self.wanted} calibration samples is the same: the set has {self.found}"
        )

    @property
    def hint(self) -> str:
        return "give more calibration data, or lower `calibration_samples` or `calibration_draws`"


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


def _times(sizes: tuple[int, ...]) -> str:
    return " x ".join(map(str, sizes))
