"""A result as a history keeps it: the figures of one model in one run, and how they were taken."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from enum import Enum
from typing import Any


class Figure(str, Enum):
    """What can be asked for over time."""

    P50 = "p50"
    P90 = "p90"
    P99 = "p99"
    LOAD = "load"
    FIRST = "first"
    MEMORY = "memory"
    INSTRUCTIONS = "instructions"
    SIZE = "size"
    ACCURACY = "accuracy"

    @property
    def field(self) -> str:
        """The field of ``Result``, with its unit."""
        return _FIELDS[self]

    @property
    def exact(self) -> bool:
        """Whether it has no noise, and is the model's own whatever it ran on."""
        return self in (Figure.SIZE, Figure.ACCURACY)

    @property
    def least(self) -> float:
        """The smallest part by which a change of it is worth telling."""
        return 0.01 if self in (Figure.INSTRUCTIONS, Figure.MEMORY) else 0.03


_FIELDS = {
    Figure.P50: "p50_ns",
    Figure.P90: "p90_ns",
    Figure.P99: "p99_ns",
    Figure.LOAD: "load_ns",
    Figure.FIRST: "first_inference_ns",
    Figure.MEMORY: "peak_memory_bytes",
    Figure.INSTRUCTIONS: "instructions",
    Figure.SIZE: "size_bytes",
    Figure.ACCURACY: "accuracy_percent",
}


@dataclass(frozen=True)
class Conditions:
    """What figures were taken of and under; only those of equal conditions are compared.

    ``model`` is the deployment's name. ``where`` is empty where nothing was run on a device.
    ``hardware``, ``runner`` and ``runtime`` are hashes, or names where there is no hash.
    ``cores`` are those that the process was bound to, ``beside`` the models loaded with this one.
    """

    model: str
    recipe: str = ""
    profile: str = ""
    where: str = ""
    device: str = ""
    device_model: str = ""
    hardware: str = ""
    runner: str = ""
    runtime: str = ""
    mode: str = ""
    threads: int = 0
    binding: int = 0
    fp16: bool = False
    cores: str = ""
    beside: str = ""


@dataclass(frozen=True)
class Result:
    """One model of one run. Times in nanoseconds, ``time_ms`` since 1970 in UTC; what was not
    measured is None.

    The p50's interval is that over runs, at 99 %. ``repeatable``: whether it is narrow enough for
    the next measurement to agree; ``doubts``: why a valid figure should be used with care.
    ``id`` is the hash of what was recorded, so that the same result is the same everywhere.
    ``record`` and ``samples`` are the keys of the whole JSON record and of every sample.
    """

    id: str
    time_ms: int
    run: str
    conditions: Conditions
    model_sha256: str
    size_bytes: int | None = None
    accuracy_percent: float | None = None
    p50_ns: float | None = None
    p50_low_ns: float | None = None
    p50_high_ns: float | None = None
    p90_ns: float | None = None
    p99_ns: float | None = None
    samples_n: int | None = None
    load_ns: int | None = None
    first_inference_ns: int | None = None
    peak_memory_bytes: int | None = None
    instructions: int | None = None
    verdict: str = ""
    reason: str = ""
    device_build: str = ""
    pipeline_version: str = ""
    record: str = ""
    samples: str = ""
    runs_n: int | None = None
    repeatable: bool | None = None
    doubts: str = ""

    def figure(self, figure: Figure) -> float | None:
        """One of its figures, in the unit of the field."""
        value: float | None = getattr(self, figure.field)
        return value

    def as_json(self) -> dict[str, Any]:
        """All fields, the conditions' among them."""
        value = asdict(self)
        return {**value.pop("conditions"), **value}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Result:
        """What ``as_json`` gave; ``ValueError`` for anything else."""
        try:
            conditions = Conditions(**{name: value[name] for name in CONDITIONS if name in value})
            rest = {name: value[name] for name in COLUMNS if name in value}
            result = cls(conditions=conditions, **rest)
        except TypeError as error:
            raise ValueError(f"a result lacks something: {error}") from None
        check(result)
        return result


CONDITIONS = tuple(field.name for field in fields(Conditions))
#: The fields of a result that are its own, in the order of the table's columns.
COLUMNS = tuple(field.name for field in fields(Result) if field.name != "conditions")

_KINDS: Mapping[str, type | tuple[type, ...]] = {
    **{field.name: str for field in fields(Conditions)},
    **{field.name: str for field in fields(Result) if field.type == "str"},
    **{field.name: (float, int, type(None)) for field in fields(Result) if "None" in field.type},
    "time_ms": int,
    "threads": int,
    "binding": int,
    "fp16": (bool, int),
    "repeatable": (bool, int, type(None)),
}


def check(result: Result) -> None:
    """``ValueError`` unless every field is of its kind and can be kept."""
    for name, value in result.as_json().items():
        if not isinstance(value, _KINDS[name]) or not _storable(value):
            raise ValueError(f"`{name}` of a result is {value!r:.60}")
    if not result.id or not result.conditions.model:
        raise ValueError("a result without an id or a model")


def _storable(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return not isinstance(value, int) or abs(value) < 1 << 63
