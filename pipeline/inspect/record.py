"""What was found in a model file: one record for every kind."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from pathlib import Path

from pipeline.inspect.dtypes import BITS

#: Channels whose parameters ``--json`` lists one by one; an embedding may have as many as words.
MOST_LISTED = 64


class Kind(str, Enum):
    """Kinds of model files, by their usual ending."""

    MS = "ms"
    MINDIR = "mindir"
    CHECKPOINT = "ckpt"
    ONNX = "onnx"


@dataclass(frozen=True)
class Quantization:
    """How the stored numbers of a tensor stand for real ones.

    ``real = (q - zero_point) * scale * scale_correction + shift_correction``, with one value of
    each for the whole tensor or one for each of the ``axis``'s channels. ``bits`` is the width of
    ``q``. ``codebook`` is the number of distinct values where the tensor is stored as indices
    into such a list, else 0.
    """

    bits: int
    scales: tuple[float, ...] = ()
    zero_points: tuple[int, ...] = ()
    scale_corrections: tuple[float, ...] = ()
    shift_corrections: tuple[float, ...] = ()
    axis: int | None = None
    compression: str = "NONE"
    codebook: int = 0

    @property
    def per_channel(self) -> bool:
        """Whether each channel has parameters of its own."""
        return len(self.scales) > 1

    @property
    def symmetric(self) -> bool:
        """Whether 0 stands for 0 everywhere."""
        return not any(self.zero_points)

    def as_json(self) -> dict[str, object]:
        """For ``--json``: of each list of parameters its length and bounds, and all of it where
        there are few channels. A number that is not finite is null."""
        return {
            "bits": self.bits,
            "per_channel": self.per_channel,
            "axis": self.axis,
            "symmetric": self.symmetric,
            "compression": self.compression,
            "codebook": self.codebook,
            "scales": _summary(self.scales),
            "zero_points": _summary(self.zero_points),
            "scale_corrections": _summary(self.scale_corrections),
            "shift_corrections": _summary(self.shift_corrections),
        }


@dataclass(frozen=True)
class Tensor:
    """A tensor. ``shape`` has -1 for an open dimension and is None where the file does not say.

    ``stored`` are the places of a constant's data in the file: offset and length in bytes.
    ``numbers`` is how many they are where each takes as many bytes as it needs, else None.
    ``external`` is the name of another file that has them, ``external_bytes`` its share of that.
    """

    name: str
    dtype: str
    shape: tuple[int, ...] | None
    format: str = ""
    stored: tuple[tuple[int, int], ...] = ()
    external: str = ""
    external_bytes: int = 0
    quantization: Quantization | None = None
    numbers: int | None = None

    @property
    def stored_bytes(self) -> int:
        """Bytes of the data, in this file and elsewhere."""
        return sum(length for _, length in self.stored) + self.external_bytes

    @property
    def elements(self) -> int | None:
        """Number of elements, None where the shape is open or not known."""
        if self.shape is None or any(size < 0 for size in self.shape):
            return None
        return math.prod(self.shape)

    @property
    def bits(self) -> int | None:
        """Real bits of an element: those that quantization left, else the type's."""
        if self.quantization and self.dtype.startswith(("int", "uint")):
            return self.quantization.bits
        return BITS.get(self.dtype)

    @property
    def stored_bits(self) -> float | None:
        """Bits in the file for each element."""
        return 8 * self.stored_bytes / self.elements if self.elements else None

    @property
    def plain_bytes(self) -> int | None:
        """Bytes that the shape and the type ask for, where nothing packs them."""
        width = BITS.get(self.dtype)
        if self.elements is None or width is None:
            return None
        return (self.elements * width + 7) // 8

    def as_json(self) -> dict[str, object]:
        """For ``--json``."""
        quantization = self.quantization
        return {
            "name": self.name,
            "dtype": self.dtype,
            "shape": None if self.shape is None else list(self.shape),
            "format": self.format,
            "elements": self.elements,
            "stored_bytes": self.stored_bytes,
            "bits": self.bits,
            "stored_bits": None if self.stored_bits is None else round(self.stored_bits, 3),
            "stored": [list(place) for place in self.stored],
            "external": self.external,
            "quantization": None if quantization is None else quantization.as_json(),
        }


@dataclass(frozen=True)
class Operator:
    """One operator of a graph.

    ``quantization`` is what the file says of how it computes (``QUANT_WEIGHT`` ...),
    ``activation`` what is fused into it. ``macs`` are its multiply-accumulates for one run, None
    where it has some and shapes are missing. ``constant_bytes`` counts the data of constants that
    no operator before it uses.
    """

    name: str
    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    macs: int | None = 0
    constant_bytes: int = 0
    quantization: str = ""
    activation: str = ""
    graph: str = ""

    def as_json(self) -> dict[str, object]:
        """For ``--json``."""
        return {
            "name": self.name,
            "kind": self.kind,
            "inputs": list(self.inputs),
            "outputs": list(self.outputs),
            "macs": self.macs,
            "constant_bytes": self.constant_bytes,
            "quantization": self.quantization,
            "activation": self.activation,
            "graph": self.graph,
        }


@dataclass(frozen=True)
class OperatorKind:
    """All operators of one kind together; ``macs`` counts those that are known."""

    kind: str
    count: int
    macs: int
    constant_bytes: int

    def as_json(self) -> dict[str, object]:
        """For ``--json``."""
        return {
            "kind": self.kind,
            "count": self.count,
            "macs": self.macs,
            "constant_bytes": self.constant_bytes,
        }


@dataclass(frozen=True)
class TypeShare:
    """All constants of one element type and real width together."""

    dtype: str
    bits: int | None
    tensors: int
    elements: int
    stored_bytes: int

    def as_json(self) -> dict[str, object]:
        """For ``--json``."""
        return {
            "dtype": self.dtype,
            "bits": self.bits,
            "tensors": self.tensors,
            "elements": self.elements,
            "stored_bytes": self.stored_bytes,
        }


@dataclass(frozen=True)
class Smell:
    """Something that costs time or will not run, and how often it is there."""

    code: str
    count: int
    message: str

    def as_json(self) -> dict[str, object]:
        """For ``--json``."""
        return {"code": self.code, "count": self.count, "message": self.message}


@dataclass(frozen=True)
class Inspection:
    """A model file looked into.

    ``tensors`` are the constants (weights, parameters), ``computed`` the others of which the file
    says something, inputs and outputs apart. ``version`` is of the format, ``details`` what only
    this kind of file tells.
    """

    path: Path
    kind: Kind
    size_bytes: int
    version: str
    producer: str
    inputs: tuple[Tensor, ...] = ()
    outputs: tuple[Tensor, ...] = ()
    operators: tuple[Operator, ...] = ()
    tensors: tuple[Tensor, ...] = ()
    computed: tuple[Tensor, ...] = ()
    smells: tuple[Smell, ...] = ()
    details: Mapping[str, str | int] = field(default_factory=dict)

    @property
    def parameter_count(self) -> int:
        """Elements of all constants whose shape is known."""
        return sum(tensor.elements or 0 for tensor in self.tensors)

    @property
    def parameter_bytes(self) -> int:
        """Bytes of all constants' data, here and in other files; what is shared counts once."""
        places = {place for tensor in self.tensors for place in tensor.stored}
        external = sum(tensor.external_bytes for tensor in self.tensors)
        return sum(length for _, length in places) + external

    @cached_property
    def operator_kinds(self) -> tuple[OperatorKind, ...]:
        """Operators by kind, the commonest first."""
        counts = Counter(operator.kind for operator in self.operators)
        macs: Counter[str] = Counter()
        sizes: Counter[str] = Counter()
        for operator in self.operators:
            macs[operator.kind] += operator.macs or 0
            sizes[operator.kind] += operator.constant_bytes
        ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        return tuple(OperatorKind(kind, n, macs[kind], sizes[kind]) for kind, n in ordered)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one run, of those operators where they are known."""
        return sum(operator.macs or 0 for operator in self.operators)

    @property
    def macs_unknown(self) -> int:
        """Operators that have multiply-accumulates and whose shapes the file does not give."""
        return sum(operator.macs is None for operator in self.operators)

    @property
    def quantized_operators(self) -> Mapping[str, int]:
        """How many operators compute in which quantization, where the file says so."""
        found = Counter(item.quantization for item in self.operators if item.quantization)
        return dict(sorted(found.items()))

    @cached_property
    def types(self) -> tuple[TypeShare, ...]:
        """Constants by element type and real width, the largest first."""
        groups: dict[tuple[str, int | None], list[Tensor]] = {}
        for tensor in self.tensors:
            groups.setdefault((tensor.dtype, tensor.bits), []).append(tensor)
        shares = [
            TypeShare(
                dtype,
                bits,
                len(group),
                sum(tensor.elements or 0 for tensor in group),
                sum(tensor.stored_bytes for tensor in group),
            )
            for (dtype, bits), group in groups.items()
        ]
        return tuple(sorted(shares, key=lambda item: (-item.stored_bytes, item.dtype)))

    def as_json(self) -> dict[str, object]:
        """For ``--json``."""
        return {
            "path": str(self.path),
            "kind": self.kind.value,
            "size_bytes": self.size_bytes,
            "version": self.version,
            "producer": self.producer,
            "details": dict(self.details),
            "inputs": _all(self.inputs),
            "outputs": _all(self.outputs),
            "parameters": {
                "tensors": len(self.tensors),
                "elements": self.parameter_count,
                "stored_bytes": self.parameter_bytes,
                "types": _all(self.types),
            },
            "macs": self.macs,
            "macs_unknown": self.macs_unknown,
            "operator_count": len(self.operators),
            "operator_kinds": _all(self.operator_kinds),
            "quantized_operators": dict(self.quantized_operators),
            "smells": _all(self.smells),
            "operators": _all(self.operators),
            "tensors": _all(self.tensors),
            "computed": _all(self.computed),
        }


def _all(items: Sequence[Operator | OperatorKind | Tensor | TypeShare | Smell]) -> list[object]:
    return [item.as_json() for item in items]


def _summary(numbers: Sequence[float]) -> dict[str, object]:
    finite = [number for number in numbers if math.isfinite(number)]
    listed = [number if math.isfinite(number) else None for number in numbers[:MOST_LISTED]]
    return {
        "count": len(numbers),
        "min": min(finite, default=None),
        "max": max(finite, default=None),
        "values": listed if len(numbers) <= MOST_LISTED else None,
    }
