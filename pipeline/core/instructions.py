"""Instructions executed, as an emulated processor counts them, and what of them is an operator's.

Counts are of A64 instructions by what they do: arithmetic on vector registers (SIMD and floating
point), loads and stores, branches and system instructions, all else (mostly integer arithmetic).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.core import runner_parts as parts

_CLASSES = ("vector", "memory", "branch", "other")


@dataclass(frozen=True)
class Instructions:
    """How many of each class."""

    vector: int = 0
    memory: int = 0
    branch: int = 0
    other: int = 0

    @property
    def total(self) -> int:
        """Of all classes."""
        return self.vector + self.memory + self.branch + self.other

    def __add__(self, more: Instructions) -> Instructions:
        return Instructions(*(a + b for a, b in zip(self._classes, more._classes, strict=True)))

    def __sub__(self, less: Instructions) -> Instructions:
        """What is left; a class has none left rather than fewer than none."""
        pairs = zip(self._classes, less._classes, strict=True)
        return Instructions(*(max(a - b, 0) for a, b in pairs))

    def __floordiv__(self, number: int) -> Instructions:
        return Instructions(*(one // number for one in self._classes))

    def as_json(self) -> dict[str, int]:
        """The total and the classes."""
        return {
            "total": self.total,
            "vector": self.vector,
            "memory": self.memory,
            "branch": self.branch,
            "other": self.other,
        }

    @property
    def _classes(self) -> tuple[int, ...]:
        return (self.vector, self.memory, self.branch, self.other)


@dataclass(frozen=True)
class OperatorCount:
    """An operator of a profiled run, all ``calls`` together.

    ``counted`` is what was executed between its callbacks, with what the runtime does for them.
    ``callback`` is what was executed before the operator, since the one before it: work for the
    callbacks too, and of the same amount. None for the first operator, before which there is more.
    ``tensors``: its inputs and outputs, on whose number that amount depends.
    """

    name: str
    kind: str
    calls: int
    counted: Instructions
    callback: Instructions | None
    tensors: int


@dataclass(frozen=True)
class OperatorShare:
    """An operator's own instructions in one inference."""

    name: str
    kind: str
    executed: Instructions

    def as_json(self) -> dict[str, Any]:
        """For the result record."""
        return {"name": self.name, "type": self.kind, **self.executed.as_json()}


@dataclass(frozen=True)
class InstructionSummary:
    """Instructions per inference. ``executed`` is the median sample of ``n``, by its total.

    The least and the most are of single inferences, which a busy machine moves by a percent or
    two; the median repeats to 0.1 %.
    ``operators`` are in the order of execution; what they do not explain is the runtime's own.
    ``cpu``: the processor that was emulated, which decides about the kernels.
    """

    cpu: str
    n: int
    executed: Instructions
    min_total: int
    max_total: int
    operators: tuple[OperatorShare, ...] = ()

    @property
    def spread_percent(self) -> float:
        """From the least to the most, in percent of the median."""
        return 100.0 * (self.max_total - self.min_total) / max(self.executed.total, 1)

    def as_json(self) -> dict[str, Any]:
        """For the result record."""
        return {
            "cpu": self.cpu,
            "n": self.n,
            **self.executed.as_json(),
            "min_total": self.min_total,
            "max_total": self.max_total,
            "spread_percent": round(self.spread_percent, 4),
            "operators": [one.as_json() for one in self.operators],
        }


def summarize(
    cpu: str,
    samples: Sequence[Instructions],
    profiled: Sequence[Instructions] = (),
    operators: Sequence[OperatorCount] = (),
) -> InstructionSummary:
    """Summary of the ``samples`` of one run, and of the ``operators`` of a ``profiled`` one.

    Raises ValueError for no samples, or a sample without instructions.
    """
    if not samples or not all(one.total for one in samples):
        raise ValueError("instructions were not counted")
    totals = [one.total for one in samples]
    median = _median(samples)
    return InstructionSummary(
        cpu=cpu,
        n=len(totals),
        executed=median,
        min_total=min(totals),
        max_total=max(totals),
        operators=shares(median, profiled, operators),
    )


def shares(
    plain: Instructions, profiled: Sequence[Instructions], operators: Sequence[OperatorCount]
) -> tuple[OperatorShare, ...]:
    """Each operator's own instructions in one inference: without what its callbacks cost.

    ``plain`` is an inference without callbacks, ``profiled`` are those with them. The cost of an
    operator's callbacks is what was executed right before it. Where that is not known it is that
    of an operator with as many tensors, else an even share of half of what callbacks cost in all:
    the runtime does for the one before an operator what it does for the one after it.
    """
    found = []
    for one in operators:
        if one.calls:
            cost = _callback(one, operators) or _even(plain, profiled, len(operators))
            found.append(OperatorShare(one.name, one.kind, one.counted // one.calls - cost))
    return tuple(found)


def _callback(of: OperatorCount, among: Sequence[OperatorCount]) -> Instructions | None:
    if of.callback is not None:
        return of.callback // of.calls
    alike = [
        one.callback // one.calls
        for one in among
        if one.callback is not None and one.tensors == of.tensors and one.calls
    ]
    return _median(alike) if alike else None


def _even(plain: Instructions, profiled: Sequence[Instructions], count: int) -> Instructions:
    return (_median(profiled) - plain) // (2 * count) if profiled else Instructions()


def _median(found: Sequence[Instructions]) -> Instructions:
    """The one in the middle, by the total: its classes are those of one inference."""
    return sorted(found, key=lambda one: one.total)[(len(found) - 1) // 2]


def instructions(item: Any) -> Instructions:
    """Counts as the runner writes them, checked. Raises ValueError and KeyError."""
    found = Instructions(*(parts.count(item[name]) for name in _CLASSES))
    if found.total != parts.count(item["total"]):
        raise ValueError("the classes of instructions do not add up")
    return found


def operator_count(item: Any) -> OperatorCount:
    """An operator of a profiled run, as the runner writes it."""
    callback = item["callback_instructions"]
    return OperatorCount(
        name=parts.a(str, item["name"]),
        kind=parts.a(str, item["type"]),
        calls=parts.count(item["calls"]),
        counted=instructions(item["instructions"]),
        callback=None if callback is None else instructions(callback),
        tensors=parts.count(item["tensors"]),
    )
