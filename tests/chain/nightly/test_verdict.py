"""What a night means for CI: each planted fault has its own code, and none is green."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from pipeline.chain.nightly.case import Arrived, Case, Status
from pipeline.chain.nightly.matrix import Matrix
from pipeline.chain.nightly.verdict import Judged, Night, judge
from pipeline.config.nightly import Quarantine
from pipeline.core.errors import ExitCode
from tests.chain.nightly import made

TODAY = datetime.date(2026, 3, 10)
CASES = tuple(Case("digits", recipe, device) for recipe in ("fp32", "full-8") for device in "ab")
MATRIX = Matrix(CASES, (), "")


def night(judged: tuple[Judged, ...]) -> Night:
    return Night("n", Path("runs/n"), judged, (), (), 0, 1.0)


def code(*planted: Arrived, quarantines: tuple[Quarantine, ...] = ()) -> ExitCode:
    came = {case: made.arrived(case) for case in CASES} | {one.case: one for one in planted}
    return night(judge(MATRIX, came, quarantines, TODAY)).exit_code


def test_all_that_was_expected_came_and_passed() -> None:
    assert code() is ExitCode.DONE


@pytest.mark.parametrize(
    ("status", "exit_code"),
    [
        (Status.FAILED, ExitCode.GATE_FAILED),
        (Status.ERROR, ExitCode.DEVICE),
        (Status.ERROR, ExitCode.TOOLCHAIN),
        (Status.INVALID, ExitCode.NO_DATA),
        (Status.MISSING, ExitCode.NO_DATA),
    ],
)
@pytest.mark.parametrize("case", CASES)
def test_each_fault_has_its_code(case: Case, status: Status, exit_code: ExitCode) -> None:
    assert code(made.arrived(case, status, exit_code=exit_code)) is exit_code


def test_what_did_not_arrive_is_missing_and_red() -> None:
    came = {case: made.arrived(case) for case in CASES[1:]}
    judged = judge(MATRIX, came, (), TODAY)
    assert [one.arrived.status for one in judged] == [Status.MISSING, *[Status.PASSED] * 3]
    assert night(judged).exit_code is ExitCode.NO_DATA


def test_nothing_expected_is_not_green() -> None:
    assert night(()).exit_code is ExitCode.NO_DATA


def test_a_model_that_got_worse_is_told_before_a_device_that_vanished() -> None:
    worse = made.arrived(CASES[0], Status.FAILED)
    gone = made.arrived(CASES[1], Status.ERROR)
    assert code(gone, worse) is ExitCode.GATE_FAILED


def rule(until: str, **cases: str) -> Quarantine:
    day = datetime.date.fromisoformat(until)
    return Quarantine(until=day, reason="flaky cable", owner="ops", **cases)


@pytest.mark.parametrize(
    ("until", "exit_code"),
    [("2026-03-09", ExitCode.DEVICE), ("2026-03-10", ExitCode.DONE), ("2030-01-01", ExitCode.DONE)],
)
def test_a_quarantine_excuses_until_its_last_day(until: str, exit_code: ExitCode) -> None:
    gone = made.arrived(CASES[0], Status.ERROR)
    assert code(gone, quarantines=(rule(until, device="a"),)) is exit_code


def test_a_quarantine_excuses_nobody_else() -> None:
    gone = made.arrived(CASES[0], Status.ERROR)
    assert code(gone, quarantines=(rule("2030-01-01", device="b"),)) is ExitCode.DEVICE


def test_the_record_says_what_counted() -> None:
    gone = made.arrived(CASES[0], Status.ERROR)
    came = {case: made.arrived(case) for case in CASES} | {CASES[0]: gone}
    record = night(judge(MATRIX, came, (rule("2030-01-01", device="a"),), TODAY)).as_json()
    assert record["expected"] == 4 and record["quarantined"] == 1
    assert record["counts"] == {"passed": 3, "failed": 0, "invalid": 0, "error": 1, "missing": 0}
    assert record["verdict"] == "passed" and record["cases"][0]["counts"] is False


def test_a_case_is_read_as_it_was_written() -> None:
    one = made.arrived(CASES[0], Status.FAILED, notes=("n",), hint="h")
    assert Arrived.from_json(one.as_json()) == one
