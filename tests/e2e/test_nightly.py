"""`pipeline nightly` as CI runs it: each planted fault has its exit code, and all that it writes
agrees with that. The phones are emulated ones behind an `hdc`."""

from __future__ import annotations

import json
import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from device.emulator import EmulatedDevice, EmulatedSpec, Fault, FaultKind, create, hdc_command
from device.runner import SOURCES
from pipeline.core.events import Silent
from pipeline.toolchain.toolchain import Toolchain, resolve
from tests.arm64.conftest import need_arm64
from tests.e2e.conftest import DIGITS, Called, Cli

pytestmark = pytest.mark.slow

_PLAN = "warm_up: 1, max_warm_up: 1, time_s: 0, reference: false, cool_down_s: 0"
PROFILES = {
    "phone": f"plan: {{{_PLAN}, runs: 8, samples: 80}}\nrun: {{threads: 1}}\n",
    "small": f"plan: {{{_PLAN}, runs: 1, samples: 20}}\nlimits: {{size_bytes: 100000}}\n",
    "few": f"plan: {{{_PLAN}, runs: 1, samples: 5}}\n",
}
#: What nobody reaches, so that the latency counts as planted.
REFERENCES = """
owner: ops
references:
  - {recipe: fp32, where: emulated-host, latency_p50_ms: 0.0001, reason: it was so once}
"""


@dataclass(frozen=True)
class Lab:
    """A folder with configurations, a workspace in which the models are built, and an hdc."""

    folder: Path
    cli: Cli
    hdc: Path
    toolchain: Toolchain

    def phone(self, key: str) -> EmulatedDevice:
        spec = EmulatedSpec(key=key, runtime_library=self.toolchain.runtime)
        return create(self.folder / "lab", spec)

    def night(self, name: str, text: str, *options: object) -> Night:
        """Run a night called ``name``, as a job of GitHub's."""
        path = self.folder / f"{name}.yaml"
        path.write_text(f"name: {name}\nmodels: [{DIGITS}]\n{text}")
        summary = self.folder / f"{name}.summary.md"
        summary.unlink(missing_ok=True)
        done = self.cli(
            "nightly", path, "--hdc", self.hdc, "--json", *options,
            env={"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary)},
        )  # fmt: skip
        return Night(done, summary)


@dataclass(frozen=True)
class Night:
    """What a night left."""

    done: Called
    summary: Path

    @property
    def folder(self) -> Path:
        return Path(self.done.json["run_folder"])

    @property
    def cases(self) -> list[dict[str, Any]]:
        return list(self.done.json["cases"])

    @property
    def red(self) -> list[dict[str, Any]]:
        return [case for case in self.cases if case["counts"]]

    @property
    def made(self) -> list[str]:
        """What stages ran for, rather than being taken from the store."""
        stages = json.loads((self.folder / "manifest.json").read_text())["stages"]
        return [stage["subject"] for stage in stages if not stage["reused"]]

    def agrees(self) -> None:
        """The code, JSON, manifest, JUnit, Markdown and annotations tell the same."""
        told = self.done.json
        assert told["exit_code"] == self.done.code, self.done.err
        assert told["verdict"] == ("failed" if self.done.code else "passed")
        assert bool(self.red) == bool(self.done.code)
        manifest = json.loads((self.folder / "manifest.json").read_text())
        assert {key: manifest[key] for key in ("exit_code", "verdict", "cases")} == {
            key: told[key] for key in ("exit_code", "verdict", "cases")
        }
        suites = ElementTree.fromstring((self.folder / "junit.xml").read_text())
        failed = sum(case["status"] == "failed" for case in self.red)
        count = {key: int(suites.get(key, "-1")) for key in ("tests", "failures", "errors")}
        assert count == {
            "tests": len(self.cases), "failures": failed, "errors": len(self.red) - failed,
        }  # fmt: skip
        wrong = [*suites.iter("failure"), *suites.iter("error")]
        marks = [line for line in self.done.err.splitlines() if line.startswith("::error ")]
        assert len(wrong) == len(marks) == len(self.red)
        page = self.summary.read_text()
        assert page == (self.folder / "report.md").read_text()
        assert ("Failed:" in page) is bool(self.done.code)
        for case in self.red:
            (reason, *_) = case["reasons"]
            assert any(reason in (one.get("message") or "") for one in wrong)
            assert any(reason.replace("%", "%25") in mark for mark in marks)
            assert any(word in page for word in (reason, reason.replace("_", r"\_")))


@pytest.fixture(scope="module")
def lab(deployed: tuple[Cli, Any], tmp_path_factory: pytest.TempPathFactory) -> Lab:
    folder = tmp_path_factory.mktemp("nightly")
    cli = Cli(folder / "runs")
    shutil.copytree(deployed[0].workspace / ".store", cli.workspace / ".store", symlinks=True)
    for name, text in PROFILES.items():
        path = folder / "configs" / "devices" / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (folder / "lab").mkdir()
    hdc = folder / "hdc"
    hdc.write_text(f'#!/bin/sh\nexec {shlex.join(hdc_command(folder / "lab"))} "$@"\n')
    hdc.chmod(0o755)
    made = Lab(folder, cli, hdc, resolve(None, SOURCES, Silent()))
    made.phone("PHONE1")
    return made


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


def test_a_latency_that_is_worse_than_its_reference_is_code_1(lab: Lab) -> None:
    (lab.folder / "worse.yaml").write_text(REFERENCES)
    night = lab.night("latency", NIGHT + "references: worse.yaml\n")
    (case,) = night.red
    assert (night.done.code, case["status"]) == (1, "failed")
    assert "latency_p50_ms is " in case["reasons"][0] and "(ops)" in case["reasons"][0]
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
    assert set(night.made) == {"full-8"}
    assert night.red == [more] and night.done.code == 1
    told = " ".join(more["reasons"])
    assert f"regressed since {counted.folder.name}: instructions " in told
    assert "the model changed" in told
    assert "full-8: instructions is " in told and "worse than" in told
    night.agrees()
