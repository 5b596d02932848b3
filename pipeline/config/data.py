"""Where samples come from, and how pictures become them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from pipeline.config.document import Section

FUNCTION = r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$"
_FRACTION = r"^-?\d+(\.\d+)?\s*/\s*\d+(\.\d+)?$"
_ARRAY = ".npy"

Locate = Callable[[Path], Path]


class Color(str, Enum):
    """Channels of a picture, in their order."""

    RGB = "rgb"
    BGR = "bgr"
    GRAY = "gray"


class ResizeMethod(str, Enum):
    """How new pixels come from old ones."""

    BILINEAR = "bilinear"
    NEAREST = "nearest"
    BICUBIC = "bicubic"


class Layout(str, Enum):
    """Where the channels of a picture are in the network's input."""

    NCHW = "nchw"
    NHWC = "nhwc"


def _quotient(value: Any) -> Any:
    if not isinstance(value, str) or not re.match(_FRACTION, value):
        return value
    over, under = (float(part) for part in value.split("/"))
    if not (under and math.isfinite(over / under)):
        raise ValueError(f"{value} is no number")
    return over / under


def _list(value: Any) -> Any:
    return [value] if isinstance(value, int) else value


def _one_or(item: dict[str, Any], most: int) -> WithJsonSchema:
    many = {"type": "array", "items": item, "minItems": 1, "maxItems": most}
    return WithJsonSchema({"anyOf": [item, many]})


_MOST = 1e38
_MOST_SIDE = 8192
_SIDE = {"type": "integer", "minimum": 1, "maximum": _MOST_SIDE}
_NUMBER = {"anyOf": [{"type": "number"}, {"type": "string", "pattern": _FRACTION}]}

#: YAML has no fractions, so `1/255` is a text.
Number = Annotated[float, BeforeValidator(_quotient), WithJsonSchema(_NUMBER)]
Side = Annotated[int, Field(strict=True, ge=1, le=_MOST_SIDE)]
Sides = Annotated[
    tuple[Side, ...],
    Field(min_length=1, max_length=2),
    BeforeValidator(_list),
    _one_or(_SIDE, 2),
]
Numbers = Annotated[tuple[Number, ...], Field(min_length=1, max_length=3)]


class Preprocess(Section):
    """From a picture to the network's input; what is left out is not done.

    In this order: upright as its EXIF says, ``color``, ``resize``, ``center_crop``, then each
    level v of 0 to 255 becomes (v * scale - mean) / std, as float32.
    """

    color: Color = Color.RGB
    resize: Sides | None = Field(None, description="[height, width], or the shorter side")
    resize_method: ResizeMethod = ResizeMethod.BILINEAR
    center_crop: Sides | None = Field(None, description="[height, width], or a square's side")
    scale: Number = Field(1.0, description="factor of the levels 0 to 255, mostly 1/255")
    mean: Numbers = Field((0.0,), description="for each channel, or one for all, after `scale`")
    std: Numbers = Field((1.0,), description="for each channel, or one for all, after `scale`")
    layout: Layout = Layout.NCHW

    @property
    def channels(self) -> int:
        """Number of channels."""
        return 1 if self.color is Color.GRAY else 3

    @model_validator(mode="after")
    def _fits(self) -> Preprocess:
        for name, values in (("mean", self.mean), ("std", self.std)):
            if len(values) not in (1, self.channels):
                raise ValueError(f"`{name}` has {len(values)} numbers for {self.channels} channels")
        if self.scale <= 0 or min(self.std) <= 0:
            raise ValueError("`scale` and `std` are above 0")
        if (255 * self.scale + max(map(abs, self.mean))) / min(self.std) > _MOST:
            raise ValueError("`scale`, `mean` and `std` lead out of what float32 can hold")
        return self


def _or_one_word(schema: dict[str, Any]) -> None:
    whole = dict(schema)
    schema.clear()
    schema["anyOf"] = [
        {"type": "string", "description": "package.module:callable, an .npz or an .npy"},
        whole,
    ]


class Source(Section):
    """Where samples come from: a function, a file of arrays, or a folder of images."""

    model_config = ConfigDict(json_schema_extra=_or_one_word)

    function: str | None = Field(
        None,
        pattern=FUNCTION,
        description="gives (inputs, labels), a MindSpore dataset, or pairs (inputs, label)",
    )
    file: Path | None = Field(
        None, description="an .npz with `inputs` and `labels`, or an .npy of inputs"
    )
    images: Path | None = Field(None, description="a folder of images")
    labels: Literal["by_folder"] | Path | None = Field(
        None, description="of images, by_folder or a CSV of `name,label`; of an .npy, another .npy"
    )
    preprocess: Preprocess | None = Field(None, description="of images; else that of `data:`")
    limit: Annotated[int, Field(ge=1)] | None = Field(
        None, description="at most so many, balanced over the classes; the first of an iterable"
    )
    files: tuple[Path, ...] = Field((), description="files that the function reads")

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {"function": value} if re.match(FUNCTION, value) else {"file": value}
        return value

    @model_validator(mode="after")
    def _one_of_them(self) -> Source:
        if sum(each is not None for each in (self.function, self.file, self.images)) != 1:
            raise ValueError(
                "give either `function: package.module:callable`, `file: data.npz` "
                "or `images: a/folder`"
            )
        if self.preprocess is not None and self.images is None:
            raise ValueError("`preprocess:` is for images only")
        if self.labels == "by_folder" and self.images is None:
            raise ValueError("`labels: by_folder` is for images only")
        if self.labels is not None and not (self.images or self._is_array):
            raise ValueError("`labels:` is for images and .npy files; others bring their own")
        return self

    @property
    def _is_array(self) -> bool:
        return self.file is not None and self.file.suffix.lower() == _ARRAY

    @property
    def lacks_labels(self) -> bool:
        """Whether it can be seen from here that the samples have no labels."""
        return self.labels is None and (self.images is not None or self._is_array)

    @property
    def label_file(self) -> Path | None:
        """The file that the labels are in, where that is one of its own."""
        return self.labels if isinstance(self.labels, Path) else None

    def located(self, at: Locate, preprocess: Preprocess | None) -> Source:
        """With every path made absolute; images without a ``preprocess`` of their own get it."""
        update: dict[str, Any] = {
            "file": at(self.file) if self.file else None,
            "images": at(self.images) if self.images else None,
            "labels": at(self.label_file) if self.label_file else self.labels,
            "files": tuple(at(path) for path in self.files),
        }
        if self.images is not None:
            update["preprocess"] = self.preprocess or preprocess
        return self.model_copy(update=update)


class Data(Section):
    """The labelled test set, and the calibration set that full quantization needs."""

    preprocess: Preprocess | None = Field(
        None, description="of images; a source's own stands in its place, whole"
    )
    test: Source
    calibration: Source | None = None
    calibration_samples: Annotated[int, Field(ge=1, le=65535)] = 100
    calibration_draws: Annotated[int, Field(ge=1, le=100)] = Field(
        1, description="how often the calibration samples are drawn, to see how much hangs on them"
    )
    seed: Annotated[int, Field(ge=0)] = 0

    @model_validator(mode="after")
    def _usable(self) -> Data:
        if self.test.lacks_labels:
            raise ValueError("a test set needs labels: add `labels:` to `test:`")
        sources = (self.test, self.calibration)
        if self.preprocess and not any(each and each.images for each in sources):
            raise ValueError("`preprocess:` is for images, and no source has any")
        return self

    def located(self, at: Locate) -> Data:
        """With every path made absolute, and each source complete in itself."""
        return self.model_copy(
            update={
                "test": self.test.located(at, self.preprocess),
                "calibration": self.calibration and self.calibration.located(at, self.preprocess),
            }
        )
