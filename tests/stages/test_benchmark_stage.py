"""A model is measured on a device: its answers first, then its time, and nothing is left there."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from device.device import DeviceFacts, Pushed, RemoteResult, Telemetry, Where
from device.errors import ConnectionLost, PullFailed
from pipeline.config.profile import Profile, RunSettings, SamplePlan
from pipeline.core.files import sha256_file
from pipeline.stages.benchmark import (
    Bench,
    Inputs,
    Measurement,
    RecordUnreadable,
    RunFailed,
    RunnerRefused,
    Settings,
    Workload,
    bench,
)
from tests.fakes import fake_toolchain, model_bytes

FACTS = DeviceFacts(key="ABC", connection="USB")
#: Two launches of ten inferences each, and no reference workload: the fakes cannot read it.
PLAN = SamplePlan(warm_up=2, max_warm_up=20, samples=20, runs=2, time_s=0, reference=False)
PROFILE = Profile(run=RunSettings(threads=3), plan=PLAN)


@dataclass
class Folder:
    """A device that is a folder of this machine and its shell; ``lost`` when it is gone."""

    root: Path
    key: str = "ABC"
    lost: bool = False
    commands: list[str] = field(default_factory=list)

    @property
    def workdir(self) -> str:
        return str(self.root)

    def telemetry(self, *, deadline_s: float | None = None) -> Telemetry:
        return Telemetry(temperature_mc=30_000)

    def push_all(self, sources: Sequence[Path]) -> tuple[Pushed, ...]:
        return tuple(self.push(source) for source in sources)

    def push(self, source: Path, *, executable: bool = False, on_progress: Any = None) -> Pushed:
        target = self.root / sha256_file(source)
        sent = 0 if target.exists() else source.stat().st_size
        shutil.copyfile(source, target)
        target.chmod(0o755 if executable else 0o644)
        return Pushed(str(target), target.name, source.stat().st_size, sent, 0.0)

    def run(
        self,
        command: str,
        *,
        deadline_s: float,
        on_line: Any = None,
        silence_s: float | None = None,
    ) -> RemoteResult:
        self.commands.append(command)
        if self.lost:
            raise ConnectionLost(self.key, command)
        done = subprocess.run(
            ["/bin/sh", "-c", command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=deadline_s,
            check=False,
        )
        return RemoteResult(done.returncode, done.stdout, 0.0)

    def pull(self, remote: str, target: Path) -> None:
        if not Path(remote).is_file():
            raise PullFailed(self.key, remote, "no such file")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(remote, target)

    @contextmanager
    def scratch(self) -> Iterator[str]:
        path = self.root / "scratch of 'this' run"
        path.mkdir()
        try:
            yield str(path)
        finally:
            shutil.rmtree(path)


@pytest.fixture
def device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    monkeypatch.setenv("PIPELINE_CACHE", str(tmp_path / "cache"))
    (tmp_path / "device").mkdir()
    return Folder(tmp_path / "device")


@dataclass
class Case:
    """What is measured: a model of the fakes on two samples."""

    folder: Path
    device: Folder
    runner: Path
    facts: DeviceFacts = FACTS
    profile: Profile = PROFILE

    def __post_init__(self) -> None:
        self.samples = np.arange(8, dtype=np.float32).reshape(2, 4)
        self.samples.tofile(self.folder / "input_0.bin")

    def workload(self, name: str = "fp32", **model: Any) -> Workload:
        path = self.folder / f"{name}.ms"
        path.write_bytes(model_bytes(**model))
        expected = (self.samples[:, :3],)
        return Workload(name, path, sha256_file(path), path.stat().st_size, expected)

    @contextmanager
    def bench(self, listener: Any) -> Iterator[Bench]:
        inputs = Inputs((self.folder / "input_0.bin",), 2)
        with bench(
            self.device,
            self.facts,
            lambda: self.runner,
            inputs,
            self.profile,
            self.folder / "raw",
            listener,
        ) as found:
            yield found


@pytest.fixture
def case(tmp_path: Path, device: Folder) -> Case:
    return Case(tmp_path, device, fake_toolchain(tmp_path / "lite").runner)


def _measure(case: Case, listener: Any, workload: Workload) -> Measurement:
    with case.bench(listener) as found:
        (measured,) = found.measure([workload])
        return measured


def test_a_model_is_compared_and_timed(case, heard, tmp_path):
    found = _measure(case, heard, case.workload())
    assert (found.parity.n, found.parity.max_abs_error) == (2, 0.0)
    assert found.latency.n == 20
    assert found.latency.p50_ns == 1004.5  # the fake counts up from 1000, twice
    assert [len(run.result.samples_ns) for run in found.runs] == [10, 10]
    assert (found.run.threads, found.run.bind_mode) == (3, 1)
    assert (tmp_path / "raw" / "fp32.json").is_file()
    assert (tmp_path / "raw" / "fp32.log").is_file()
    assert heard.lines[0] == ("started", "benchmark", "fp32")
    assert heard.lines[-1][-1] == "p50 0.001004 ms of 20 in 2 runs"


def test_the_record_has_what_a_figure_is_worth_nothing_without(case, heard):
    workload = case.workload()
    record = _measure(case, heard, workload).as_json()
    assert record["where"] == "device"
    assert record["model_sha256"] == workload.sha256
    assert record["runner_sha256"] == sha256_file(case.runner)
    assert record["schema"] == 2
    assert record["latency_ns"]["n"] == 20
    assert [(run["round"], run["n"]) for run in record["runs"]] == [(0, 10), (1, 10)]
    assert record["mode"] == "back-to-back"
    assert record["plan"]["runs"] == 2
    assert record["device"]["key"] == "ABC"
    assert record["telemetry"]["before"]["temperature_mc"] == 30_000
    assert record["device_parity"]["cosine_min"] == pytest.approx(1.0)


def test_the_figure_of_an_emulated_device_says_so(case, heard):
    case.facts = DeviceFacts(key="x", connection="USB", where=Where.EMULATED_HOST)
    assert _measure(case, heard, case.workload()).as_json()["where"] == "emulated-host"
    assert heard.lines[-1][-1].startswith("emulated-host p50 ")


def test_wrong_answers_are_told(case, heard):
    found = _measure(case, heard, case.workload(factor=-1.0))
    assert found.parity.cosine_min == pytest.approx(-1.0)


def test_models_take_turns_and_none_is_taken_for_another(case, heard, tmp_path):
    models = [case.workload("a"), case.workload("b", factor=2.0), case.workload("c", factor=3.0)]
    with case.bench(heard) as found:
        measured = found.measure(models)
        with pytest.raises(RunFailed, match="no memory"):
            found.measure([case.workload("d", fails="no memory")])
    assert [one.parity.max_abs_error for one in measured] == [0.0, 6.0, 12.0]
    places = {one.workload.name: [run.place for run in one.runs] for one in measured}
    assert places == {"a": [1, 3], "b": [2, 1], "c": [3, 2]}
    kept = json.loads((tmp_path / "raw" / "b.json").read_bytes())
    assert kept["model"] == "b"
    assert [run["record"]["samples_ns"] for run in kept["runs"]] == [list(range(1000, 1010))] * 2
    assert measured[1].identity.samples == "raw/b.json"
    assert measured[1].identity.samples_sha256 == sha256_file(tmp_path / "raw" / "b.json")


def test_launches_of_a_few_seconds_are_one_remote_command(case, heard):
    case.profile = Profile(plan=PLAN.model_copy(update={"runs": 8, "samples": 80}))
    _measure(case, heard, case.workload())
    rounds = [text for text in case.device.commands if text.count("--loopCount=10") > 1]
    assert [text.count("--resultFile") for text in rounds] == [8]


def test_the_settings_of_a_workload_win_and_models_beside_it_are_loaded(case, heard):
    workload = replace(
        case.workload(),
        settings=Settings(threads=1, bind_mode=0, pin_cores=(2, 3)),
        beside=(case.workload("b").model,),
    )
    record = _measure(case, heard, workload).as_json()
    assert (record["threads"], record["pinned_cores"], record["beside"]) == (1, [2, 3], ["b"])
    command = case.device.commands[-1]
    assert "--pinCores=2,3" in command
    assert f"--alsoLoad={case.device.root / sha256_file(workload.beside[0])}" in command


def test_what_is_there_already_is_not_sent_again(case, heard):
    assert _measure(case, heard, case.workload()).sent_bytes > 0
    assert _measure(case, heard, case.workload()).sent_bytes == 0


FAILURES = {
    "a recorded failure": ({"fails": "no memory"}, None, RunFailed, "run: no memory"),
    "a crash": ({}, "kill -SEGV $$", RunFailed, "exit code 139"),
    "an error": ({}, "echo no runtime; exit 9", RunFailed, "exit code 9: no runtime"),
    "a refusal": ({}, "exit 126", RunnerRefused, "permission denied"),
    "too few samples": ({"loops": 19}, None, RecordUnreadable, "19 samples, 40 were asked for"),
    "no samples": ({"loops": 0}, None, RecordUnreadable, "0 samples, 40 were asked for"),
    "outputs cut short": ({"keep": 8}, None, RecordUnreadable, "8 bytes of outputs"),
    "no record": ({}, "exit 0", PullFailed, "no such file"),
    "a record of garbage": (
        {},
        'for part; do case $part in --resultFile=*) echo x > "${part#*=}";; esac; done',
        RecordUnreadable,
        "not a runner's record",
    ),
}


@pytest.mark.parametrize(("model", "runner", "kind", "text"), FAILURES.values(), ids=FAILURES)
def test_a_run_that_fails_is_told_and_cleaned_up(case, heard, tmp_path, model, runner, kind, text):
    if runner:
        case.runner = fake_toolchain(tmp_path / "bad", runner=runner).runner
    workload = case.workload(**model)
    with pytest.raises(kind, match=text):
        _measure(case, heard, workload)
    assert not [path for path in case.device.root.iterdir() if path.is_dir()]


def test_a_device_that_vanishes_is_told(case, heard):
    def measure() -> None:
        with case.bench(heard) as found:
            case.device.lost = True
            found.measure([case.workload()])

    with pytest.raises(ConnectionLost):
        measure()


def test_the_timed_loop_runs_on_the_first_sample(case, heard, tmp_path):
    spy = f"cat \"$(echo \"$*\" | sed -n 's/.*--inDataFile=//; s/ --.*//p')\" > '{tmp_path}/seen'"
    case.runner = fake_toolchain(
        tmp_path / "spy", runner=f'case "$*" in *inDataFile*) {spy};; esac\n\'{case.runner}\' "$@"'
    ).runner
    _measure(case, heard, case.workload())
    assert (tmp_path / "seen").read_bytes() == case.samples[0].tobytes()
