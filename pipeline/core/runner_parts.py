"""What a runner's record says of operators, accelerators and models beside; each value checked."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, TypeVar

from pipeline.core.tensors import ITEM_BYTES, TensorFacts

ValueT = TypeVar("ValueT")


@dataclass(frozen=True)
class OperatorTime:
    """An operator's share of the timed inferences: ``total_ns`` is of all ``calls`` together."""

    name: str
    kind: str
    calls: int
    total_ns: int


@dataclass(frozen=True)
class NnrtDevice:
    """A device behind the Neural Network Runtime; ``kind``: ``accelerator``, ``gpu``, ``cpu``."""

    name: str
    kind: str
    id: int


@dataclass(frozen=True)
class LoadedModel:
    """A model that stayed loaded meanwhile; ``memory_bytes`` is what the process grew by."""

    model: str
    load_ns: int
    first_inference_ns: int
    memory_bytes: int


def a(kind: type[ValueT], value: Any) -> ValueT:
    """``value``, which must be of exactly this type. Raises ValueError."""
    if type(value) is not kind:  # not isinstance: true is no number
        raise ValueError(f"{value!r:.80} where a {kind.__name__} was expected")
    return value


def count(value: Any) -> int:
    """A number from 0 that a 64-bit program can count to."""
    number = a(int, value)
    if not 0 <= number < 1 << 63:
        raise ValueError(f"{number!r:.80} is not a count")
    return number


def counts(value: Any) -> tuple[int, ...]:
    """A list of them."""
    return tuple(count(item) for item in a(list, value))


def optional(value: Any) -> int | None:
    """A count, or null where there was nothing to count."""
    return None if value is None else count(value)


def tensor(item: Any) -> TensorFacts:
    """An input or output; its size must follow from type and shape."""
    shape = counts(item["shape"])
    dtype = a(str, item["dtype"])
    if dtype not in ITEM_BYTES:
        raise ValueError(f"element type {dtype!r} cannot be handled")
    facts = TensorFacts(a(str, item["name"]), dtype, shape, a(str, item["format"]))
    if math.prod(shape) * ITEM_BYTES[dtype] != item["size_bytes"]:
        raise ValueError(f"size and shape of {facts.name!r} do not agree")
    return facts


def operator(item: Any) -> OperatorTime:
    """A row of the profile."""
    return OperatorTime(
        a(str, item["name"]), a(str, item["type"]), count(item["calls"]), count(item["total_ns"])
    )


def nnrt_device(item: Any) -> NnrtDevice:
    """One that the runtime lists."""
    return NnrtDevice(a(str, item["name"]), a(str, item["type"]), count(item["id"]))


def loaded_model(item: Any) -> LoadedModel:
    """A model of ``--alsoLoad``; a run that succeeded has loaded and run it."""
    return LoadedModel(
        a(str, item["model"]),
        count(item["load_ns"]),
        count(item["first_inference_ns"]),
        count(item["memory_bytes"]),
    )
