"""Several emulated devices at once: nothing of one shows up in another."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from device.emulator import devices as existing
from device.hdc.client import HdcClient
from device.hdc.device import HdcDevice
from device.hdc.locate import locate
from device.hdc.patience import Patience
from device.hdc.remote import Deadlines
from device.targets import list_targets
from pipeline.chain import emulator
from pipeline.chain.devices import devices
from pipeline.chain.emulator import BadKey, EmulatedUnknown, Lab
from pipeline.cli import emulator_tables
from pipeline.cli.console import Terminal
from pipeline.core.errors import UsageError

Start = Callable[..., Lab]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "runs" / ".emulator" / "lab"


@pytest.fixture
def start(home: Path, tmp_path: Path) -> Start:
    """``emulator.start`` with a runtime that is no real one: nothing here runs a model."""
    runtime = tmp_path / "runtime.so"
    runtime.touch()

    def call(kind: str, connection: str | None = None, **more: object) -> Lab:
        home.mkdir(parents=True, exist_ok=True)
        twin = emulator._twin(kind, connection)
        return emulator.add(twin, kind, home, runtime, **more)  # type: ignore[arg-type]

    return call


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    return tmp_path / "runs"


def test_kinds() -> None:
    assert {"phone", "tablet", "watch", "board", "tv", "2in1"} == set(emulator.kinds())


def test_started_listed_stopped_started_again(start: Start, workspace: Path) -> None:
    assert emulator.lab(workspace=workspace).devices == ()
    started = start("phone", number=2)
    assert [one.key for one in started.devices] == ["EMULATED-PHONE-1", "EMULATED-PHONE-2"]
    start("watch")
    client = HdcClient(locate(started.hdc))
    assert [one.key for one in list_targets(client)] == [
        "127.0.0.1:5555", "EMULATED-PHONE-1", "EMULATED-PHONE-2",
    ]  # fmt: skip
    (existing(workspace / ".emulator/lab")[1].root / "data/kept").touch()
    stopped = emulator.stop("EMULATED-PHONE-1", workspace=workspace)
    assert [one.running for one in stopped.devices] == [False]
    assert "EMULATED-PHONE-1" not in [one.key for one in list_targets(client)]
    assert len(emulator.lab(workspace=workspace).devices) == 3
    again = start("phone", key="EMULATED-PHONE-1")
    assert again.devices[0].running and (again.devices[0].folder / "root/data/kept").exists()
    assert [one.key for one in start("phone").devices] == ["EMULATED-PHONE-3"]
    emulator.stop(remove=True, workspace=workspace)
    assert emulator.lab(workspace=workspace).devices == () and list_targets(client) == []


@pytest.mark.parametrize(
    ("kind", "key", "connection"),
    [("watch", "WORD", None), ("phone", "a b", None), ("phone", "", None), ("phone", "K", "BLE")],
)
def test_bad_keys(start: Start, kind: str, key: str, connection: str | None) -> None:
    with pytest.raises(BadKey) as caught:
        start(kind, connection, key=key)
    assert caught.value.exit_code == 2 and caught.value.message and caught.value.hint


def test_one_that_is_not_there_cannot_be_stopped(start: Start, workspace: Path) -> None:
    with pytest.raises(EmulatedUnknown, match="called X"):
        emulator.stop("X", workspace=workspace)
    start("board")
    with pytest.raises(EmulatedUnknown) as caught:
        emulator.stop("X", workspace=workspace)
    assert "EMULATED-BOARD-1" in caught.value.hint
    assert emulator.stop(workspace=workspace / "none").devices == ()


def test_starting_at_once_gives_each_its_own(start: Start, workspace: Path) -> None:
    with ThreadPoolExecutor(6) as pool:
        keys = [lab.devices[0].key for lab in pool.map(lambda _: start("board"), range(6))]
    assert len(set(keys)) == 6
    assert len(emulator.lab(workspace=workspace).devices) == 6


KINDS = [("phone", None), ("tablet", None), ("watch", None), ("board", None),
         ("phone", "TCP"), ("tablet", "TCP"), ("watch", "USB"), ("board", "TCP")]  # fmt: skip
TYPES = {"phone": "phone", "tablet": "tablet", "watch": "wearable", "board": "default"}


def test_eight_at_once_and_nothing_is_mixed_up(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIPELINE_CACHE", str(tmp_path / "cache"))
    labs = [start(kind, connection) for kind, connection in KINDS]
    wanted = {
        lab.devices[0].key: (TYPES[kind], connection or ("TCP" if kind == "watch" else "USB"))
        for lab, (kind, connection) in zip(labs, KINDS, strict=True)
    }
    assert len(wanted) == 8
    found = devices(labs[0].hdc)
    assert {
        one.target.key: (one.facts.device_type, one.facts.connection) for one in found if one.facts
    } == wanted
    client = HdcClient(locate(labs[0].hdc), patience=Patience(call_s=60))
    together = threading.Barrier(8, timeout=120)

    def work(key: str) -> None:
        deadlines = Deadlines(ask_s=60, tidy_s=30)
        device = HdcDevice(client, key, wanted[key][1], deadlines=deadlines)
        sources = []
        for index in range(3):
            sources.append(tmp_path / key.replace(":", "_") / f"{index}.bin")
            sources[-1].parent.mkdir(exist_ok=True)
            sources[-1].write_bytes(f"{key} {index}".encode())
        together.wait()
        with device.lease(), device.scratch() as folder:
            pushed = device.push_all(sources)
            together.wait()  # all eight hold their lease now
            facts = device.facts()
            assert (facts.key, facts.device_type) == (key, wanted[key][0])
            for index, one in enumerate(pushed):
                done = device.run(f"cat {one.path} | tee {folder}/out", deadline_s=60)
                assert done.text == f"{key} {index}"
            back = tmp_path / "back" / key
            device.pull(f"{folder}/out", back)
            assert back.read_text() == f"{key} 2"

    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(work, key) for key in wanted]:
            done.result()
    for lab in labs:
        ours = lab.devices[0].folder / "root/data/local/tmp/mslite-pipeline"
        contents = {path.read_text() for path in ours.rglob("*") if path.is_file()}
        assert contents == {f"{lab.devices[0].key} {index}" for index in range(3)}


def test_what_people_read(
    start: Start, workspace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nothing = emulator_tables.lab(emulator.lab(workspace=workspace))
    start("phone", number=2)
    emulator.stop("EMULATED-PHONE-1", workspace=workspace)
    terminal = Terminal()
    terminal.print(*nothing, *emulator_tables.lab(emulator.lab(workspace=workspace)))
    told = capsys.readouterr().err
    assert "no emulated device" in told and "--target EMULATED-PHONE-2" in told
    assert "stopped" in told and "running" in told


SCRIPT = """
clear: true
vitals: {battery_percent: 7, temperature_mc: 47500}
faults:
  - {kind: cut-shell, containing: echo, after_lines: 1}
  - {kind: freeze, times: null, after_calls: 99}
"""


def test_a_script_of_faults(start: Start, workspace: Path, tmp_path: Path) -> None:
    started = start("phone")
    key, script = started.devices[0].key, tmp_path / "faults.yaml"
    script.write_text(SCRIPT)
    for _ in range(2):  # the second clears what the first planted
        emulator.plant(key, script, workspace=workspace)
    device = existing(workspace / ".emulator/lab")[0]
    assert [one["kind"] for one in device.faults] == ["cut-shell", "freeze"]
    seen = HdcDevice(HdcClient(locate(started.hdc)), key).telemetry()
    assert (seen.battery_percent, seen.thermal_level) == (7, 2)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("faults: [{kind: cut-psuh}]", "cut-push"),
        ("faults: [{kind: cut-push, times: 0}]", "times"),
        ("vitals: {battery: 7}", "battery"),
        ("state: Gone", "state"),
    ],
)
def test_a_script_that_is_wrong(
    start: Start, workspace: Path, tmp_path: Path, text: str, word: str
) -> None:
    key, script = start("phone").devices[0].key, tmp_path / "faults.yaml"
    script.write_text(text)
    with pytest.raises(UsageError) as caught:
        emulator.plant(key, script, workspace=workspace)
    assert word in caught.value.message + caught.value.hint
    assert existing(workspace / ".emulator/lab")[0].faults == []


def test_nothing_is_planted_in_a_device_that_is_not_there(workspace: Path, tmp_path: Path) -> None:
    with pytest.raises(EmulatedUnknown):
        emulator.plant("K", tmp_path / "faults.yaml", workspace=workspace)
