"""A case of a night, and what arrived for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import Enum
from typing import Any

from pipeline.core.errors import ExitCode, PipelineError, one_line

_SCHEMA = 1


@dataclass(frozen=True, order=True)
class Case:
    """One model by one recipe on one device."""

    model: str
    recipe: str
    device: str

    @property
    def text(self) -> str:
        """``model/recipe/device``."""
        return f"{self.model}/{self.recipe}/{self.device}"


class Status(str, Enum):
    """What became of a case; only ``passed`` is green."""

    PASSED = "passed"
    FAILED = "failed"
    INVALID = "invalid"
    ERROR = "error"
    MISSING = "missing"


@dataclass(frozen=True)
class Arrived:
    """What came of a case. ``reasons`` are why it did not pass, ``notes`` what else to know.

    ``row`` is the model's entry as in a deployment's manifest, where there is one. ``exit_code``
    is what this case alone would end a command with. ``before``: how it compares with a night
    before (``Before.as_json``); None where there was none to compare with.
    """

    case: Case
    status: Status
    exit_code: ExitCode
    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    row: Mapping[str, Any] = field(default_factory=dict)
    hint: str = ""
    before: Mapping[str, Any] | None = None

    def as_json(self) -> dict[str, Any]:
        """For the night's folder and manifest."""
        return {
            "schema": _SCHEMA,
            "case": asdict(self.case),
            "status": self.status.value,
            "exit_code": int(self.exit_code),
            "reasons": list(self.reasons),
            "notes": list(self.notes),
            "hint": self.hint,
            "row": dict(self.row),
            "before": dict(self.before) if self.before else None,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Arrived:
        """Read what ``as_json`` gave; raises KeyError, TypeError or ValueError otherwise."""
        if value["schema"] != _SCHEMA:
            raise ValueError(f"schema {value['schema']!r}")
        return cls(
            case=Case(**value["case"]),
            status=Status(value["status"]),
            exit_code=ExitCode(value["exit_code"]),
            reasons=tuple(value["reasons"]),
            notes=tuple(value["notes"]),
            row=value["row"],
            hint=value["hint"],
            before=value.get("before"),
        )


def failed(case: Case, error: PipelineError) -> Arrived:
    """A case that could not be built or measured."""
    return Arrived(
        case, Status.ERROR, error.exit_code, (one_line(error.message),), hint=one_line(error.hint)
    )


def missing(case: Case) -> Arrived:
    """A case that was expected, and of which nothing came."""
    return Arrived(
        case,
        Status.MISSING,
        ExitCode.NO_DATA,
        ("expected, and nothing arrived",),
        hint="run the night again: it goes on with what is missing",
    )
