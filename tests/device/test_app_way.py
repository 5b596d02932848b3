"""Which way models are run on a device, found out and remembered."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from device.app.errors import AppMissing
from device.app.memory import Refusals
from device.device import DeviceFacts
from device.emulator import EmulatedDevice, EmulatedSpec, create
from device.hdc.client import HdcClient
from device.hdc.device import HdcDevice
from device.hdc.remote import Deadlines
from pipeline.config.profile import WayChoice
from pipeline.core.runner import RunnerOptions, parse_result
from pipeline.stages.benchmark.errors import RunnerRefused
from pipeline.stages.benchmark.way import open_way
from pipeline.toolchain.errors import CompilerMissing
from pipeline.toolchain.native import host_abi
from tests.bench_app import build


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The runner as a program, the app's package, and a stand-in for the runtime."""
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed")
    folder = tmp_path_factory.mktemp("ways")
    build.runtime(folder)
    build.package(folder / "bench.hap", build.program(folder), abi=host_abi())
    build.compile_c(folder / "runner", [*build.runner_sources(), build.RUNNER / "main.c"])
    return folder


class Bench:
    """A device, and what is tried on it."""

    def __init__(self, home: Path, client: HdcClient, built: Path, *, signed_only: bool) -> None:
        runtime = built / "libruntime.so"
        spec = EmulatedSpec(key="W", signed_only=signed_only, runtime_library=runtime)
        self.emulated: EmulatedDevice = create(home, spec)
        self.device = HdcDevice(client, "W", deadlines=Deadlines(ask_s=5, tidy_s=2, transfer_s=3))
        self.built = built
        self.tried = 0

    @property
    def facts(self) -> DeviceFacts:
        return self.device.facts()

    def runner(self) -> Path:
        self.tried += 1
        return self.built / "runner"

    def way(self, choice: WayChoice = WayChoice.AUTO, *, app: bool = True) -> WayChoice:
        """The way that is taken; the same two runs go through either."""
        hap = self.built / "bench.hap" if app else None
        with open_way(self.device, self.facts, choice, self.runner, hap) as way:
            model = self.built / "any.ms"
            model.write_bytes(b"any")
            put = way.put(model)
            runs = [
                RunnerOptions(model=put.path, result=f"{way.scratch}/{n}.json", loops=n)
                for n in (3, 5)
            ]
            done = way.run(runs, deadline_s=30)
            assert done.code == 0 and done.text.count("Success.") == 2
            for options in runs:
                record = self.built / "record.json"
                way.fetch(options.result, record)
                assert len(parse_result(record.read_bytes()).samples_ns) == options.loops
            assert len(way.runner_sha256 or "") == 64
            return way.choice


@pytest.fixture
def board(home: Path, client: HdcClient, built: Path) -> Bench:
    return Bench(home, client, built, signed_only=False)


@pytest.fixture
def consumer(home: Path, client: HdcClient, built: Path) -> Bench:
    return Bench(home, client, built, signed_only=True)


def test_a_board_runs_the_program_though_the_app_is_given(board: Bench) -> None:
    assert board.way() is WayChoice.RUNNER
    assert not Refusals.of(board.facts).known


def test_a_board_runs_the_app_if_that_is_asked_for(board: Bench) -> None:
    assert board.way(WayChoice.APP) is WayChoice.APP
    assert board.tried == 0


def test_a_consumer_device_gets_the_app_and_is_tried_once(consumer: Bench) -> None:
    assert [consumer.way(), consumer.way(), consumer.way(app=False)] == [WayChoice.APP] * 3
    assert consumer.tried == 1


def test_what_was_remembered_is_forgotten_when_the_program_runs(
    consumer: Bench, home: Path, client: HdcClient, built: Path
) -> None:
    consumer.way()
    assert Refusals.of(consumer.facts).known
    opened = Bench(home, client, built, signed_only=False)
    assert opened.way(WayChoice.RUNNER) is WayChoice.RUNNER
    assert not Refusals.of(opened.facts).known
    assert opened.way() is WayChoice.RUNNER


def test_neither_way(consumer: Bench) -> None:
    with pytest.raises(RunnerRefused) as caught:
        consumer.way(app=False)
    assert "--app FILE.hap" in caught.value.hint
    with pytest.raises(RunnerRefused):
        consumer.way(WayChoice.RUNNER)
    with pytest.raises(AppMissing):
        consumer.way(WayChoice.APP, app=False)


def test_without_a_compiler_the_app_serves_and_without_both_the_compiler_is_named(
    board: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing() -> Path:
        raise CompilerMissing("ziglang", "the runner")

    monkeypatch.setattr(board, "runner", missing)
    with pytest.raises(CompilerMissing):
        board.way(app=False)
    with pytest.raises(CompilerMissing):
        board.way(WayChoice.RUNNER)
    assert board.way() is WayChoice.APP
