"""Runs through the bench app on an emulated device that executes signed code only."""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from device.app import names
from device.app.errors import (
    AppFailed,
    AppMissing,
    AppNotInstalled,
    AppNotStarted,
    AppStopped,
    NeverArrives,
    SandboxClosed,
)
from device.app.session import AppRun, AppSession, open_app
from device.app.waiting import Pace
from device.emulator import EmulatedDevice, EmulatedSpec, Fault, FaultKind, create
from device.errors import DeviceBusy, DeviceSilent, DeviceTimeout, PullFailed
from device.hdc.client import HdcClient
from device.hdc.device import HdcDevice
from device.hdc.patience import Patience
from device.hdc.remote import Deadlines
from pipeline.core.runner import parse_result
from pipeline.toolchain.native import host_abi
from tests.bench_app import build

PACE = Pace(first_s=0.05, longest_s=0.2, lifeless_s=1.5)
#: Inferences a minute apart: a run that does nothing for long.
SLOW = ("--loopCount=10", "--intervalMs=60000", "--warmUpLoopCount=0")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The app's package and a stand-in for the runtime."""
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed")
    folder = tmp_path_factory.mktemp("app")
    build.runtime(folder)
    build.package(folder / "bench.hap", build.program(folder), abi=host_abi())
    return folder


@dataclass
class Phone:
    """A phone that executes signed code only, the driver of it, and the app for it."""

    emulated: EmulatedDevice
    driver: HdcDevice
    hap: Path
    model: Path

    @contextmanager
    def app(self, hap: Path | None = None, *, pace: Pace = PACE) -> Iterator[AppSession]:
        with open_app(self.driver, self.driver.facts(), hap or self.hap, pace=pace) as session:
            yield session

    def left(self) -> set[str]:
        """Folders with files of the app's."""
        inner = self.emulated.root / "data/app/el2/100/base" / names.BUNDLE / "haps/entry/files"
        return {path.parent.name for path in inner.rglob("*") if path.is_file()}

    def running(self) -> bool:
        return self.driver.run(f"pidof {names.BUNDLE}", deadline_s=5).code == 0


@pytest.fixture
def phone(home: Path, client: HdcClient, built: Path, model: Path) -> Phone:
    spec = EmulatedSpec(key="P", signed_only=True, runtime_library=built / "libruntime.so")
    quick = replace(client, patience=Patience(call_s=5, channel_s=2, pauses_s=(0.05, 0.1)))
    driver = HdcDevice(quick, "P", deadlines=Deadlines(ask_s=5, tidy_s=2, transfer_s=3))
    return Phone(create(home, spec), driver, built / "bench.hap", model)


def a_run(session: AppSession, model: str, *more: str) -> AppRun:
    result = f"{session.scratch}/result.json"
    return AppRun((f"--modelFile={model}", f"--resultFile={result}", *more), (result,))


def measure(phone: Phone, session: AppSession, **options: Any) -> Any:
    """One whole run: put, run, fetch; the runner's record."""
    pushed = session.put(phone.model)
    run = a_run(session, pushed.path, "--loopCount=7")
    done = session.run([run], deadline_s=20, **options)
    assert done.code == 0, done.text
    target = phone.model.with_name("result.json")
    session.fetch(run.keep[0], target)
    assert len(parse_result(target.read_bytes()).samples_ns) == 7
    return json.loads(target.read_text())


def test_the_phone_does_refuse_programs(phone: Phone) -> None:
    pushed = phone.driver.push(Path("/bin/true"), executable=True)
    done = phone.driver.run(pushed.path, deadline_s=5)
    assert done.code == 126 and "ermission denied" in done.text


def test_a_run_through_the_app(phone: Phone) -> None:
    heard: list[str] = []
    with phone.app() as session:
        record = measure(phone, session, on_line=heard.append)
        assert session.library_sha256 is not None
    assert "Running benchmark loops..." in heard
    assert heard[-1].startswith("Run Benchmark") and heard[-1].endswith("Success.")
    assert record["model"].endswith(".ms")
    assert phone.left() == {"objects"}
    assert not phone.running()


def test_what_is_unchanged_is_neither_sent_nor_installed_again(phone: Phone) -> None:
    with phone.app() as session:
        assert session.put(phone.model).sent_bytes == phone.model.stat().st_size
        measure(phone, session)
    phone.emulated.plan_apps(install=9568260)
    with phone.app() as session:
        assert session.put(phone.model).sent_bytes == 0
        measure(phone, session)
    with open_app(phone.driver, phone.driver.facts(), pace=PACE) as session:
        assert session.put(phone.model).sent_bytes == 0


def test_another_package_is_installed_over_the_old_one(phone: Phone, built: Path) -> None:
    other = built / "other"
    other.write_bytes((built / "bench").read_bytes() + b"\0")
    hap = build.package(built / "new.hap", other, abi=host_abi())
    with phone.app() as session:
        first = session.library_sha256
    with phone.app(hap) as session:
        assert session.library_sha256 != first
        measure(phone, session)


def test_no_app_and_no_package(phone: Phone) -> None:
    with (
        pytest.raises(AppMissing, match="not installed") as caught,
        open_app(phone.driver, phone.driver.facts()),
    ):
        pass
    assert "--app FILE.hap" in caught.value.hint


def test_a_run_that_fails_is_a_result(phone: Phone) -> None:
    with phone.app() as session:
        run = a_run(session, session.put(phone.model).path, "--loopCount=0")
        good = AppRun(("--version",), ())
        done = session.run([good, run, good], deadline_s=20)
        assert done.code == 255
        assert done.text.count("pipeline-runner") == 1
        assert "LoopCount:0 must be greater than 0" in done.text
        with pytest.raises(PullFailed, match="no run left it"):
            session.fetch(run.keep[0], phone.model.with_name("none.json"))


def test_nothing_in_a_word_is_executed(phone: Phone) -> None:
    odd = "$(touch /data/local/tmp/bad) `touch /data/local/tmp/bad`; touch bad; 'x' \"y\" 模型"
    with phone.app() as session:
        done = session.run([AppRun((f"--modelFile={odd}",), (odd,))], deadline_s=20)
    assert "touch bad; 'x' \"y\" 模型" in done.text
    assert not list(phone.emulated.root.rglob("bad"))


def test_one_session_at_a_time(phone: Phone) -> None:
    caught: list[DeviceBusy] = []

    def second() -> None:
        try:
            with phone.app():
                pass
        except DeviceBusy as error:
            caught.append(error)

    with phone.app() as session:
        thread = threading.Thread(target=second)
        thread.start()
        thread.join()
        assert len(caught) == 1
        measure(phone, session)


PASSING = {
    "pushes": (
        Fault(FaultKind.CUT_PUSH, after_bytes=50),
        Fault(FaultKind.CORRUPT_PUSH, times=3),
    ),
    "fetches": (
        Fault(FaultKind.CUT_PULL, after_bytes=10),
        Fault(FaultKind.CORRUPT_PULL, containing="1.json"),
        Fault(FaultKind.CORRUPT_PULL, containing="1.sha256"),
        Fault(FaultKind.CORRUPT_PULL, containing="1.log"),
        Fault(FaultKind.CORRUPT_PULL, containing="result.json"),
    ),
    "the connection": (
        Fault(FaultKind.CUT_SHELL, containing="hilog"),
        Fault(FaultKind.ESTABLISHING, times=2),
    ),
}


@pytest.mark.parametrize("faults", PASSING.values(), ids=PASSING)
def test_recovers_from_troubles_with(phone: Phone, faults: tuple[Fault, ...]) -> None:
    with phone.app() as session:
        phone.emulated.set_fault(*faults)
        measure(phone, session)
        assert phone.emulated.faults == []
    assert phone.left() == {"objects"}


@pytest.mark.parametrize("lines", [0, 3])
def test_a_log_that_loses_lines_costs_news_only(phone: Phone, lines: int) -> None:
    phone.emulated.plan_apps(log_lines=lines)
    heard: list[str] = []
    with phone.app() as session:
        measure(phone, session, on_line=heard.append)
    assert len(heard) <= lines


def test_a_push_that_always_arrives_damaged(phone: Phone) -> None:
    with phone.app() as session:
        phone.emulated.set_fault(Fault(FaultKind.CORRUPT_PUSH, times=None, containing="lenet.ms"))
        with pytest.raises(NeverArrives, match="damaged 3 times"):
            measure(phone, session)
    assert "objects" not in phone.left()


@pytest.mark.parametrize(
    ("plan", "running"), [("crash_after_lines", False), ("freeze_after_lines", True)]
)
def test_an_app_that_gives_no_sign_of_life(phone: Phone, plan: str, running: bool) -> None:
    with phone.app() as session:
        phone.emulated.plan_apps(**{plan: 5})
        run = a_run(session, session.put(phone.model).path, *SLOW)
        started = time.monotonic()
        with pytest.raises(AppStopped) as caught:
            session.run([run], deadline_s=60)
        assert caught.value.running is running
        assert time.monotonic() - started < 15
        phone.emulated.plan_apps()
        measure(phone, session)
    assert phone.left() == {"objects"} and not phone.running()


def test_a_run_without_end_has_a_deadline(phone: Phone) -> None:
    with phone.app() as session:
        run = a_run(session, session.put(phone.model).path, *SLOW)
        with pytest.raises(DeviceTimeout):
            session.run([run], deadline_s=2)
        assert not phone.running()
        measure(phone, session)


@pytest.mark.parametrize("log_lines", [0, 100])
def test_a_silent_run_is_ended_though_the_app_lives(phone: Phone, log_lines: int) -> None:
    phone.emulated.plan_apps(log_lines=log_lines)
    with phone.app() as session:
        run = a_run(session, session.put(phone.model).path, *SLOW)
        with pytest.raises(DeviceSilent) as caught:
            session.run([run], deadline_s=30, silence_s=0.6)
        assert caught.value.answers
    assert not phone.running()


def test_a_sandbox_that_hdc_does_not_get_into(phone: Phone) -> None:
    phone.emulated.plan_apps(sandbox="closed")
    with pytest.raises(SandboxClosed, match="E005101") as caught, phone.app():
        pass
    assert "debug build" in caught.value.hint
    phone.emulated.plan_apps()
    with phone.app() as session:
        measure(phone, session)


def test_a_release_build_keeps_its_sandbox_closed(phone: Phone, built: Path) -> None:
    release = build.package(built / "r.hap", built / "bench", abi=host_abi(), debug=False)
    with pytest.raises(SandboxClosed), phone.app(release):
        pass


def test_an_app_that_says_that_it_failed(phone: Phone, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.write_text('#!/bin/sh\necho "$2-$3 0 failed no such library"\nexec /bin/sleep 9\n')
    hap = build.package(tmp_path / "broken.hap", broken, abi=host_abi())
    with pytest.raises(AppFailed, match="no such library"), phone.app(hap):
        pass
    assert not phone.running()


def test_a_package_for_another_processor(phone: Phone, built: Path) -> None:
    other = build.package(built / "armv7.hap", built / "bench", abi="armeabi-v7a")
    with pytest.raises(AppNotInstalled) as caught, phone.app(other):
        pass
    assert caught.value.code == 9568347 and "abiFilters" in caught.value.hint


@pytest.mark.parametrize(("name", "code"), [("x.hap", 9568296), ("x.txt", None)])
def test_something_else_than_a_package(
    phone: Phone, tmp_path: Path, name: str, code: int | None
) -> None:
    (tmp_path / name).write_text("not a zip")
    with pytest.raises(AppNotInstalled) as caught, phone.app(tmp_path / name):
        pass
    assert caught.value.code == code


def test_a_device_that_refuses_to_install(phone: Phone) -> None:
    phone.emulated.plan_apps(install=9568322)
    with pytest.raises(AppNotInstalled, match="does not name this device") as caught, phone.app():
        pass
    assert "bm get --udid" in caught.value.hint


def test_a_locked_screen(phone: Phone) -> None:
    phone.emulated.plan_apps(start=10106102)
    with pytest.raises(AppNotStarted, match="locked") as caught, phone.app():
        pass
    assert "unlock" in caught.value.hint
