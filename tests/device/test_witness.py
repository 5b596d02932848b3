"""A large file is hashed by the device while it arrives; without the witness it arrives as well."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from device import errors
from device.emulator import EmulatedSpec, Fault, FaultKind, create
from device.hdc.device import HdcDevice
from device.hdc.remote import Deadlines
from pipeline.core.errors import LocalFileError

LARGE = 20 << 20
K = FaultKind


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "large model.ms"
    path.write_bytes(bytes(range(256)) * (LARGE // 256) + b"the end, no whole block")
    return path


def witnesses() -> list[str]:
    return [one.name for one in threading.enumerate() if one.name.startswith("witness")]


def commands(phone) -> int:
    """How many calls a fault that never strikes has seen."""
    return 10_000 - int(phone.faults[-1]["after_calls"])


@pytest.fixture
def slow(client, home) -> HdcDevice:
    """A device behind a link of 30 MB a second, as USB 2 is."""
    create(home, EmulatedSpec(key="SLOW", link_bytes_per_s=30e6))
    return HdcDevice(client, "SLOW", deadlines=Deadlines(ask_s=5, tidy_s=2, transfer_s=20))


def test_it_arrives_whole_without_a_hash_afterwards(slow, home, large):
    phone = create(home, EmulatedSpec(key="SLOW", link_bytes_per_s=30e6))
    phone.set_fault(Fault(K.FREEZE, times=None, after_calls=10_000))
    told: list[tuple[int, int]] = []
    pushed = slow.push(large, on_progress=lambda done, total: told.append((done, total)))
    size = large.stat().st_size
    assert told[0] == (0, size) and told[-1] == (size, size) and len(told) > 4
    assert told == sorted(told)
    # What it has, the transfer, and the witness beside it.
    assert commands(phone) == 3
    there = phone.root / pushed.path[1:]
    assert there.read_bytes() == large.read_bytes()
    assert there.stat().st_mode & 0o777 == 0o644
    assert slow.push(large).sent_bytes == 0
    assert witnesses() == []


@pytest.mark.parametrize(
    "fault",
    [
        Fault(K.CUT_SHELL, containing="while"),
        Fault(K.CUT_SHELL, containing="while", after_lines=1),
        Fault(K.FREEZE, containing="while"),
        Fault(K.CORRUPT_PUSH, after_bytes=5),
        Fault(K.CUT_PUSH, after_bytes=LARGE // 2),
        Fault(K.OFFLINE, containing="while"),
    ],
    ids=["cut", "cut within", "frozen", "corrupt", "push cut", "offline"],
)
def test_a_witness_that_fails_does_not_fail_the_push(
    driver, phone, large, ours, fault, monkeypatch
):
    monkeypatch.setattr(Deadlines, "hashing", lambda self, size: 1.0)
    phone.set_fault(fault)
    assert driver.push(large).sent_bytes == large.stat().st_size
    assert len(ours()) == 1 and witnesses() == []
    assert (phone.root / "data/local/tmp/mslite-pipeline" / ours()[0]).stat().st_size > LARGE


def test_a_push_that_fails_does_not_wait_for_its_witness(driver, phone, large, ours):
    phone.set_fault(Fault(K.DISK_FULL, times=None, after_bytes=1 << 20))
    started = time.monotonic()
    with pytest.raises(errors.RemoteDiskFull):
        driver.push(large)
    assert time.monotonic() - started < 4
    assert ours() == [] and witnesses() == []


@pytest.mark.parametrize("at", [0, LARGE // 2, LARGE], ids=["beginning", "middle", "end"])
def test_what_is_there_is_told_from_what_only_looks_like_it(driver, large, ours, tmp_path, at):
    assert driver.push(large).sent_bytes
    same = tmp_path / "other" / large.name
    same.parent.mkdir()
    same.write_bytes(large.read_bytes())
    assert driver.push(same).sent_bytes == 0
    with same.open("r+b") as stream:
        stream.seek(at)
        stream.write(b"changed")
    assert driver.push(same).sent_bytes == same.stat().st_size
    assert len(ours()) == 2


def test_a_file_that_cannot_be_read_is_told(driver, large, monkeypatch, ours):
    def refuse(path: Path) -> str:
        raise LocalFileError(path, "Input/output error")

    monkeypatch.setattr("device.hdc.parcel.sha256_file", refuse)
    with pytest.raises(LocalFileError):
        driver.push(large)
    assert ours() == [] and witnesses() == []
