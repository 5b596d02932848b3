"""Every planted fault ends in a recovery or in the right error, in bounded time, and clean."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from device import errors
from device.emulator import EmulatedSpec, Fault, FaultKind, create, set_server
from device.hdc.client import HdcClient
from device.hdc.device import HdcDevice
from device.hdc.patience import Patience
from device.quote import quote
from pipeline.core.errors import DeviceError

K = FaultKind
ALWAYS = None


def objects(ours):
    return [path for path in ours() if path.startswith("objects/")]


# push -------------------------------------------------------------------------------------


@pytest.mark.parametrize("after_bytes", [0, 1, 5000, 102_399, 102_400])
def test_a_cut_push_is_repeated(driver, phone, model, ours, after_bytes):
    phone.set_fault(Fault(K.CUT_PUSH, after_bytes=after_bytes))
    pushed = driver.push(model)
    assert (phone.root / pushed.path[1:]).read_bytes() == model.read_bytes()
    assert len(ours()) == 1


def test_a_push_that_is_always_cut(driver, phone, model, ours):
    phone.set_fault(Fault(K.CUT_PUSH, times=ALWAYS, after_bytes=10))
    with pytest.raises(errors.ConnectionLost, match=r"the push of .*lenet\.ms"):
        driver.push(model)
    assert ours() == []
    phone.clear_faults()
    assert driver.push(model).sent_bytes == model.stat().st_size


def test_a_corrupt_push_is_repeated(driver, phone, model, ours):
    phone.set_fault(Fault(K.CORRUPT_PUSH, times=2))
    pushed = driver.push(model)
    assert (phone.root / pushed.path[1:]).read_bytes() == model.read_bytes()
    assert len(ours()) == 1


def test_a_push_that_is_always_corrupt(driver, phone, model, ours):
    phone.set_fault(Fault(K.CORRUPT_PUSH, times=ALWAYS))
    with pytest.raises(errors.PushFailed, match="damaged 3 times"):
        driver.push(model)
    assert ours() == []


@pytest.mark.parametrize("left", [0, 1000])
def test_disk_full(driver, phone, model, ours, left):
    phone.set_fault(Fault(K.DISK_FULL, after_bytes=left))
    with pytest.raises(errors.RemoteDiskFull) as caught:
        driver.push(model)
    assert caught.value.size_bytes == model.stat().st_size and "lenet.ms" in caught.value.message
    assert ours() == []


def test_a_device_too_small(home, client, model):
    create(home, EmulatedSpec(key="SMALL", storage_bytes=50_000))
    device = HdcDevice(client, "SMALL")
    assert device.facts().free_storage_bytes < 50_000
    with pytest.raises(errors.RemoteDiskFull):
        device.push(model)


def test_a_workdir_that_cannot_be_made(driver, phone, model):
    (phone.root / "data/local/tmp/mslite-pipeline").touch()
    with pytest.raises(errors.RemoteCommandFailed):
        driver.push(model)


def test_a_frozen_push(driver, phone, model, ours):
    quick = HdcDevice(driver.client, driver.key, deadlines=type(driver.deadlines)(transfer_s=0.3))
    phone.set_fault(Fault(K.FREEZE, containing="file send", after_bytes=100))
    started = time.monotonic()
    with pytest.raises(errors.DeviceTimeout):
        quick.push(model)
    assert time.monotonic() - started < 3 and ours() == []


@pytest.mark.parametrize("calls", [0, 1, 2])
@pytest.mark.parametrize(
    ("kind", "error"),
    [
        (K.VANISH, errors.DeviceUnknown),
        (K.OFFLINE, errors.DeviceOffline),
        (K.UNAUTHORIZED, errors.DeviceUnauthorized),
        (K.REFUSED, errors.DeviceUnauthorized),
    ],
)
def test_a_device_that_goes_at_any_step_of_a_push(driver, phone, model, ours, kind, error, calls):
    phone.set_fault(Fault(kind, times=ALWAYS, after_calls=calls))
    with pytest.raises(error):
        driver.push(model)
    assert objects(ours) == []
    phone.clear_faults()
    assert driver.push(model).sent_bytes > 0
    assert len(ours()) == 1


@pytest.mark.parametrize("calls", [0, 1, 2])
def test_a_short_absence_during_a_push_is_survived(driver, phone, model, ours, calls):
    phone.set_fault(Fault(K.OFFLINE, times=1, after_calls=calls))
    assert driver.push(model).sent_bytes > 0
    assert len(ours()) == 1


@pytest.mark.parametrize("step", ["mkdir -p", "chmod"])
def test_a_push_whose_shell_is_cut(driver, phone, model, ours, step):
    phone.set_fault(Fault(K.CUT_SHELL, containing=step))
    assert driver.push(model).size_bytes > 0
    assert len(ours()) == 1


def test_a_channel_that_is_being_established_is_waited_for(driver, phone, model):
    phone.set_fault(Fault(K.ESTABLISHING, times=3))
    assert driver.push(model).sent_bytes > 0
    phone.set_fault(Fault(K.ESTABLISHING, times=ALWAYS))
    with pytest.raises(errors.DeviceConnecting):
        driver.run("true", deadline_s=5)


def test_unauthorized_is_never_repeated(driver, phone):
    phone.set_fault(Fault(K.UNAUTHORIZED, times=1))
    with pytest.raises(errors.DeviceUnauthorized):
        driver.run("true", deadline_s=5)
    assert driver.run("true", deadline_s=5).code == 0


# run --------------------------------------------------------------------------------------


@pytest.mark.parametrize("lines", [0, 1, 2, 50, 100, 101])
def test_a_cut_run_is_never_a_success(driver, phone, lines):
    phone.set_fault(Fault(K.CUT_SHELL, after_lines=lines, containing="seq"))
    seen: list[str] = []
    with pytest.raises(errors.ConnectionLost) as caught:
        driver.run("seq 100", deadline_s=5, on_line=seen.append)
    assert "seq 100" in caught.value.message and caught.value.exit_code == 3
    assert caught.value.last_line == (str(lines - 1) if lines > 1 else "")
    assert seen == [str(n) for n in range(1, lines)]


def test_a_run_beyond_its_deadline_leaves_no_process(driver, phone):
    with pytest.raises(errors.DeviceTimeout) as caught:
        driver.run("(sleep 1; touch /data/child) & sleep 1; touch /data/alive", deadline_s=0.4)
    assert caught.value.deadline_s == 0.4
    time.sleep(1.2)
    assert not (phone.root / "data/alive").exists()
    assert not (phone.root / "data/child").exists()


def test_a_frozen_device_ends_in_bounded_time(driver, phone):
    phone.set_fault(Fault(K.FREEZE, times=ALWAYS))
    started = time.monotonic()
    with pytest.raises(errors.DeviceTimeout):
        driver.run("true", deadline_s=0.3)
    assert time.monotonic() - started < 0.3 + driver.deadlines.tidy_s + 1


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        (K.VANISH, errors.DeviceUnknown),
        (K.OFFLINE, errors.DeviceOffline),
        (K.UNAUTHORIZED, errors.DeviceUnauthorized),
    ],
)
@pytest.mark.parametrize("call", ["run", "facts", "telemetry", "pull", "clean", "scratch"])
def test_a_device_that_is_not_there(driver, phone, tmp_path, kind, error, call):
    phone.set_fault(Fault(kind, times=ALWAYS))
    calls = {
        "run": lambda: driver.run("true", deadline_s=5),
        "facts": driver.facts,
        "telemetry": driver.telemetry,
        "pull": lambda: driver.pull("/data/x", tmp_path / "x"),
        "clean": driver.clean,
        "scratch": lambda: driver.scratch().__enter__(),
    }
    with pytest.raises(error) as caught:
        calls[call]()
    assert driver.key in caught.value.message and caught.value.hint
    assert not (tmp_path / "x").exists()


def test_scratch_of_a_device_that_went_keeps_the_first_error(driver, phone, ours):
    with pytest.raises(errors.ConnectionLost), driver.scratch() as folder:
        phone.set_fault(Fault(K.CUT_SHELL, containing="seq"), Fault(K.VANISH, None, after_calls=1))
        driver.run(f"touch {folder}/f; seq 9", deadline_s=5)
    phone.clear_faults()
    with driver.scratch():
        assert not any("/f" in path for path in ours())


def test_endless_output_is_stopped(driver, phone):
    client = HdcClient(driver.client.command, limit_bytes=1 << 20)
    with pytest.raises(errors.OutputTooLong):
        HdcDevice(client, driver.key).run("yes", deadline_s=30)


def test_control_characters_do_not_reach_a_message(driver, phone):
    phone.set_fault(Fault(K.CUT_SHELL, after_lines=2))
    with pytest.raises(errors.ConnectionLost) as caught:
        driver.run("printf '\\033[31mred\\033[0m\\n'; echo; echo", deadline_s=5)
    assert "\033" not in str(caught.value) + caught.value.last_line


# pull -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [K.CUT_PULL, K.CORRUPT_PULL])
@pytest.mark.parametrize("times", [1, ALWAYS])
def test_a_pull_is_whole_or_not_at_all(driver, phone, tmp_path, kind, times):
    (phone.root / "data/r").write_bytes(b"0123456789" * 10)
    target = tmp_path / "out/r"
    phone.set_fault(Fault(kind, times=times, after_bytes=7))
    if times is ALWAYS:
        with pytest.raises(DeviceError):
            driver.pull("/data/r", target)
        assert list(target.parent.iterdir()) == []
    else:
        driver.pull("/data/r", target)
        assert target.read_bytes() == b"0123456789" * 10


# the server -------------------------------------------------------------------------------


@pytest.mark.parametrize("call", ["list", "run", "push", "tconn"])
def test_no_server(driver, home, model, call):
    set_server(home, unreachable=True, unreachable_s=0.01)
    client = HdcClient(driver.client.command, server="127.0.0.1:8711")
    device = HdcDevice(client, driver.key)
    calls = {
        "list": client.list_targets,
        "run": lambda: device.run("true", deadline_s=5),
        "push": lambda: device.push(model),
        "tconn": lambda: client.tconn("10.0.0.2:5555"),
    }
    with pytest.raises(errors.HdcServerUnreachable, match=r"127\.0\.0\.1:8711"):
        calls[call]()


@pytest.mark.parametrize("call", ["run", "push"])
def test_a_server_that_was_killed_finds_its_devices_again(driver, home, model, call):
    set_server(home, stopped=True, start_s=0.8, empty_lists=2)
    if call == "run":
        assert driver.run("echo x", deadline_s=5).output == b"x\n"
    else:
        assert driver.push(model).sent_bytes > 0


def test_a_server_that_runs_is_believed_at_once(driver, home):
    set_server(home, empty_lists=1)
    sure = replace(driver.client, patience=Patience(server_started_s=5))
    with pytest.raises(errors.DeviceUnknown):
        HdcDevice(sure, driver.key).run("true", deadline_s=5)


def test_a_bad_server_port(driver):
    client = HdcClient(driver.client.command, env={"OHOS_HDC_SERVER_PORT": "many"})
    with pytest.raises(errors.HdcServerUnreachable, match="not digit"):
        client.list_targets()


# an hdc that says more ------------------------------------------------------------------


@pytest.fixture
def talkative(driver, tmp_path):
    """The stand-in, after a script of ours that may print first and end early."""

    def device(script: str) -> HdcDevice:
        path = tmp_path / "hdc"
        command = " ".join(quote(word) for word in driver.client.command)
        path.write_text(f'#!/bin/sh\ncd {quote(str(tmp_path))}\n{script}\nexec {command} "$@"\n')
        path.chmod(0o755)
        return HdcDevice(HdcClient((str(path),)), driver.key)

    return device


def test_log_lines_of_the_client_are_no_output(talkative, model):
    device = talkative("echo '[W][2026-11-23 01:31:30] open path:/tmp/hdc.log'")
    assert device.client.version() == "3.2.0f"
    assert [one.key for one in device.client.list_targets()] == [device.key]
    assert device.run("echo x", deadline_s=5).output == b"x\n"
    assert device.push(model).sent_bytes > 0


@pytest.mark.parametrize(("code", "passes"), [("E001003", True), ("E00C001", False)])
def test_only_causes_that_pass_are_waited_for(talkative, code, passes):
    device = talkative(f"[ -f once ] || {{ touch once; echo '[Fail][{code}] text'; exit; }}")
    if passes:
        assert device.run("echo x", deadline_s=5).output == b"x\n"
    else:
        with pytest.raises(errors.HdcRefused, match=code):
            device.run("echo x", deadline_s=5)
