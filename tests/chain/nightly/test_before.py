"""A night against the nights before: what regressed is red, what cannot be compared is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipeline.chain.nightly.before import against_before
from pipeline.chain.nightly.case import Arrived, Case, Status
from pipeline.core.errors import ExitCode
from tests.chain.nightly import made

CASE = Case("digits", "full-8", "phone")
NIGHT = "20260301T010000-nightly-n"


def came(record: dict[str, Any] | None, status: Status = Status.PASSED, **changes: Any) -> Arrived:
    return made.arrived(CASE, status, row=made.row(name="full-8", benchmark=record, **changes))


def held(workspace: Path, now: Arrived, nights: int = 7, day: int = 20) -> Arrived:
    folder = workspace / f"202603{day:02}T010000-nightly-n"
    return against_before(folder, "n", nights, {CASE: now})[CASE]


def told(one: Arrived) -> str:
    return " ".join((*one.reasons, *one.notes))


SLOWER = made.measured(1.1, seed=2)


@pytest.mark.parametrize(
    ("then", "now", "status", "verdict", "said"),
    [
        (made.measured(), made.measured(seed=2), Status.PASSED, "unchanged", ""),
        (made.measured(), SLOWER, Status.FAILED, "regressed", "p50 1"),
        (made.measured(1.1), made.measured(seed=2), Status.PASSED, "improved", "improved since"),
        (made.counted(500_000), made.counted(500_400), Status.PASSED, "unchanged", ""),
        (made.counted(500_000), made.counted(505_000), Status.FAILED, "regressed", "instructions"),
        (made.counted(505_000), made.counted(500_000), Status.PASSED, "improved", "improved"),
        # More than noise, and too little to matter.
        (made.counted(500_000), made.counted(501_500), Status.PASSED, "unchanged", ""),
    ],
)
def test_a_change_since_the_night_before_is_found(
    tmp_path: Path, then: Any, now: Any, status: Status, verdict: str, said: str
) -> None:
    made.finished(tmp_path, 1, came(then))
    after = held(tmp_path, came(now))
    assert after.status is status and after.exit_code is made.CODES[status]
    assert after.before is not None and after.before["verdict"] == verdict
    assert after.before["run"] == NIGHT and after.before["same_model"] is True
    assert said in told(after) and bool(said) == bool(told(after))


def test_the_reason_has_figure_effect_interval_night_and_where_to_look(tmp_path: Path) -> None:
    made.finished(tmp_path, 1, came(made.counted(500_000)))
    (reason,) = held(tmp_path, came(made.counted(550_000))).reasons
    assert reason == (
        f"regressed since {NIGHT}: instructions 500,000 to 550,000, +10.0 % "
        "(+9.9 to +10.1); the model is the same file, so it is the device or its runtime"
    )
    (reason,) = held(tmp_path, came(made.counted(550_000), sha256="cd" * 32)).reasons
    assert reason.endswith("; the model changed")


def test_a_device_that_became_slower_as_a_whole_is_told_and_fails_nothing(tmp_path: Path) -> None:
    made.finished(tmp_path, 1, came(made.measured()))
    beside = dict(SLOWER["reference"])
    beside["runs_p50_ns"] = [value * 1.1 for value in beside["runs_p50_ns"]]
    after = held(tmp_path, came({**SLOWER, "reference": beside}))
    assert after.status is Status.PASSED
    assert "the reference workload itself changed by +" in after.notes[0]


def test_what_may_have_regressed_is_told(tmp_path: Path) -> None:
    made.finished(tmp_path, 1, came(made.measured()))
    few = {**SLOWER, "runs": SLOWER["runs"][:2]}
    after = held(tmp_path, came(few))
    assert after.status is Status.PASSED and after.notes[0].startswith("inconclusive since")


def test_emulated_latency_is_told_and_never_fails(tmp_path: Path) -> None:
    made.finished(tmp_path, 1, came(made.measured(where="emulated-host")))
    after = held(tmp_path, came({**SLOWER, "where": "emulated-host"}))
    assert after.status is Status.PASSED and after.exit_code is ExitCode.DONE
    assert after.notes[0].endswith("emulated-host, so it fails nothing")
    assert after.before is not None and after.before["fails"] is False


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"runtime": "other"}, "runtime t and other"),
        ({"runner": "other"}, "runner r and other"),
        ({"device": {"key": "ABC", "model": "M", "build": "2"}}, "device build 1 and 2"),
        ({"where": "emulated-host"}, "where device and emulated-host"),
        ({"mode": "paced"}, "mode None and paced"),
    ],
)
def test_what_is_not_comparable_says_what_differs_and_fails_nothing(
    tmp_path: Path, changed: dict[str, Any], said: str
) -> None:
    made.finished(tmp_path, 1, came(made.measured()))
    after = held(tmp_path, came({**SLOWER, **changed}))
    assert after.status is Status.PASSED and after.reasons == ()
    assert f"not compared with {NIGHT}: " in after.notes[0] and said in after.notes[0]
    assert after.before is not None and after.before["refused"]


def test_a_case_that_failed_otherwise_keeps_its_reasons(tmp_path: Path) -> None:
    made.finished(tmp_path, 1, came(made.measured()))
    after = held(tmp_path, came(SLOWER, Status.FAILED))
    assert after.reasons[0] == "because it failed" and len(after.reasons) == 2


def test_the_newest_valid_result_counts(tmp_path: Path) -> None:
    made.finished(tmp_path, 1, came(made.measured(1.1)))
    made.finished(tmp_path, 2, came(made.measured()))
    made.finished(tmp_path, 3, came(made.measured(1.1, verdict="invalid"), Status.INVALID))
    made.finished(tmp_path, 4, came(made.measured(1.1)), status="failed")
    made.finished(tmp_path, 5, came(made.measured(1.1)), name="n-other")
    made.finished(tmp_path, 6, made.arrived(CASE, Status.ERROR, row={}))
    (made.finished(tmp_path, 7) / "manifest.json").write_text("{")
    made.finished(tmp_path, 20, came(SLOWER))  # this night itself, when it is looked at again
    made.finished(tmp_path, 21, came(SLOWER))  # one that began later
    after = held(tmp_path, came(SLOWER))
    assert after.before is not None
    assert after.before["run"] == "20260302T010000-nightly-n"
    assert after.status is Status.FAILED


def test_a_regression_stays_red_while_a_night_without_it_counts(tmp_path: Path) -> None:
    made.finished(tmp_path, 1, came(made.measured()))
    for day in (2, 3):
        red = held(tmp_path, came(made.measured(1.1, seed=day)), nights=2, day=day)
        assert red.status is Status.FAILED
        made.finished(tmp_path, day, red)
    after = held(tmp_path, came(made.measured(1.1, seed=4)), nights=2, day=4)
    assert after.status is Status.PASSED and after.before is None
    assert after.notes == ("no valid result in the nights before to compare with",)


def test_a_first_night_and_one_that_asks_for_none_compare_nothing(tmp_path: Path) -> None:
    now = came(SLOWER)
    assert held(tmp_path, now) == now
    made.finished(tmp_path, 1, came(made.measured()))
    assert held(tmp_path, now, nights=0) == now


def test_what_was_not_measured_or_is_invalid_is_left_as_it_is(tmp_path: Path) -> None:
    made.finished(tmp_path, 1, came(made.measured()))
    for now in (
        came(None),
        came({**SLOWER, "verdict": "invalid"}, Status.INVALID),
        made.arrived(CASE, Status.ERROR, row={}),
    ):
        assert held(tmp_path, now) == now


def test_the_record_keeps_the_comparison(tmp_path: Path) -> None:
    made.finished(tmp_path, 1, came(made.measured()))
    after = held(tmp_path, came(SLOWER))
    assert Arrived.from_json(after.as_json()) == after
    assert after.before is not None and after.before["figure"] == "p50_ns"
    assert 1.09 < after.before["ratio"]["low"] < after.before["ratio"]["high"] < 1.11
    assert {one["figure"] for one in after.before["figures"]} >= {"p50_ns", "p90_ns", "size_bytes"}
