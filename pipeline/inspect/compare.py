"""Two models beside each other: what changed from one to the other."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import zip_longest

from pipeline.inspect.record import Inspection, Quantization, Tensor
from pipeline.inspect.source import Source, opened

_BLOCK = 1 << 20


@dataclass(frozen=True)
class FactChange:
    """A fact of the whole model, before and after."""

    name: str
    before: str | int
    after: str | int

    def as_json(self) -> dict[str, object]:
        """For ``--json``."""
        return {"name": self.name, "before": self.before, "after": self.after}


@dataclass(frozen=True)
class TensorChange:
    """A constant, an input or an output that is only in one of the models, or differs.

    ``differences`` are among ``dtype``, ``shape``, ``format``, ``quantization``, ``size`` and
    ``values``; empty when one of the two is None.
    """

    role: str
    name: str
    before: Tensor | None
    after: Tensor | None
    differences: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        """For ``--json``."""
        return {
            "role": self.role,
            "name": self.name,
            "before": None if self.before is None else self.before.as_json(),
            "after": None if self.after is None else self.after.as_json(),
            "differences": list(self.differences),
        }


@dataclass(frozen=True)
class Comparison:
    """What changed from ``before`` to ``after``.

    ``facts`` and ``operators`` (how many of each kind) hold only what differs; ``same_tensors``
    counts the constants that are equal in every respect.
    """

    before: Inspection
    after: Inspection
    facts: tuple[FactChange, ...]
    operators: tuple[FactChange, ...]
    tensors: tuple[TensorChange, ...]
    same_tensors: int

    @property
    def same(self) -> bool:
        """Whether nothing differs."""
        return not (self.facts or self.operators or self.tensors)

    def as_json(self) -> dict[str, object]:
        """For ``--json``; the two models themselves without their lists."""
        return {
            "same": self.same,
            "before": _summary(self.before),
            "after": _summary(self.after),
            "facts": [change.as_json() for change in self.facts],
            "operators": [change.as_json() for change in self.operators],
            "same_tensors": self.same_tensors,
            "tensors": [change.as_json() for change in self.tensors],
        }


def compare(before: Inspection, after: Inspection) -> Comparison:
    """Compare two models, of any kinds; constants are told apart by name, and by their bytes.

    Reads the constants' data of both files once more. Raises as ``opened`` does.
    """
    with opened(before.path) as left, opened(after.path) as right:
        changes, same = _constants(before, after, left, right)
    ends: list[TensorChange] = []
    if before.operators and after.operators:
        ends += _ends("input", before.inputs, after.inputs)
        ends += _ends("output", before.outputs, after.outputs)
    return Comparison(
        before, after, _facts(before, after), _operators(before, after), (*ends, *changes), same
    )


def _facts(before: Inspection, after: Inspection) -> tuple[FactChange, ...]:
    pairs: list[tuple[str, str | int, str | int]] = [
        ("kind", before.kind.value, after.kind.value),
        ("version", before.version, after.version),
        ("producer", before.producer, after.producer),
        ("size_bytes", before.size_bytes, after.size_bytes),
        ("parameters", before.parameter_count, after.parameter_count),
        ("parameter_bytes", before.parameter_bytes, after.parameter_bytes),
    ]
    if before.operators and after.operators:
        pairs += [
            ("operators", len(before.operators), len(after.operators)),
            ("macs", before.macs, after.macs),
        ]
        old, new = before.quantized_operators, after.quantized_operators
        pairs += [
            (name, old.get(name, 0), new.get(name, 0)) for name in dict.fromkeys([*old, *new])
        ]
    return tuple(FactChange(*pair) for pair in pairs if pair[1] != pair[2])


def _operators(before: Inspection, after: Inspection) -> tuple[FactChange, ...]:
    if not before.operators or not after.operators:  # a checkpoint has none
        return ()
    left = {item.kind: item.count for item in before.operator_kinds}
    right = {item.kind: item.count for item in after.operator_kinds}
    return tuple(
        FactChange(kind, left.get(kind, 0), right.get(kind, 0))
        for kind in dict.fromkeys([*left, *right])
        if left.get(kind) != right.get(kind)
    )


def _ends(role: str, before: tuple[Tensor, ...], after: tuple[Tensor, ...]) -> list[TensorChange]:
    """Inputs or outputs, told apart by their place; a new name is a difference."""
    changes = []
    for left, right in zip_longest(before, after):
        name = (right or left).name
        differences = _described(left, right) if left and right else ()
        if left and right and left.name != right.name:
            differences = ("name", *differences)
        if not left or not right or differences:
            changes.append(TensorChange(role, name, left, right, differences))
    return changes


def _constants(
    before: Inspection, after: Inspection, left: Source, right: Source
) -> tuple[list[TensorChange], int]:
    olds, news = _by_name(before.tensors), _by_name(after.tensors)
    changes: list[TensorChange] = []
    same = 0
    compared: dict[object, bool] = {}  # tensors may share data
    for key in dict.fromkeys([*olds, *news]):
        old, new = olds.get(key), news.get(key)
        differences: tuple[str, ...] = ()
        if old and new:
            differences = _described(old, new)
            if not differences:
                places = (old.stored, new.stored)
                if places not in compared:
                    compared[places] = _equal(left, old, right, new)
                differences = () if compared[places] else ("values",)
            if not differences:
                same += 1
                continue
        changes.append(TensorChange("constant", key[0], old, new, differences))
    return changes, same


def _by_name(tensors: tuple[Tensor, ...]) -> dict[tuple[str, int], Tensor]:
    """By name; where several share one, by their order too."""
    counts: Counter[str] = Counter()
    found: dict[tuple[str, int], Tensor] = {}
    for tensor in tensors:
        found[tensor.name, counts[tensor.name]] = tensor
        counts[tensor.name] += 1
    return found


def _described(left: Tensor, right: Tensor) -> tuple[str, ...]:
    formats = (left.format, right.format)
    pairs = {
        "dtype": (left.dtype, right.dtype),
        "shape": (left.shape, right.shape),
        "format": formats if all(formats) else ("", ""),
        "quantization": (_key(left.quantization), _key(right.quantization)),
        "size": (left.stored_bytes, right.stored_bytes),
    }
    return tuple(name for name, (one, other) in pairs.items() if one != other)


def _key(quantization: Quantization | None) -> str:
    """Equal for equal quantizations, also where a scale is not a number."""
    return repr(quantization)


def _equal(left: Source, old: Tensor, right: Source, new: Tensor) -> bool:
    """Whether the data are the same bytes; those in other files are taken to be."""
    for one, other in zip(_blocks(old), _blocks(new), strict=False):
        if left.data[one[0] : one[1]] != right.data[other[0] : other[1]]:
            return False
    return True


def _blocks(tensor: Tensor) -> list[tuple[int, int]]:
    return [
        (at, min(at + _BLOCK, begin + length))
        for begin, length in tensor.stored
        for at in range(begin, begin + length, _BLOCK)
    ]


def _summary(value: Inspection) -> dict[str, object]:
    found = value.as_json()
    for name in ("operators", "tensors", "computed", "inputs", "outputs"):
        del found[name]
    return found
