"""A deployment: which network, which data, which recipes, which limits."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, JsonValue, field_validator, model_validator

from pipeline.config.document import Section
from pipeline.core.places import expand

_FUNCTION = r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class Network(Section):
    """A network and the checkpoint with its trained parameters."""

    factory: str = Field(pattern=_FUNCTION, description="package.module:callable, gives an nn.Cell")
    arguments: dict[str, JsonValue] = Field(
        default_factory=dict, description="keyword arguments of it"
    )
    checkpoint: Path


class Input(Section):
    """One input of the network, in the network's own layout, batch included."""

    name: str = Field(min_length=1, max_length=128)
    shape: tuple[Annotated[int, Field(ge=1, lt=1 << 31)], ...] = Field(min_length=1, max_length=8)
    dtype: Literal["float32", "float16", "int32", "int64", "int8", "uint8", "bool"] = "float32"


def _or_one_word(schema: dict[str, Any]) -> None:
    whole = dict(schema)
    schema.clear()
    schema["anyOf"] = [
        {"type": "string", "description": "package.module:callable or an .npz"},
        whole,
    ]


class Source(Section):
    """Where samples come from: a function, or an ``.npz`` with ``inputs`` and ``labels``."""

    model_config = ConfigDict(json_schema_extra=_or_one_word)

    function: str | None = Field(None, pattern=_FUNCTION)
    file: Path | None = None
    files: tuple[Path, ...] = Field((), description="files that the function reads")

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {"function": value} if re.match(_FUNCTION, value) else {"file": value}
        return value

    @model_validator(mode="after")
    def _one_of_both(self) -> Source:
        if (self.function is None) == (self.file is None):
            raise ValueError("give either `function: package.module:callable` or `file: data.npz`")
        return self


class Data(Section):
    """The labelled test set, and the calibration set that full quantization needs."""

    test: Source
    calibration: Source | None = None
    calibration_samples: Annotated[int, Field(ge=1, le=65535)] = 100
    seed: Annotated[int, Field(ge=0)] = 0


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
    network: Network
    inputs: tuple[Input, ...] = Field(min_length=1)
    data: Data
    recipes: tuple[str, ...] = Field(("fp32", "fp16", "weight-8", "full-8"), min_length=1)
    limits: Limits = Limits()
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

        def source(value: Source) -> Source:
            return value.model_copy(
                update={
                    "file": at(value.file) if value.file else None,
                    "files": tuple(at(path) for path in value.files),
                }
            )

        data = self.data
        return self.model_copy(
            update={
                "network": self.network.model_copy(
                    update={"checkpoint": at(self.network.checkpoint)}
                ),
                "data": data.model_copy(
                    update={
                        "test": source(data.test),
                        "calibration": source(data.calibration) if data.calibration else None,
                    }
                ),
                "python_path": tuple(at(path) for path in self.python_path),
                "toolchain": at(self.toolchain) if self.toolchain else None,
                "hdc": at(self.hdc) if self.hdc else None,
            }
        )
