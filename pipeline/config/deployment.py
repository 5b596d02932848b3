"""A deployment: which network or model file, which data, which recipes, which limits."""

from __future__ import annotations

import re
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    ConfigDict,
    Field,
    JsonValue,
    ValidationInfo,
    field_validator,
    model_validator,
)

from pipeline.config.data import FUNCTION, Data
from pipeline.config.document import Section
from pipeline.config.recover import Recover
from pipeline.core.places import expand

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class Network(Section):
    """A network and the checkpoint with its trained parameters."""

    factory: str = Field(pattern=FUNCTION, description="package.module:callable, gives an nn.Cell")
    arguments: dict[str, JsonValue] = Field(
        default_factory=dict, description="keyword arguments of it"
    )
    checkpoint: Path


class Format(str, Enum):
    """Formats of model files that the converter reads."""

    MINDIR = "mindir"
    ONNX = "onnx"
    TFLITE = "tflite"
    TF = "tf"
    CAFFE = "caffe"


_ENDINGS = {
    ".mindir": Format.MINDIR,
    ".onnx": Format.ONNX,
    ".tflite": Format.TFLITE,
    ".pb": Format.TF,
    ".prototxt": Format.CAFFE,
}


def _or_a_path(schema: dict[str, Any]) -> None:
    whole = {**schema, "required": ["file"]}  # the format is told by the ending
    schema.clear()
    schema["anyOf"] = [{"type": "string", "description": "the model file"}, whole]


class ModelFile(Section):
    """A trained network in another form than a checkpoint; its path alone will mostly do."""

    model_config = ConfigDict(json_schema_extra=_or_a_path)

    file: Path
    format: Format = Field(
        description="told by the ending where it is .mindir, .onnx, .tflite, .pb or .prototxt"
    )
    weights: Path | None = Field(None, description="the .caffemodel of a .prototxt")
    reference: Literal["own", "fp32"] = Field(
        "own",
        description="where the right outputs come from: the format's own runtime, or the fp32 .ms",
    )

    @model_validator(mode="before")
    @classmethod
    def _told_by_ending(cls, value: Any) -> Any:
        if isinstance(value, str):
            value = {"file": value}
        if not isinstance(value, dict) or "format" in value or "file" not in value:
            return value
        ending = Path(str(value["file"])).suffix.lower()
        if ending == ".ms":
            raise ValueError("a .ms file is converted already: pipeline benchmark measures it")
        if ending not in _ENDINGS:
            known = ", ".join(item.value for item in Format)
            raise ValueError(f"its ending tells no format; add `format:` ({known})")
        return {**value, "format": _ENDINGS[ending]}

    @model_validator(mode="after")
    def _weights_of_caffe(self) -> ModelFile:
        if self.format is Format.CAFFE and self.weights is None:
            raise ValueError("a Caffe model needs `weights:`, its .caffemodel")
        if self.format is not Format.CAFFE and self.weights is not None:
            raise ValueError("only a Caffe model has its weights in a file of their own")
        return self

    @property
    def channels_last(self) -> bool:
        """Whether images are NHWC in the network already."""
        return self.format in (Format.TFLITE, Format.TF)

    @property
    def tells_inputs(self) -> bool:
        """Whether the file names its inputs with types and shapes."""
        return self.format is not Format.CAFFE


class Input(Section):
    """One input of the network, in the network's own layout, batch included."""

    name: str = Field(min_length=1, max_length=128)
    shape: tuple[Annotated[int, Field(ge=1, lt=1 << 31)], ...] = Field(min_length=1, max_length=8)
    dtype: Literal["float32", "float16", "int32", "int64", "int8", "uint8", "bool"] = "float32"


class Limits(Section):
    """What every model must keep to; a limit that is not met ends with exit code 1."""

    accuracy_drop_points: Annotated[float, Field(ge=0)] | None = Field(
        None, description="percentage points below the checkpoint's own accuracy"
    )
    min_cosine: Annotated[float, Field(ge=-1, le=1)] = Field(
        0.9, description="worst cosine of a model's outputs with the checkpoint's"
    )


class Deployment(Section):
    """All that one deployment is made of. Relative paths start at this file's folder."""

    name: str
    network: Network | None = None
    model: ModelFile | None = None
    inputs: tuple[Input, ...] = Field(
        (), validate_default=True, description="a model file's own where they are left out"
    )
    data: Data
    recipes: tuple[str, ...] = Field(("fp32", "fp16", "weight-8", "full-8"), min_length=1)
    limits: Limits = Limits()
    recover: Recover | None = Field(
        None, description="wins accuracy back, for recipes that miss the limit or are listed"
    )
    parity_samples: Annotated[int, Field(ge=2, le=65536)] = Field(
        64, description="seeded choice of test samples on which outputs are compared"
    )
    python_path: tuple[Path, ...] = (Path(),)
    toolchain: Path | None = Field(None, description="an unpacked MindSpore Lite package")
    hdc: Path | None = Field(None, description="the hdc program")

    @field_validator("name")
    @classmethod
    def _file_name(cls, value: str) -> str:
        if not _NAME.fullmatch(value):
            raise ValueError("use letters, digits, dots, dashes and underscores: it names files")
        return value

    @field_validator("inputs")
    @classmethod
    def _inputs_where_needed(
        cls, value: tuple[Input, ...], info: ValidationInfo
    ) -> tuple[Input, ...]:
        model = info.data.get("model")
        if value or (info.data.get("network") is None and (model is None or model.tells_inputs)):
            return value
        raise ValueError("name each input with its shape: nothing else tells it")

    @model_validator(mode="after")
    def _one_way_in(self) -> Deployment:
        if (self.network is None) == (self.model is None):
            raise ValueError("give either `network:` (with its checkpoint) or `model:` (a file)")
        return self

    @model_validator(mode="after")
    def _recovers_what_is_there(self) -> Deployment:
        listed = self.recover.recipes if self.recover else ()
        if unknown := sorted(set(listed) - set(self.recipes)):
            raise ValueError(f"`recover.recipes` names what is not deployed: {', '.join(unknown)}")
        return self

    @model_validator(mode="after")
    def _no_doubles(self) -> Deployment:
        for what, names in (
            ("recipe", list(self.recipes)),
            ("input", [item.name for item in self.inputs]),
        ):
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise ValueError(f"{what} named twice: {', '.join(twice)}")
        return self

    def located(self, folder: Path) -> Deployment:
        """The same deployment with every relative path made absolute from ``folder``."""

        def at(path: Path) -> Path:
            return folder / expand(path)

        network, model = self.network, self.model
        if network is not None:
            network = network.model_copy(update={"checkpoint": at(network.checkpoint)})
        if model is not None:
            weights = at(model.weights) if model.weights else None
            model = model.model_copy(update={"file": at(model.file), "weights": weights})
        return self.model_copy(
            update={
                "network": network,
                "model": model,
                "data": self.data.located(at),
                "recover": self.recover and self.recover.located(at, self.data.preprocess),
                "python_path": tuple(at(path) for path in self.python_path),
                "toolchain": at(self.toolchain) if self.toolchain else None,
                "hdc": at(self.hdc) if self.hdc else None,
            }
        )
