"""Figures of results against what is known to be reached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any

from pipeline.config.reference import Figure, Reference, References
from pipeline.history.result import Result

#: What is told to have no reference; others are judged where a file has them.
_ASKED_FOR = {
    "": (Figure.ACCURACY, Figure.SIZE),
    "device": (Figure.ACCURACY, Figure.SIZE, Figure.P50),
    "emulated-host": (Figure.ACCURACY, Figure.SIZE),
    "emulated-arm64": (Figure.ACCURACY, Figure.SIZE, Figure.INSTRUCTIONS),
}


class Verdict(str, Enum):
    """What a figure is against its reference."""

    MET = "met"
    WORSE = "worse"
    BETTER = "better"
    UNMEASURED = "not measured"
    MISSING = "no reference"


@dataclass(frozen=True)
class Judged:
    """One figure. ``allowed`` is by how much it may differ either way, in its own unit.

    ``note`` says why it was not measured; ``reason`` is the reference's.
    """

    model: str
    recipe: str
    profile: str
    where: str
    figure: Figure
    verdict: Verdict
    value: float | None
    expected: float | None = None
    allowed: float | None = None
    owner: str = ""
    reason: str = ""
    note: str = ""

    @property
    def text(self) -> str:
        """What is wrong, in words; empty where nothing is."""
        name = f"{self.model} {self.recipe}: {self.figure.value}"
        if self.verdict in (Verdict.MET, Verdict.MISSING):
            return ""
        if self.value is None or self.expected is None or self.allowed is None:
            return f"{name} has a reference and was not measured" + (
                f": {self.note}" if self.note else ""
            )
        asked = f"{self.expected:.10g} +-{self.allowed:.4g}"
        told = f"{name} is {self.value:.10g}, {self.verdict.value} than {asked} ({self.owner})"
        return told + (
            "; keep it: pipeline reference update" if self.verdict is Verdict.BETTER else ""
        )

    def as_json(self) -> dict[str, Any]:
        """For ``--json``."""
        return {**asdict(self), "figure": self.figure.value, "verdict": self.verdict.value}


def judge(results: Sequence[Result], loaded: Mapping[str, References]) -> tuple[Judged, ...]:
    """Every figure of some results; ``loaded`` are the references by the model's name."""
    none = References()
    return tuple(
        judged
        for result in results
        for judged in _judge(result, loaded.get(result.conditions.model, none))
    )


def value_of(result: Result, figure: Figure) -> float | None:
    """A figure of a result in the unit of its reference; None where it was not measured."""
    raw: dict[Figure, float | None] = {
        Figure.ACCURACY: result.accuracy_percent,
        Figure.SIZE: result.size_bytes,
        Figure.P50: _ms(result.p50_ns),
        Figure.P90: _ms(result.p90_ns),
        Figure.LOAD: _ms(result.load_ns),
        Figure.INSTRUCTIONS: result.instructions,
    }
    return None if figure.of_device and result.verdict == "invalid" else raw[figure]


def _judge(result: Result, references: References) -> Iterator[Judged]:
    conditions = result.conditions
    fitting = list(
        references.fitting(conditions.recipe, conditions.profile, conditions.where or "")
    )
    for figure in Figure:
        value = value_of(result, figure)
        entry = next((one for one in fitting if one.value(figure) is not None), None)
        if entry is not None:
            yield _against(references, entry, result, figure, value)
        elif figure in _ASKED_FOR.get(conditions.where, ()) and value is not None:
            yield _named(result, figure, Verdict.MISSING, value)


def _against(
    references: References, entry: Reference, result: Result, figure: Figure, value: float | None
) -> Judged:
    expected = entry.value(figure)
    assert expected is not None  # the entry was chosen for it
    allowed = references.tolerance(entry, figure)
    if figure is not Figure.ACCURACY:
        allowed *= expected / 100
    return _named(
        result,
        figure,
        _verdict(figure, value, expected, allowed),
        value,
        expected=expected,
        allowed=allowed,
        owner=references.owner_of(entry),
        reason=entry.reason,
        note=result.reason if value is None else "",
    )


def _verdict(figure: Figure, value: float | None, expected: float, allowed: float) -> Verdict:
    if value is None:
        return Verdict.UNMEASURED
    if abs(value - expected) <= allowed + 1e-9 * expected:
        return Verdict.MET
    return Verdict.BETTER if (value > expected) == figure.more_is_better else Verdict.WORSE


def _named(
    result: Result, figure: Figure, verdict: Verdict, value: float | None, **more: Any
) -> Judged:
    conditions = result.conditions
    return Judged(
        conditions.model,
        conditions.recipe,
        conditions.profile,
        conditions.where,
        figure,
        verdict,
        value,
        **more,
    )


def _ms(nanoseconds: float | None) -> float | None:
    return None if nanoseconds is None else nanoseconds / 1e6
