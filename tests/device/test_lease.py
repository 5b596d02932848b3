"""One pipeline at a time on a device, whatever becomes of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device import errors
from device.emulator import Fault, FaultKind, hdc_command
from device.hdc import holder, lease
from device.hdc.client import HdcClient
from device.hdc.device import HdcDevice
from device.hdc.holder import Holder
from device.hdc.remote import Remote
from pipeline.core.places import cache_root

ROOT = Path(__file__).parents[2]
MARKER = "data/local/tmp/mslite-pipeline/lease"

# Takes the lease, says so, and holds it until a line comes; a signal ends it as it ends the
# command line, also where who started us ignores Ctrl-C.
OTHER = """
import signal, sys
from device.hdc.client import HdcClient
from device.hdc.device import HdcDevice
from pipeline.core.errors import PipelineError
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, signal.default_int_handler)
device = HdcDevice(HdcClient({command!r}), {key!r})
try:
    with device.lease():
        print("held", flush=True)
        sys.stdin.readline()
except KeyboardInterrupt:
    sys.exit(130)
except PipelineError as error:
    print(error, error.hint, flush=True)
    sys.exit(error.exit_code)
"""


@pytest.fixture
def other(home, phone):
    """Another process that takes the lease; killed at the end of the test at the latest."""
    started = []

    def start(**environment: str) -> subprocess.Popen[str]:
        program = OTHER.format(command=hdc_command(home), key=phone.key)
        process = subprocess.Popen(
            [sys.executable, "-c", program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def held(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"


def marked(phone) -> bool:
    return (phone.root / MARKER).exists()


def test_a_lease_is_marked_and_ends(driver, phone):
    with driver.lease():
        record = holder.read((phone.root / MARKER / "owner").read_text())
        assert record.pid == os.getpid() and record.is_here and not record.has_ended
    assert not marked(phone)
    assert list((phone.root / "data/local/tmp").iterdir()) == []
    assert list((cache_root() / "leases").iterdir()) == []
    with driver.lease():
        assert marked(phone)


def test_one_process_at_a_time(driver, phone, other):
    first = other()
    held(first)
    started = time.monotonic()
    with pytest.raises(errors.DeviceBusy) as caught, driver.lease():
        pass
    assert time.monotonic() - started < 5
    assert caught.value.exit_code == 3 and caught.value.pid == first.pid
    assert str(first.pid) in caught.value.message and "UTC" in caught.value.message
    second = other()
    told, _ = second.communicate(timeout=20)
    assert second.returncode == 3 and "in use by" in told and "wait until it ends" in told
    first.communicate("\n", timeout=20)
    assert first.returncode == 0 and not marked(phone)
    with driver.lease():
        pass


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_frees_it(driver, phone, other, number):
    process = other()
    held(process)
    process.send_signal(number)
    process.communicate(timeout=20)
    assert process.returncode == 130 and not marked(phone)
    with driver.lease():
        pass


@pytest.mark.parametrize("buried", [True, False])
def test_a_killed_process_frees_it(driver, phone, other, buried):
    process = other()
    held(process)
    process.kill()
    if buried:
        process.communicate(timeout=20)
    else:  # its parent has not asked for it yet, so that its number is still there
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert marked(phone)
    with driver.lease():
        assert holder.read((phone.root / MARKER / "owner").read_text()).pid == os.getpid()
    assert not marked(phone)


def test_another_cache_of_this_machine_sees_the_mark(driver, phone, other, tmp_path):
    """Two users of one machine share no cache folder."""
    process = other(PIPELINE_CACHE=str(tmp_path / "theirs"))
    held(process)
    with pytest.raises(errors.DeviceBusy) as caught, driver.lease():
        pass
    assert caught.value.pid == process.pid and caught.value.marker is None
    process.kill()
    process.communicate(timeout=20)
    with driver.lease():
        pass


def leave_mark(phone, age_s: float, text: str | None) -> None:
    folder = phone.root / MARKER
    folder.mkdir(parents=True)
    if text is not None:
        (folder / "owner").write_text(text + "\n")
        os.utime(folder / "owner", (time.time() - age_s,) * 2)
    os.utime(folder, (time.time() - age_s,) * 2)


def theirs(**changes: object) -> str:
    there = replace(Holder.current(), user="ann", host="lab", machine="elsewhere", pid=77)
    return replace(there, **changes).as_text()


@pytest.mark.parametrize(
    ("age_s", "text", "free"),
    [
        (10, theirs(), False),
        (lease.STALE_S - 60, theirs(), False),
        (lease.STALE_S + 60, theirs(), True),
        (10, theirs(machine=Holder.current().machine, pid=1 << 22), True),
        # A process of the number that lives, and is a later one.
        (10, theirs(machine=Holder.current().machine, pid=os.getppid(), began="1"), True),
        (10, Holder.current().as_text(), True),  # what this process could not remove
        (10, None, False),
        (120, None, True),
        (10, "{", False),
        (120, "not\na record $(touch pwned) 'x", True),
    ],
)
def test_marks(driver, phone, age_s, text, free):
    leave_mark(phone, age_s, text)
    if free:
        with driver.lease():
            assert marked(phone)
        assert not marked(phone)
    else:
        with pytest.raises(errors.DeviceBusy) as caught, driver.lease():
            pass
        assert "lapses" in caught.value.hint and "shell rm -r" in caught.value.hint
        assert marked(phone)
        if text == theirs:
            assert "ann@lab" in caught.value.message
    assert not (phone.root / "pwned").exists()


def test_an_age_that_the_device_cannot_tell_is_none(driver, phone):
    leave_mark(phone, 10, theirs())
    (phone.root / "system/bin/stat").unlink()
    with pytest.raises(errors.DeviceBusy), driver.lease():
        pass


def test_inside_a_lease_of_the_thread_nothing_more_is_taken(driver, phone):
    with driver.lease():
        with driver.lease():
            pass
        assert marked(phone)
        driver.clean()
        assert marked(phone)
    assert not marked(phone)


def test_another_thread_has_to_wait(driver):
    caught: list[BaseException] = []

    def take() -> None:
        try:
            with driver.lease():
                pass
        except errors.DeviceBusy as error:
            caught.append(error)

    with driver.lease():
        thread = threading.Thread(target=take)
        thread.start()
        thread.join()
    assert len(caught) == 1 and caught[0].pid == os.getpid()


def test_clean_does_not_clean_under_another(driver, phone, other, model):
    driver.push(model)
    process = other()
    held(process)
    with pytest.raises(errors.DeviceBusy):
        driver.clean()
    assert list((phone.root / "data/local/tmp/mslite-pipeline/objects").iterdir())


def test_a_lease_of_a_device_that_went_keeps_the_first_error(driver, phone):
    with pytest.raises(errors.DeviceUnknown), driver.lease():
        phone.set_fault(Fault(FaultKind.VANISH, times=None))
        driver.run("true", deadline_s=5)
    phone.clear_faults()
    assert marked(phone)
    with driver.lease():
        pass
    assert not marked(phone)


@pytest.mark.parametrize("place", ["lease", "workdir"])
def test_a_mark_that_cannot_be_made(driver, phone, place):
    folder = phone.root / "data/local/tmp/mslite-pipeline"
    if place == "lease":
        folder.mkdir()
        (folder / "lease").touch()
    else:
        folder.touch()
    with pytest.raises(errors.RemoteCommandFailed), driver.lease():
        pass


def test_it_is_renewed_and_only_while_it_is_ours(driver, phone, monkeypatch):
    monkeypatch.setattr(lease, "_RENEWAL_S", 0.05)
    owner = phone.root / MARKER / "owner"
    with driver.lease():
        os.utime(owner, (1, 1))
        until = time.monotonic() + 10
        while owner.stat().st_mtime == 1 and time.monotonic() < until:
            time.sleep(0.02)
        assert owner.stat().st_mtime > 1
        owner.write_text(theirs())
    assert marked(phone)
    assert threading.active_count() == 1 or not any(
        thread.name.startswith("lease of") for thread in threading.enumerate()
    )


def test_of_many_at_once_one_has_it(driver, phone):
    """Also while the lock's file goes and comes."""
    inside: list[int] = []
    most: list[int] = []

    def work() -> None:
        for _ in range(12):
            with suppress(errors.DeviceBusy), lease._locked("K", path, Holder.current()):
                inside.append(1)
                most.append(len(inside))
                time.sleep(0.001)
                inside.pop()

    path = cache_root() / "leases" / "x.lock"
    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(most) == {1}
    assert list(path.parent.iterdir()) == []


def test_servers_and_keys_have_locks_of_their_own(client):
    def path(client: HdcClient, key: str) -> Path:
        return lease.lock_path(Remote(client, key, "/data/x"))

    other = replace(client, server="10.0.0.9:8710")
    port = replace(client, env={"OHOS_HDC_SERVER_PORT": "8711"})
    keys = ("A", "B", "a/b", "a_b", "10.0.0.2:5555")
    paths = {path(one, key) for one in (client, other, port) for key in keys}
    assert len(paths) == 3 * len(keys)
    assert path(client, "A") == path(replace(client), "A")


records = st.recursive(
    st.one_of(st.none(), st.integers(), st.floats(), st.text()),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)),
)


@given(st.one_of(st.text(), records.map(json.dumps)))
def test_no_text_breaks_the_reader(text):
    found = holder.read(text)
    assert found is None or found.who.isprintable()


def test_a_record_is_read_back():
    current = Holder.current()
    assert holder.read(current.as_text()) == current
    assert holder.read(current.as_text() + "\n") == current
    strange = json.dumps({**json.loads(current.as_text()), "user": "a\nb\x1b[31m"})
    assert holder.read(strange).who.isprintable()
    assert holder.read(json.dumps({**json.loads(current.as_text()), "pid": True})) is None


def test_the_lease_of_one_device_leaves_others_free(driver, home, client):
    from device.emulator import EmulatedSpec, create

    create(home, EmulatedSpec(key="SECOND"))
    with driver.lease(), HdcDevice(client, "SECOND").lease():
        pass


def test_who_holds_it_is_told_while_it_is_held(driver):
    assert driver.holder() is None
    with driver.lease():
        held = driver.holder()
        assert held is not None and held.pid == os.getpid() and held.is_here
    assert driver.holder() is None
