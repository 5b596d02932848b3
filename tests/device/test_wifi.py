"""Devices on the network whose connection drops, and runs that fall silent."""

from __future__ import annotations

import time

import pytest

from device import errors
from device.emulator import EmulatedSpec, Fault, FaultKind, create, set_server
from device.hdc.client import is_address
from device.hdc.device import HdcDevice
from device.hdc.silence import Watchdog

K = FaultKind
ADDRESS = "10.0.0.7:5555"


@pytest.fixture
def watch(home):
    return create(home, EmulatedSpec(key=ADDRESS, connection="TCP", device_type="wearable"))


@pytest.fixture
def wifi(client, watch, driver):
    return HdcDevice(client, watch.key, "TCP", deadlines=driver.deadlines)


@pytest.mark.parametrize(
    ("key", "expected"),
    [(ADDRESS, True), ("host:1", True), ("SERIAL", False), (":1", False), ("a:b", False)],
)
def test_addresses(key, expected):
    assert is_address(key) is expected


@pytest.mark.parametrize("state", ["Offline", "Absent"])
def test_a_call_that_had_not_begun_is_made_after_tconn(wifi, watch, state):
    watch.set_state(state)
    assert wifi.run("echo x", deadline_s=5).output == b"x\n"
    assert watch.state == "Connected"


@pytest.mark.parametrize("state", ["Offline", "Absent"])
@pytest.mark.parametrize("lines", [0, 1, 5])
def test_a_cut_run_is_told_and_the_next_call_works(wifi, watch, state, lines):
    watch.set_fault(Fault(K.CUT_SHELL, after_lines=lines, containing="seq", then=state))
    with pytest.raises((errors.ConnectionLost, errors.DeviceError)) as caught:
        wifi.run("seq 9; touch /data/ran-$$", deadline_s=5)
    assert isinstance(caught.value, errors.ConnectionLost)
    assert watch.state == "Connected"
    assert wifi.run("echo x", deadline_s=5).output == b"x\n"
    assert len(list((watch.root / "data").glob("ran-*"))) <= 1


@pytest.mark.parametrize("state", ["Offline", "Absent"])
def test_transfers_go_on_after_a_drop(wifi, watch, model, tmp_path, state):
    watch.set_fault(Fault(K.CUT_PUSH, after_bytes=5000, then=state))
    pushed = wifi.push(model)
    watch.set_fault(Fault(K.CUT_PULL, after_bytes=5000, then=state))
    wifi.pull(pushed.path, tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == model.read_bytes()


def test_a_server_that_was_restarted_has_forgotten_the_device(wifi, hdc, home):
    hdc("kill")
    set_server(home, start_s=0)
    assert wifi.facts().device_type == "wearable"


def test_one_attempt_a_cut(wifi, watch):
    watch.set_fault(Fault(K.OFFLINE, times=None))
    started = time.monotonic()
    with pytest.raises(errors.DeviceOffline):
        wifi.run("true", deadline_s=5)
    assert time.monotonic() - started < 4


def test_one_that_cannot_be_connected_again(wifi, watch):
    watch.set_state("Offline", unreachable=True)
    with pytest.raises(errors.DeviceOffline):
        wifi.run("true", deadline_s=5)
    assert watch.state == "Offline"


@pytest.mark.parametrize("refused", [False, True])
def test_an_unauthorized_one_is_left_alone(wifi, watch, refused):
    watch.set_state("Unauthorized", refused=refused)
    with pytest.raises(errors.DeviceUnauthorized):
        wifi.run("true", deadline_s=5)
    assert watch.state == "Unauthorized"


def test_a_serial_number_is_not_connected_to(driver, phone):
    phone.set_state("Offline")
    with pytest.raises(errors.DeviceOffline):
        driver.run("true", deadline_s=5)


# silence ----------------------------------------------------------------------------------


def test_a_silent_run_is_ended_long_before_its_deadline(driver, phone):
    started = time.monotonic()
    with pytest.raises(errors.DeviceSilent) as caught:
        driver.run("echo go; sleep 3; touch /data/alive", deadline_s=60, silence_s=1)
    assert time.monotonic() - started < 3
    assert caught.value.last_line == "go" and caught.value.answers is True
    assert "go" in caught.value.message and caught.value.exit_code == 3
    assert "the device answers" in caught.value.hint
    time.sleep(max(0.0, started + 3.3 - time.monotonic()))
    assert not (phone.root / "data/alive").exists()


def test_a_slow_run_is_not_silent(driver):
    command = "for i in 1 2 3 4 5 6 7; do echo $i; sleep 0.2; done"
    seen: list[str] = []
    done = driver.run(command, deadline_s=30, silence_s=1.2, on_line=seen.append)
    assert done.code == 0 and done.duration_s > 1.3
    assert seen == list("1234567")


def test_a_device_that_freezes_is_told_from_a_program_that_hangs(driver, phone):
    phone.set_fault(Fault(K.FREEZE, times=None))
    with pytest.raises(errors.DeviceSilent) as caught:
        driver.run("echo x", deadline_s=60, silence_s=0.5)
    assert caught.value.answers is False and caught.value.last_line == ""
    assert "does not answer" in caught.value.hint


def test_lines_feed_the_watchdog():
    seen: list[str] = []
    watchdog = Watchdog("K", "'run'", 0.2, seen.append)
    for _ in range(4):
        time.sleep(0.1)
        watchdog.line("a\x1b[31m")
        watchdog.tick()
    assert seen == ["a\x1b[31m"] * 4
    time.sleep(0.25)
    with pytest.raises(errors.DeviceSilent) as caught:
        watchdog.tick()
    assert caught.value.last_line == "a [31m"
