"""`pipeline nightly` as CI runs it: each planted fault has its exit code, and all that it writes
agrees with that. The phones are emulated ones behind an `hdc`."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from device.emulator import Fault, FaultKind
from tests.arm64.conftest import need_arm64
from tests.e2e.conftest import Cli
from tests.e2e.nights import Lab, Night, lay

pytestmark = pytest.mark.slow

#: What nobody reaches, so that latency and load time count as planted.
REFERENCES = """
owner: ops
references:
  - recipe: fp32
    where: emulated-host
    latency_p50_ms: 0.0001
    load_ms: 0.0001
    reason: it was so once
"""


@pytest.fixture(scope="module")
def lab(deployed: tuple[Cli, Any], tmp_path_factory: pytest.TempPathFactory) -> Lab:
    return lay(tmp_path_factory.mktemp("nightly"), deployed[0].workspace / ".store")


NIGHT = "recipes: [fp32]\ndevices: [{profile: phone, target: PHONE1}]\n"


@pytest.fixture(scope="module")
def good(lab: Lab) -> Night:
    return lab.night("steady", NIGHT)


def test_a_night_that_goes_well_is_green(good: Night) -> None:
    assert good.done.code == 0, good.done.err
    (case,) = good.cases
    assert case["row"]["benchmark"]["where"] == "emulated-host"
    assert case["before"] is None and case["notes"] == []
    good.agrees()


def test_the_same_night_again_converts_nothing_and_tells_what_changed(
    lab: Lab, good: Night
) -> None:
    path = good.folder / "manifest.json"
    manifest = json.loads(path.read_text())
    for run in manifest["cases"][0]["row"]["benchmark"]["runs"]:
        run["p50_ns"] /= 1000  # as if it had been that much faster
    path.write_text(json.dumps(manifest))
    night = lab.night("steady", NIGHT)
    (case,) = night.cases
    assert case["before"]["run"] == good.folder.name
    assert case["before"]["verdict"] == "regressed", case["before"]
    assert case["before"]["ratio"]["low"] > 2
    # Latency of an emulated device is told, and fails nothing.
    assert night.done.code == 0 and case["before"]["fails"] is False
    assert case["notes"][0].startswith(f"regressed since {good.folder.name}: p50 ")
    assert case["notes"][0] in night.summary.read_text()
    assert not night.made
    night.agrees()


def test_a_latency_and_a_load_time_worse_than_their_references_are_code_1(lab: Lab) -> None:
    (lab.folder / "worse.yaml").write_text(REFERENCES)
    night = lab.night("latency", NIGHT + "references: worse.yaml\n")
    (case,) = night.red
    assert (night.done.code, case["status"]) == (1, "failed")
    latency, load = case["reasons"]
    assert "latency_p50_ms is " in latency and "(ops)" in latency
    assert "load_ms is " in load and "worse than" in load
    night.agrees()


@pytest.mark.parametrize(
    ("profile", "code", "status", "said"),
    [
        ("small", 1, "failed", "250,224 bytes, at most 100,000 are allowed"),
        ("few", 5, "invalid", "5 samples do not even bear a median"),
    ],
)
def test_a_device_limit_that_is_missed_and_too_few_samples(
    lab: Lab, profile: str, code: int, status: str, said: str
) -> None:
    night = lab.night(profile, NIGHT.replace("profile: phone", f"profile: {profile}"))
    (case,) = night.red
    assert (night.done.code, case["exit_code"], case["status"]) == (code, code, status)
    assert said in case["reasons"][0]
    night.agrees()


def test_an_accuracy_that_fell_is_code_1(lab: Lab) -> None:
    recipe = lab.folder / "weight-8.yaml"
    recipe.write_text("quantization: weight\nquantizer: pipeline\nbits: 1\n")
    night = lab.night("accuracy", NIGHT.replace("fp32", str(recipe)))
    (case,) = night.red
    assert (night.done.code, case["status"]) == (1, "failed")
    assert case["row"]["accuracy_percent"] < 90
    assert case["reasons"][0].startswith("accuracy fell by ")
    night.agrees()


def test_a_model_that_does_not_load_is_code_4_and_takes_no_other_with_it(lab: Lab) -> None:
    home = lab.folder / "mindspore-lite-2.0.0-cut"
    converter = home / "tools" / "converter" / "converter" / "converter_lite"
    converter.parent.mkdir(parents=True)
    (home / "runtime" / "lib").mkdir(parents=True)
    (home / "runtime" / "lib" / "libmindspore-lite.so").symlink_to(lab.toolchain.runtime)
    # The real converter, but for half of what it makes of a recipe with a configuration.
    converter.write_text(
        f"#!{sys.executable}\n"
        "import os, subprocess, sys\n"
        f"code = subprocess.call([{str(lab.toolchain.converter)!r}, *sys.argv[1:]])\n"
        "flags = dict(one[2:].partition('=')[::2] for one in sys.argv[1:])\n"
        "made = flags.get('outputFile', '') + '.ms'\n"
        "if code == 0 and 'configFile' in flags and os.path.isfile(made):\n"
        "    os.truncate(made, os.path.getsize(made) // 2)\n"
        "sys.exit(code)\n"
    )
    converter.chmod(0o755)
    text = NIGHT.replace("fp32", "fp32, dynamic-8")
    night = lab.night("load", text, "--toolchain", home)
    assert night.done.code == 4, night.done.err
    (case,) = night.red
    assert (case["case"]["recipe"], case["status"]) == ("dynamic-8", "error")
    assert "cannot be used: build: " in case["reasons"][0]
    night.agrees()


def test_a_device_that_vanished_is_code_3(lab: Lab) -> None:
    fault = Fault(FaultKind.CUT_SHELL, containing="0-0.json", then="Absent")  # the first batch
    lab.phone("PHONE2").set_fault(fault)
    night = lab.night("vanished", NIGHT.replace("PHONE1", "PHONE2"))
    (case,) = night.red
    assert (night.done.code, case["exit_code"], case["status"]) == (3, 3, "error")
    assert "start benchmark phone" in night.done.err
    night.agrees()


def test_a_matrix_without_cases_is_code_2_and_no_night(lab: Lab) -> None:
    night = lab.night("empty", NIGHT + "skip: [{reason: all of them}]\n")
    assert night.done.code == 2
    assert "no case is left to run" in night.done.err
    assert night.done.json["status"] == "failed"
    assert not list(lab.cli.workspace.glob("*-nightly-empty")) and not night.summary.exists()


COUNTS = "recipes: [fp32, full-8]\ndevices: [{profile: phone, emulate: arm64}]\n"


@pytest.fixture(scope="module")
def counted(lab: Lab) -> Night:
    need_arm64()
    return lab.night("counts", COUNTS)


def test_on_an_emulated_processor_instructions_arrive(counted: Night) -> None:
    assert counted.done.code == 0, counted.done.err
    for case in counted.cases:
        record = case["row"]["benchmark"]
        assert record["where"] == "emulated-arm64" and record["latency_ns"] is None
        assert record["instructions"]["total"] > 300_000
    counted.agrees()


def test_instructions_repeat_and_a_growth_is_code_1(lab: Lab, counted: Night) -> None:
    references = lab.folder / "counts-of-digits.yaml"
    why = ("--owner", "ops", "--reason", "as they were", "--references", references)
    assert lab.cli("reference", "update", counted.folder, *why).code == 0
    # The same name for a recipe whose model executes more; each night of them takes long.
    recipe = lab.folder / "full-8.yaml"
    recipe.write_text("quantization: dynamic\nbits: 8\n")
    text = COUNTS.replace("full-8", str(recipe)) + f"references: {references.name}\n"
    night = lab.night("counts", text)
    same, more = night.cases
    for case, verdict in ((same, "unchanged"), (more, "regressed")):
        assert case["before"]["run"] == counted.folder.name
        assert case["before"]["figure"] == "instructions"
        assert case["before"]["verdict"] == verdict, case["before"]
    assert (same["status"], same["reasons"], same["notes"]) == ("passed", [], [])
    assert set(night.made) <= {"full-8"}  # what did not change is taken from the store
    assert night.red == [more] and night.done.code == 1
    told = " ".join(more["reasons"])
    assert f"regressed since {counted.folder.name}: instructions " in told
    assert "the model changed" in told
    assert "full-8: instructions is " in told and "worse than" in told
    night.agrees()
