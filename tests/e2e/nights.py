"""Nights as CI runs them, and whether all that one writes tells the same."""

from __future__ import annotations

import json
import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from device.emulator import EmulatedDevice, EmulatedSpec, create, hdc_command
from device.runner import SOURCES
from pipeline.core.events import Silent
from pipeline.toolchain.toolchain import Toolchain, resolve
from tests.e2e.conftest import DIGITS, Called, Cli

_PLAN = "warm_up: 1, max_warm_up: 1, time_s: 0, reference: false, cool_down_s: 0"
PROFILES = {
    "phone": f"plan: {{{_PLAN}, runs: 8, samples: 80}}\nrun: {{threads: 1}}\n",
    "small": f"plan: {{{_PLAN}, runs: 1, samples: 20}}\nlimits: {{size_bytes: 100000}}\n",
    "few": f"plan: {{{_PLAN}, runs: 1, samples: 5}}\n",
}


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


def lay(folder: Path, store: Path) -> Lab:
    """A lab in ``folder``, whose workspace has what is in ``store``, with one phone."""
    cli = Cli(folder / "runs")
    shutil.copytree(store, cli.workspace / ".store", symlinks=True)
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
