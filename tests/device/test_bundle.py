"""Many small files in one transfer."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from device import errors
from device.emulator import EmulatedSpec, Fault, FaultKind, create
from device.hdc import bundle
from device.hdc.device import HdcDevice
from pipeline.core.errors import FileMissing

K = FaultKind
SIZES = [0, 1, 511, 512, 513, 1024, 70_000]


@pytest.fixture
def files(tmp_path):
    def make(count: int = len(SIZES)) -> list[Path]:
        made = []
        for index in range(count):
            path = tmp_path / f"input {index}'s.bin"
            size = SIZES[index % len(SIZES)]
            path.write_bytes((f"{index}:".encode() + bytes(range(256)) * (size // 256 + 1))[:size])
            made.append(path)
        return made

    return make


@pytest.fixture
def sends(client, tmp_path, driver):
    """The driver, and the number of transfers so far."""
    log = tmp_path / "log"
    log.touch()
    script = tmp_path / "counting"
    words = " ".join(client.command)
    script.write_text(f'#!/bin/sh\necho "$3 $4" >>{log}\nexec {words} "$@"\n')
    script.chmod(0o755)
    counting = type(client)((str(script),), patience=client.patience)
    device = HdcDevice(counting, driver.key, deadlines=driver.deadlines)
    return device, lambda: log.read_text().count("file send")


def whole(phone, sources, pushed) -> None:
    for source, one in zip(sources, pushed, strict=True):
        assert one.sha256 == hashlib.sha256(source.read_bytes()).hexdigest()
        there = phone.root / one.path[1:]
        assert there.read_bytes() == source.read_bytes()
        assert there.stat().st_mode & 0o777 == 0o644


def test_they_go_together_and_once(sends, phone, files, ours):
    device, count = sends
    sources = files(40)
    pushed = device.push_all(sources)
    whole(phone, sources, pushed)
    assert count() == 1
    assert all(one.sent_bytes == one.size_bytes for one in pushed)
    again = device.push_all(sources)
    assert [one.path for one in again] == [one.path for one in pushed]
    assert all(one.sent_bytes == 0 for one in again) and count() == 1
    assert {path.split("/")[0] for path in ours()} == {"objects"}


def test_only_what_is_missing_or_damaged_goes(sends, phone, files):
    device, count = sends
    sources = files()
    first = device.push_all(sources[:4])
    (phone.root / first[2].path[1:]).write_bytes(b"damaged")
    pushed = device.push_all(sources)
    whole(phone, sources, pushed)
    sent = [source for source, one in zip(sources, pushed, strict=True) if one.sent_bytes]
    assert sent == [sources[2], *sources[4:]] and count() == 2


def test_it_is_the_same_as_one_by_one(driver, phone, files):
    sources = files()
    together = driver.push_all(sources)
    alone = [driver.push(source) for source in sources]
    assert [one.path for one in together] == [one.path for one in alone]
    assert all(one.sent_bytes == 0 for one in alone)


def test_a_device_without_tar(driver, phone, files, ours):
    (phone.root / "system/bin/tar").unlink()
    sources = files()
    whole(phone, sources, driver.push_all(sources))
    assert {path.split("/")[0] for path in ours()} == {"objects"}


def test_large_ones_go_alone_and_equal_ones_once(sends, phone, files, tmp_path, monkeypatch):
    monkeypatch.setattr(bundle, "SMALL_BYTES", 2000)
    device, count = sends
    small = files(6)
    large = tmp_path / "large"
    large.write_bytes(bytes(3000))
    sources = [*small[:3], large, *small[3:], small[0]]
    whole(phone, sources, device.push_all(sources))
    assert count() == 2


def test_more_than_one_archive(sends, phone, files, monkeypatch):
    monkeypatch.setattr(bundle, "_MOST", 4)
    device, count = sends
    sources = files(9)
    whole(phone, sources, device.push_all(sources))
    assert count() == 3


def test_the_largest_bundle_is_a_command_that_hdc_carries(driver, phone, tmp_path):
    sources = []
    for index in range(bundle._MOST):
        sources.append(tmp_path / f"{index:080}")
        sources[-1].write_bytes(str(index).encode())
    whole(phone, sources, driver.push_all(sources))


def test_nothing_and_what_is_not_there(driver, phone, tmp_path):
    assert driver.push_all([]) == ()
    with pytest.raises(FileMissing):
        driver.push_all([tmp_path / "none"])


PASSING = [
    Fault(K.CUT_PUSH, after_bytes=3000),
    Fault(K.CORRUPT_PUSH, times=2, after_bytes=1024),
    Fault(K.CORRUPT_PUSH, times=None),  # only a name in the archive: cut out of it instead
    Fault(K.CUT_SHELL, containing="mkdir -p"),
    Fault(K.CUT_SHELL, containing="tar -xf"),
    Fault(K.CUT_SHELL, containing="tar -xf", after_lines=1),
    Fault(K.OFFLINE, after_calls=1),
    Fault(K.ESTABLISHING, times=2),
]


@pytest.mark.parametrize("fault", PASSING, ids=lambda fault: f"{fault.kind.value}")
def test_recovers_from(driver, phone, files, ours, fault):
    phone.set_fault(fault)
    sources = files()
    whole(phone, sources, driver.push_all(sources))
    assert len(ours()) == len(sources)


LASTING = [
    (Fault(K.CUT_PUSH, times=None, after_bytes=10), errors.ConnectionLost, "small files"),
    (Fault(K.CORRUPT_PUSH, times=None, after_bytes=1024), errors.PushFailed, "damaged 3 times"),
    (Fault(K.DISK_FULL, after_bytes=600), errors.RemoteDiskFull, "small files"),
    (Fault(K.VANISH, times=None, after_calls=1), errors.DeviceUnknown, "not connected"),
    (Fault(K.UNAUTHORIZED, times=None, after_calls=1), errors.DeviceUnauthorized, "unauthorized"),
]


@pytest.mark.parametrize(("fault", "kind", "text"), LASTING, ids=lambda value: str(value)[:30])
def test_or_ends_clean(driver, phone, files, ours, fault, kind, text):
    phone.set_fault(fault)
    with pytest.raises(kind, match=text):
        driver.push_all(files())
    phone.clear_faults()
    assert [path for path in ours() if path.startswith("objects/")] == []
    assert driver.push_all(files())[1].sent_bytes == 1
    assert {path.split("/")[0] for path in ours()} == {"objects"}


def test_no_room_to_unpack(home, client, files):
    """The archive fits, and what is in it does not: known only where a device has a quota."""
    small = create(home, EmulatedSpec(key="SMALL", storage_bytes=20_000))
    device = HdcDevice(client, "SMALL")
    with pytest.raises(errors.RemoteDiskFull):
        device.push_all(files())
    left = [path for path in (small.root / "data").rglob("*") if path.is_file()]
    assert left == []
