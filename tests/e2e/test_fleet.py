"""One deployment to several devices at once: nothing is mixed up, and none is lost with another."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from device.emulator import Fault, FaultKind
from tests.e2e.conftest import DIGITS, Called, Cli
from tests.e2e.test_devices import Lab, lab, left_on, running

__all__ = ["lab"]
pytestmark = pytest.mark.slow

COUNT = 16
PLAN = "plan: {warm_up: 1, max_warm_up: 1, runs: 1, samples: 11, time_s: 0, percentile: 50}"


@pytest.fixture
def quick(tmp_path: Path) -> list[str]:
    """Profiles that ask for few samples: ``--device`` options of a phone and of a watch."""
    options = []
    for name, kind in (("quick-phone", "phone"), ("quick-watch", "wearable")):
        path = tmp_path / f"{name}.yaml"
        path.write_text(f"match: {{device_types: [{kind}]}}\nrun: {{threads: 1}}\n{PLAN}\n")
        options += ["--device", str(path)]
    return options


def deploy(cli: Cli, lab: Lab, *more: str) -> Called:
    return cli("deploy", DIGITS, "--hdc", lab.hdc, "-r", "fp32", "-r", "weight-8", "--json", *more)


def manifest(found: Any) -> Any:
    return json.loads((Path(found["run_folder"]) / "manifest.json").read_text())


def test_sixteen_devices_at_once(copy: Cli, lab: Lab, quick: list[str]) -> None:
    kinds = {f"K{n:02}": "wearable" if n % 4 == 3 else "phone" for n in range(COUNT)}
    made = [lab.phone(key, device_type=kind, model=f"MODEL-{key}") for key, kind in kinds.items()]
    done = deploy(copy, lab, "--all-targets", *quick)
    assert done.code == 0, done.err
    sections = done.json["devices"]
    assert [one["label"] for one in sections] == list(kinds)
    records = set()
    for one in sections:
        report, key = one["report"], one["label"]
        assert (report["device"]["key"], report["device"]["model"]) == (key, f"MODEL-{key}")
        assert report["device"]["device_type"] == kinds[key]
        assert report["profile"] == ("quick-watch" if kinds[key] == "wearable" else "quick-phone")
        assert [row["name"] for row in report["models"]] == ["fp32", "weight-8"]
        for row in report["models"]:
            assert row["benchmark"]["device"]["key"] == key
            assert row["benchmark"]["device_parity"]["cosine_min"] > 0.9999
            records.add((key, row["sha256"], row["benchmark"]["latency_ns"]["p50_ns"]))
        samples = Path(report["run_folder"]) / "samples"
        assert samples.parent.name == key and list(samples.rglob("*.json"))
    assert len(records) == 2 * COUNT
    assert manifest(done.json)["devices"] == sections
    for device in made:
        assert left_on(device) == {"objects"}
    assert running(lab) == []


def test_one_that_fails_does_not_take_the_others_along(
    copy: Cli, lab: Lab, quick: list[str]
) -> None:
    lab.phone("GOOD")
    lab.phone("CUT").set_fault(Fault(FaultKind.CUT_SHELL, times=None, containing="--modelFile"))
    lab.phone("WATCH", device_type="wearable")
    lab.phone("SHY").set_state("Unauthorized")
    wanted = ("GOOD", "CUT", "WATCH", "SHY", "NOBODY")
    targets = [word for key in wanted for word in ("--target", key)]
    done = deploy(copy, lab, *targets, *quick)
    assert done.code == 3, done.err
    found = {one["label"]: one for one in done.json["devices"]}
    assert list(found) == list(wanted)
    assert {key: one["status"] for key, one in found.items()} == {
        "GOOD": "done", "WATCH": "done", "CUT": "failed", "SHY": "failed", "NOBODY": "failed",
    }  # fmt: skip
    assert {key: one["trouble"]["kind"] for key, one in found.items() if one["trouble"]} == {
        "CUT": "ConnectionLost", "SHY": "DeviceUnauthorized", "NOBODY": "DeviceUnknown",
    }  # fmt: skip
    kept = manifest(done.json)
    assert kept["status"] == "incomplete"
    assert [one["name"] for one in kept["models"]] == ["fp32", "weight-8"]
    assert running(lab) == []


def test_devices_of_another_kind_are_left_out_and_said(
    copy: Cli, lab: Lab, quick: list[str]
) -> None:
    lab.phone("PHONE")
    lab.phone("FRIDGE", device_type="fridge")
    done = deploy(copy, lab, "--all-targets", *quick)
    assert done.code == 0, done.err
    assert [one["label"] for one in done.json["devices"]] == ["PHONE"]
    assert "left out: device FRIDGE" in done.err


@pytest.mark.parametrize(("state", "error"), [(None, "NoDevice"), ("Offline", "NobodyLeft")])
def test_nobody_at_all_is_told_before_anything_is_built(
    fresh: Cli, lab: Lab, state: str | None, error: str
) -> None:
    if state:
        lab.phone("GONE").set_state(state)
    done = deploy(fresh, lab, "--all-targets")
    assert (done.code, done.json["error"]) == (3, error)
    assert "checkpoint" not in done.err


def test_emulated_twins_of_several_profiles(copy: Cli, quick: list[str]) -> None:
    done = copy("deploy", DIGITS, *quick, "--emulate", "host", "-r", "fp32")
    assert done.code == 0, done.err
    for text in ("quick-phone", "quick-watch", "EMULATED", "p50 ms"):
        assert text in done.err
