"""What arrived against its references: worse fails a case, better asks for an update."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from pipeline.chain.nightly.case import Arrived, Case, Status
from pipeline.chain.nightly.verdict import Night
from pipeline.chain.reference.check import NoReferences, check
from pipeline.chain.reference.judge import Judged, Verdict
from pipeline.core import files
from pipeline.core.errors import ExitCode

#: The night before its gates, as far as it is read by them.
_ARRIVED = "arrived.json"
_FAILING = (Verdict.WORSE, Verdict.BETTER)


def against_references(
    night: Night, config: Path, references: Path | None
) -> tuple[dict[Case, Arrived], str]:
    """What arrived, with what its references say of it, and a remark where there are none.

    References are looked for as in ``pipeline reference check``; those that the configuration
    names must be there. Raises FileMissing, NoReferences, ConfigInvalid.
    """
    arrived = {one.case: one.arrived for one in night.judged}
    if not any(one.row for one in arrived.values()):
        return arrived, ""
    path = night.run_folder / _ARRIVED
    files.write_json(path, {**night.as_json(), "config": {"path": str(config)}})
    try:
        judged = check(path, references=references).judged
    except NoReferences as error:
        if references is not None:
            raise
        return arrived, f"{error.message}; {error.hint}"
    lacking = sorted({one.recipe for one in judged if one.verdict is Verdict.MISSING})
    remark = f"some figures have no reference: {', '.join(lacking)}" if lacking else ""
    return _held(arrived, judged), remark


def _held(arrived: Mapping[Case, Arrived], judged: tuple[Judged, ...]) -> dict[Case, Arrived]:
    found = dict(arrived)
    for one in judged:
        case = Case(one.model, one.recipe, one.profile)
        before = found.get(case)
        if before is not None and one.text:
            found[case] = _worse(before, one)
    return found


def _worse(before: Arrived, one: Judged) -> Arrived:
    reasons = (*before.reasons, one.text)
    if one.verdict in _FAILING:
        if before.status in (Status.PASSED, Status.INVALID):
            before = replace(before, status=Status.FAILED, exit_code=ExitCode.GATE_FAILED)
        return replace(before, reasons=reasons)
    if before.status is Status.PASSED:  # it has a reference, and was not measured
        before = replace(before, status=Status.INVALID, exit_code=ExitCode.NO_DATA)
    return replace(before, reasons=reasons)
