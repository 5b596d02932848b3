"""The night itself, with real builds and planted devices."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from device.device import Where
from pipeline.chain.job import Job, Outcome, Trouble
from pipeline.chain.nightly.case import Status
from pipeline.chain.nightly.night import nightly
from pipeline.chain.nightly.publish import marks
from pipeline.chain.run import Run
from pipeline.chain.schedule import Local
from pipeline.core.errors import ExitCode
from pipeline.core.events import Listener, Silent
from pipeline.stages.benchmark import Measurement
from tests.chain.nightly import made

#: A session as short as it may be.
QUICK = "plan: {warm_up: 1, max_warm_up: 1, runs: 1, samples: 12, time_s: 0, reference: false}\n"
NIGHT = "models: [DIGITS]\nrecipes: [fp32, weight-8]\ndevices: [phone, watch]\n"
GONE = Trouble("NoDevice", "no device is connected", "connect one", ExitCode.DEVICE)


@dataclass
class Planted:
    """The emulated devices of this machine, until a fault is planted on one of them."""

    faults: dict[str, Any] = field(default_factory=dict)
    performed: list[str] = field(default_factory=list)

    def run(
        self, jobs: Sequence[Job], run: Run, listener: Listener
    ) -> Iterator[tuple[Job, tuple[Outcome, ...]]]:
        for job in jobs:
            fault = self.faults.get(job.device)
            if fault is KeyboardInterrupt:
                raise KeyboardInterrupt
            if isinstance(fault, Trouble):
                yield job, tuple(fault for _ in job.workloads)
                continue
            self.performed.append(job.device)
            yield from Local().run([job], run, listener)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("nights")


@pytest.fixture(autouse=True)
def _heard() -> Iterator[None]:
    before = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, before)


def run(folder: Path, workspace: Path, planted: Planted, text: str = NIGHT, **options: Any) -> Any:
    config = made.night_file(folder, text)
    profiles = folder / "configs" / "devices"
    profiles.mkdir(parents=True, exist_ok=True)
    for name in ("phone", "watch"):
        if not (profiles / f"{name}.yaml").is_file():
            (profiles / f"{name}.yaml").write_text(QUICK)
    return nightly(
        config,
        emulate=True,
        scheduler=planted,
        workspace=workspace,
        listener=Silent(),
        **options,
    )


def test_a_night_that_goes_well_is_green_and_told_in_every_way(
    tmp_path: Path, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    night = run(tmp_path, workspace, Planted())
    assert night.exit_code is ExitCode.DONE and night.count(Status.PASSED) == 4
    manifest = json.loads((night.run_folder / "manifest.json").read_text())
    assert manifest["status"] == "done" and manifest["verdict"] == "passed"
    assert {case["row"]["benchmark"]["where"] for case in manifest["cases"]} == {"emulated-host"}
    suites = ElementTree.fromstring((night.run_folder / "junit.xml").read_text())
    assert (suites.get("tests"), suites.get("failures"), suites.get("errors")) == ("4", "0", "0")
    assert summary.read_text() == "before\n" + (night.run_folder / "report.md").read_text()
    assert "EMULATED" in summary.read_text()
    assert "EMULATED" in (night.run_folder / "report.html").read_text()


def test_a_device_that_vanished_makes_it_red_and_loses_no_other(
    tmp_path: Path, workspace: Path
) -> None:
    night = run(tmp_path, workspace, Planted({"watch": GONE}))
    assert night.exit_code is ExitCode.DEVICE
    status = {one.case.text: one.arrived.status for one in night.judged}
    assert status == {
        "digits/fp32/phone": Status.PASSED,
        "digits/weight-8/phone": Status.PASSED,
        "digits/fp32/watch": Status.ERROR,
        "digits/weight-8/watch": Status.ERROR,
    }


def test_an_interrupted_night_goes_on_and_measures_nothing_twice(
    tmp_path: Path, workspace: Path
) -> None:
    first = Planted({"watch": KeyboardInterrupt})
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, workspace, first)
    assert first.performed == ["phone"]
    second = Planted()
    night = run(tmp_path, workspace, second)
    assert second.performed == ["watch"] and night.resumed == 2
    assert night.exit_code is ExitCode.DONE
    third = run(tmp_path, workspace, Planted({"phone": GONE, "watch": GONE}))
    assert third.resumed == 0 and third.count(Status.ERROR) == 4


def test_a_device_that_became_slower_is_red_until_it_is_mended(
    tmp_path: Path, workspace: Path
) -> None:
    class Real(Planted):
        """As if the phone were one, ``slower`` times as slow as it is."""

        slower = 1

        def run(
            self, jobs: Sequence[Job], run: Run, listener: Listener
        ) -> Iterator[tuple[Job, tuple[Outcome, ...]]]:
            for job, outcomes in super().run(jobs, run, listener):
                yield job, tuple(self._slowed(one) for one in outcomes)

        def _slowed(self, one: Outcome) -> Outcome:
            assert isinstance(one, Measurement)
            samples = [[self.slower * ns for ns in run.result.samples_ns] for run in one.runs]
            runs = [
                replace(run, result=replace(run.result, samples_ns=tuple(values)))
                for run, values in zip(one.runs, samples, strict=True)
            ]
            facts = replace(one.facts, where=Where.DEVICE)
            return replace(one, facts=facts, runs=tuple(runs))

    text = NIGHT.replace("[fp32, weight-8]", "[fp32]").replace("[phone, watch]", "[phone]")
    profile = tmp_path / "configs" / "devices" / "phone.yaml"
    profile.parent.mkdir(parents=True)
    # Fewer runs have no interval.
    profile.write_text(QUICK.replace("runs: 1, samples: 12", "runs: 5, samples: 60"))
    real, codes = Real(), []
    for real.slower in (1, 1000, 1000):
        night = run(tmp_path, workspace, real, "name: slow\n" + text)
        codes.append(night.exit_code)
    assert codes == [ExitCode.DONE, ExitCode.GATE_FAILED, ExitCode.GATE_FAILED]
    (wrong,) = night.red
    assert "the model is the same file" in wrong.arrived.reasons[0]
    text = text.replace("models:", "name: slow\nbaseline_nights: 1\nmodels:")
    assert run(tmp_path, workspace, real, text).exit_code is ExitCode.DONE


def test_fresh_begins_anew(tmp_path: Path, workspace: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, workspace, Planted({"watch": KeyboardInterrupt}))
    night = run(tmp_path, workspace, Planted({"phone": GONE, "watch": GONE}), fresh=True)
    assert night.resumed == 0 and night.count(Status.ERROR) == 4


def test_a_case_whose_record_was_lost_is_missing_and_red(tmp_path: Path, workspace: Path) -> None:
    class Forgetful(Planted):
        def run(
            self, jobs: Sequence[Job], run: Run, listener: Listener
        ) -> Iterator[tuple[Job, tuple[Outcome, ...]]]:
            yield from super().run(jobs, run, listener)
            next((run.folder / "cases").iterdir()).write_text("{")

    night = run(tmp_path, workspace, Forgetful(), NIGHT.replace(", watch", ""))
    assert night.count(Status.MISSING) == 1 and night.exit_code is ExitCode.NO_DATA
    suites = ElementTree.fromstring((night.run_folder / "junit.xml").read_text())
    (wrong,) = suites.iter("error")
    assert "nothing arrived" in (wrong.get("message") or "")
    (mark,) = marks(night)
    assert mark.startswith("::error ") and "nothing arrived" in mark
    assert "nothing arrived" in (night.run_folder / "report.md").read_text()


@pytest.mark.parametrize(
    ("profile", "said"),
    [
        (QUICK + "limits: {size_bytes: 100000}", "bytes, at most 100,000"),
        ("plan: {warm_up: 0, runs: 1, samples: 2, time_s: 0}", "do not even bear a median"),
    ],
)
def test_a_planted_regression_is_found(
    tmp_path: Path, workspace: Path, profile: str, said: str
) -> None:
    (tmp_path / "configs" / "devices").mkdir(parents=True)
    (tmp_path / "configs" / "devices" / "tight.yaml").write_text(f"{profile}\n")
    text = NIGHT.replace("[phone, watch]", "[tight]")
    night = run(tmp_path, workspace, Planted(), text)
    wrong = night.red[0].arrived
    assert said in wrong.reasons[0]
    codes = {Status.FAILED: ExitCode.GATE_FAILED, Status.INVALID: ExitCode.NO_DATA}
    assert night.exit_code is codes[wrong.status]


def test_a_recipe_that_cannot_be_built_is_red_and_loses_no_other(
    tmp_path: Path, workspace: Path
) -> None:
    odd = tmp_path / "odd.yaml"
    # Nothing in the network is called so.
    odd.write_text("quantization: weight\nbits: 8\nrules: [{scope: nowhere, bits: 4}]\n")
    text = NIGHT.replace("weight-8", str(odd))
    night = run(tmp_path, workspace, Planted(), text)
    status = {one.case.recipe: one.arrived.status for one in night.judged}
    assert status == {"fp32": Status.PASSED, "odd": Status.ERROR}
    assert "nowhere" in night.red[0].arrived.reasons[0]
    assert night.exit_code is not ExitCode.DONE
