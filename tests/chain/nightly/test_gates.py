"""Results of a night against their references."""

from __future__ import annotations

import datetime
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.chain.nightly.case import Arrived, Case, Status
from pipeline.chain.nightly.gates import against_references
from pipeline.chain.nightly.matrix import Matrix
from pipeline.chain.nightly.verdict import Night, judge
from pipeline.chain.reference.check import NoReferences
from pipeline.core.errors import ExitCode
from tests.chain.nightly import made

CASE = Case("digits", "full-8", "phone")
DAY = datetime.date(2026, 3, 10)
REFERENCE = """
owner: ops
references:
  - {recipe: full-8, accuracy_percent: 99.4, size_bytes: 79656, reason: first}
  - {recipe: full-8, profile: phone, where: device, latency_p50_ms: 1, load_ms: 5, reason: first}
"""


def row(**changes: Any) -> dict[str, Any]:
    record = {
        "schema": 2,
        "verdict": "valid",
        "where": "device",
        "device": {"key": "ABC", "model": "M"},
        "latency_ns": {"n": 1000, "p50_ns": 1e6, "p90_ns": 1.1e6, "p99_ns": 1.2e6},
        "over_runs": {"p50_ns": {"value": 1e6, "low": 0.99e6, "high": 1.01e6}},
        "load_ns": 5_000_000,
        "threads": 2,
        "bind_mode": 1,
        "fp16": False,
        "runner": "r",
        "runtime": "t",
        "mode": "back-to-back",
    }
    names = set(made.row()) - {"benchmark"}
    record |= {name: value for name, value in changes.items() if name not in names}
    own = {name: value for name, value in changes.items() if name in names}
    return made.row(name="full-8", **own, benchmark=record)


def held(folder: Path, arrived: Arrived, text: str = REFERENCE) -> tuple[Arrived, str]:
    run = folder / "20260310T010000-nightly-n"
    run.mkdir(exist_ok=True)
    references = folder / "digits.yaml"
    references.write_text(text)
    judged = judge(Matrix((CASE,), (), ""), {CASE: arrived}, (), DAY)
    night = Night("n", run, judged, (), (), 0, 1.0)
    found, remark = against_references(night, folder / "night.yaml", references)
    return found[CASE], remark


def test_what_meets_its_references_passes(tmp_path: Path) -> None:
    after, remark = held(tmp_path, made.arrived(CASE, row=row()))
    assert after.status is Status.PASSED and after.reasons == () and remark == ""


@pytest.mark.parametrize(
    ("planted", "said"),
    [
        ({"accuracy_percent": 95.0}, "accuracy"),
        ({"size_bytes": 90000}, "size"),
        ({"latency_ns": {"n": 9, "p50_ns": 1.5e6, "p90_ns": 2e6, "p99_ns": 2e6}}, "p50"),
        ({"load_ns": 50_000_000}, "load"),
        ({"accuracy_percent": 100.0}, "better"),
        ({"size_bytes": 60000}, "pipeline reference update"),
    ],
)
def test_each_planted_change_fails_the_case(
    tmp_path: Path, planted: dict[str, Any], said: str
) -> None:
    after, _ = held(tmp_path, made.arrived(CASE, row=row(**planted)))
    assert after.status is Status.FAILED and after.exit_code is ExitCode.GATE_FAILED
    assert said in " ".join(after.reasons)


def test_a_figure_with_a_reference_that_was_not_measured_is_no_data(tmp_path: Path) -> None:
    after, _ = held(tmp_path, made.arrived(CASE, row=row(verdict="invalid", reason="too hot")))
    assert after.status is Status.INVALID and after.exit_code is ExitCode.NO_DATA


def test_what_failed_before_keeps_its_reasons(tmp_path: Path) -> None:
    before = made.arrived(CASE, Status.FAILED, row=row(size_bytes=90000))
    after, _ = held(tmp_path, before)
    assert after.reasons[0] == before.reasons[0] and len(after.reasons) == 2


def test_references_that_are_named_and_say_nothing_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(NoReferences):
        held(tmp_path, made.arrived(CASE, row=row()), REFERENCE.replace("full-8", "fp32"))


def test_without_any_reference_a_remark_says_so(tmp_path: Path) -> None:
    run = tmp_path / "20260310T010000-nightly-n"
    run.mkdir()
    arrived = replace(made.arrived(CASE), row=row())
    judged = judge(Matrix((CASE,), (), ""), {CASE: arrived}, (), DAY)
    night = Night("n", run, judged, (), (), 0, 1.0)
    found, remark = against_references(night, tmp_path / "night.yaml", None)
    assert found[CASE].status is Status.PASSED
    assert remark == "" or "reference" in remark
