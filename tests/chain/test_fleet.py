"""What a deployment to several devices comes to: sections, failures, and the exit code."""

from __future__ import annotations

from pathlib import Path

import pytest

from device.device import DeviceFacts
from device.errors import DeviceOffline
from pipeline.chain.fleet_report import Fleet, Section
from pipeline.chain.job import Trouble
from pipeline.chain.report import Report, Row
from pipeline.cli import fleet_table
from pipeline.cli.console import Terminal
from pipeline.core.errors import ExitCode, LocalDiskFull

LOST = Trouble.of(DeviceOffline("K"))
FULL = Trouble.of(LocalDiskFull(Path("x")))


def done(label: str, *failures: str) -> Section:
    row = Row("fp32", Path("a.ms"), "0" * 64, 10, failures=failures)
    report = Report("net", Path("run") / label, (row,), device=DeviceFacts(label, "USB"))
    return Section(label, "phone", report, None, 1.0)


def lost(label: str, trouble: Trouble) -> Section:
    return Section(label, None, None, trouble, 0.1)


@pytest.mark.parametrize(
    ("sections", "code", "status", "verdict"),
    [
        ((done("A"), done("B")), ExitCode.DONE, "done", "passed"),
        ((done("A"), done("B", "too large")), ExitCode.GATE_FAILED, "done", "failed"),
        ((done("A", "too large"), lost("B", LOST)), ExitCode.DEVICE, "incomplete", "failed"),
        ((lost("A", FULL), lost("B", LOST)), ExitCode.DEVICE, "incomplete", "failed"),
        ((done("A"), lost("B", FULL)), ExitCode.TOOLCHAIN, "incomplete", "failed"),
    ],
)
def test_the_outcome(
    sections: tuple[Section, ...], code: ExitCode, status: str, verdict: str
) -> None:
    fleet = Fleet("net", Path("run"), sections)
    found = fleet.as_json()
    assert (fleet.exit_code, found["status"], found["verdict"]) == (code, status, verdict)
    assert [one["label"] for one in found["devices"]] == [one.label for one in sections]
    assert [one["status"] for one in found["devices"]] == [
        "done" if one.report else "failed" for one in sections
    ]


def test_failures_name_device_and_model() -> None:
    fleet = Fleet("net", Path("run"), (done("A"), done("B", "too large"), lost("C", LOST)))
    assert fleet.failures == ("B: fp32: too large",)
    assert [label for label, _ in fleet.troubles] == ["C"]


def test_models_are_those_of_the_first_that_came_through() -> None:
    fleet = Fleet("net", Path("run"), (lost("A", LOST), done("B", "b"), done("C", "c")))
    assert [one["failures"] for one in fleet.as_json()["models"]] == [["b"]]
    assert Fleet("net", Path("run"), (lost("A", LOST),)).as_json()["models"] == []


def test_every_device_has_a_part_in_what_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    fleet = Fleet("net", Path("run"), (done("A"), lost("B", LOST), done("C", "too large")))
    Terminal().print(*fleet_table.fleet(fleet))
    text = capsys.readouterr().err
    for word in ("A (phone)", "C (phone)", "error: ", LOST.message, "too large", "p50 ms"):
        assert word in text
