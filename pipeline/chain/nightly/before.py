"""The night against the nights before: a latency that regressed fails its case.

Each case is compared, as ``pipeline compare`` does it, with the newest valid result of the same
case in the last finished nights of the same name. A result that was itself red for its latency is
passed over: a regression stays red until it is mended, or older than every night that counts.

A slow creep stays below the threshold every night and is not found here, for each night becomes
the next one's baseline. References (pipeline/chain/reference), which do not move by themselves,
and ``pipeline history trend``, which looks at all nights at once, find it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from pipeline.chain.changes import Change
from pipeline.chain.compare import Compared, NotComparable, compared
from pipeline.chain.nightly.case import Arrived, Case, Status
from pipeline.chain.nightly.ledger import finished
from pipeline.core.errors import ExitCode
from pipeline.report.words import milliseconds
from pipeline.statistics.verdict import Verdict

#: What is judged here, the first that a case has being its main figure. Size and accuracy have
#: limits and references; loading and memory are in the record.
_JUDGED = {"p50_ns": "p50", "instructions": "instructions", "p90_ns": "p90"}
#: Its noise is that of whatever else this computer does.
_NEVER_FAILS = "emulated-host"
_NOTHING = "no valid result in the nights before to compare with"


@dataclass(frozen=True)
class Before:
    """A case against its result of an earlier night.

    ``run``: that night's folder, by name. ``same_model``: whether the file is the same, byte for
    byte. ``where``: of what kind of device the later figures are. ``refused``: what the two do not
    have in common, so that nothing is compared.
    """

    run: str
    same_model: bool
    where: str
    compared: Compared
    refused: tuple[str, ...] = ()

    @property
    def changes(self) -> tuple[Change, ...]:
        """Of the figures that are judged, the main one first."""
        found = {change.figure: change for change in self.compared.changes}
        return tuple(found[figure] for figure in _JUDGED if figure in found)

    @property
    def verdict(self) -> Verdict:
        """Regressed if any figure is, else the main figure's; inconclusive without figures."""
        if any(change.verdict is Verdict.REGRESSED for change in self.changes):
            return Verdict.REGRESSED
        return self.changes[0].verdict if self.changes else Verdict.INCONCLUSIVE

    @property
    def fails(self) -> bool:
        """Whether it makes the case red."""
        return self.verdict is Verdict.REGRESSED and self.where != _NEVER_FAILS

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it fails, in words: night, figures, effects, and whether the model changed."""
        if not self.fails:
            return ()
        model = (
            "the model is the same file, so it is the device or its runtime"
            if self.same_model
            else "the model changed"
        )
        worse = [one for one in self.changes if one.verdict is Verdict.REGRESSED]
        told = "; ".join(_told(one) for one in worse)
        return (f"regressed since {self.run}: {told}; {model}",)

    @property
    def notes(self) -> tuple[str, ...]:
        """What else is worth saying."""
        if self.refused:
            return (f"not compared with {self.run}: {'; '.join(self.refused)}",)
        if self.compared.problem:
            return (f"not compared with {self.run}: {self.compared.problem}",)
        return tuple(self._note(one) for one in self.changes if self._is_noted(one))

    def _is_noted(self, one: Change) -> bool:
        if one.verdict is Verdict.INCONCLUSIVE:
            suspect = one.ratio is not None and one.ratio.value >= 1 + one.threshold
            return bool(one.note) or (suspect and self.where != _NEVER_FAILS)
        if one.verdict is Verdict.REGRESSED:
            return not self.fails
        return one.verdict is Verdict.IMPROVED

    def _note(self, one: Change) -> str:
        text = f"{one.verdict.value} since {self.run}: {_told(one)}"
        if one.verdict is Verdict.REGRESSED:
            text += f"; {self.where}, so it fails nothing"
        return text

    def as_json(self) -> dict[str, Any]:
        """The case's ``before``: the verdict, the main figure's ratio of now to then with its
        interval at 99 %, and all figures that ``pipeline compare`` would show."""
        main = self.changes[0] if self.changes else None
        return {
            "run": self.run,
            "verdict": self.verdict.value,
            "fails": self.fails,
            "figure": main.figure if main else None,
            "ratio": main.ratio.as_json() if main and main.ratio else None,
            "same_model": self.same_model,
            "refused": list(self.refused),
            "problem": self.compared.problem,
            "figures": [change.as_json() for change in self.compared.changes],
        }


def against_before(
    folder: Path, name: str, nights: int, arrived: Mapping[Case, Arrived]
) -> dict[Case, Arrived]:
    """What arrived, with what the last ``nights`` nights called ``name`` say of it.

    ``folder`` is the run folder of this night; the others lie beside it.
    """
    found = dict(arrived)
    wanted = {case for case, one in arrived.items() if _measured(one)}
    seen = False
    for run, earlier in islice(finished(folder, name), nights):
        seen = True
        for case in sorted(wanted & earlier.keys()):
            if _bears(earlier[case]):
                found[case] = _held(arrived[case], earlier[case], run)
                wanted.remove(case)
        if not wanted:
            break
    for case in wanted if seen else ():
        found[case] = replace(found[case], notes=(*found[case].notes, _NOTHING))
    return found


def _measured(one: Arrived) -> bool:
    return (one.row.get("benchmark") or {}).get("verdict") == "valid"


def _bears(one: Arrived) -> bool:
    """Whether a later night may be held against it."""
    return _measured(one) and not (one.before or {}).get("fails")


def _held(now: Arrived, then: Arrived, run: str) -> Arrived:
    found = _compare(now, then, run)
    told = replace(
        now,
        reasons=(*now.reasons, *found.reasons),
        notes=(*now.notes, *found.notes),
        before=found.as_json(),
    )
    if not found.fails:
        return told
    return replace(told, status=Status.FAILED, exit_code=ExitCode.GATE_FAILED)


def _compare(now: Arrived, then: Arrived, run: str) -> Before:
    same, name = now.row["sha256"] == then.row["sha256"], now.case.text
    where = str(now.row["benchmark"]["where"])
    try:
        return Before(run, same, where, compared(name, then.row, now.row))
    except NotComparable as error:
        return Before(run, same, where, Compared(name), error.differences)


def _told(one: Change) -> str:
    """``p50 1.05 ms to 1.12 ms, +6.7 % (+5.1 to +8.0)``."""
    then, now = _value(one.figure, one.before), _value(one.figure, one.after)
    text = f"{_JUDGED[one.figure]} {then} to {now}"
    if one.ratio is not None:
        text += f", {_percent(one.ratio.value)} %"
        if one.ratio.low is not None and one.ratio.high is not None:
            text += f" ({_percent(one.ratio.low)} to {_percent(one.ratio.high)})"
    return text + (f"; {one.note}" if one.note else "")


def _value(figure: str, value: float) -> str:
    return f"{value:,.0f}" if figure == "instructions" else milliseconds(value)


def _percent(ratio: float) -> str:
    return f"{100 * (ratio - 1):+.1f}"
