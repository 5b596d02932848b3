"""A deployment against connected devices, good and bad, through the hdc command line.

The devices are emulated, but found as a phone is: by hdc, its list and their facts.
"""

from __future__ import annotations

import os
import shlex
import signal
import stat
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from device.emulator import EmulatedDevice, EmulatedSpec, Fault, FaultKind, create, hdc_command
from device.runner import SOURCES
from pipeline.core.events import Silent
from pipeline.toolchain.toolchain import resolve
from tests.e2e.conftest import DIGITS, PHONE, ROOT, Called, Cli, environment

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Lab:
    """Some devices behind one hdc."""

    home: Path
    hdc: Path
    runtime: Path

    def phone(self, key: str = "PHONE1", **more: object) -> EmulatedDevice:
        spec = EmulatedSpec(key=key, runtime_library=self.runtime, **more)  # type: ignore[arg-type]
        return create(self.home, spec)


@pytest.fixture
def lab(toolchain: None, tmp_path: Path) -> Lab:
    home = tmp_path / "lab"
    home.mkdir()
    hdc = tmp_path / "hdc"
    hdc.write_text(f'#!/bin/sh\nexec {shlex.join(hdc_command(home))} "$@"\n')
    hdc.chmod(hdc.stat().st_mode | stat.S_IXUSR)
    return Lab(home, hdc, resolve(None, SOURCES, Silent()).runtime)


def deploy(cli: Cli, lab: Lab, *more: str) -> Called:
    chosen = ("--hdc", lab.hdc, "-r", "fp32", "-r", "weight-8", *PHONE)
    return cli("deploy", DIGITS, *chosen, "--json", *more)


def left_on(phone: EmulatedDevice) -> set[str]:
    """Folders of the pipeline on the device that still hold a file."""
    home = phone.root / "data/local/tmp/mslite-pipeline"
    return {path.relative_to(home).parts[0] for path in home.rglob("*") if path.is_file()}


def running(lab: Lab) -> list[str]:
    """Programs that still run on the lab's devices."""
    return list(programs(lab).values())


def programs(lab: Lab) -> dict[int, str]:
    """The same by their process numbers."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                line = (entry / "cmdline").read_bytes().decode(errors="replace")
            except OSError:
                continue
            if str(lab.home) in line:
                found[int(entry.name)] = line
    return found


def test_the_connected_device_that_fits_is_used(copy: Cli, lab: Lab) -> None:
    lab.phone()
    lab.phone("WATCH1", device_type="wearable")
    done = deploy(copy, lab)
    assert done.code == 0, done.err
    assert done.json["device"]["key"] == "PHONE1"


def test_several_that_fit_are_listed_with_the_option_that_chooses(copy: Cli, lab: Lab) -> None:
    lab.phone("PHONE1")
    lab.phone("PHONE2")
    done = deploy(copy, lab)
    assert done.code == 3
    assert "PHONE1" in done.err
    assert "PHONE2" in done.err
    assert "--target" in done.err
    chosen = deploy(copy, lab, "--target", "PHONE2")
    assert chosen.code == 0, chosen.err
    assert chosen.json["device"]["key"] == "PHONE2"


@pytest.mark.parametrize(
    ("state", "told"), [("Unauthorized", "unauthorized"), ("Offline", "offline")]
)
def test_a_device_that_cannot_be_used(copy: Cli, lab: Lab, state: str, told: str) -> None:
    lab.phone().set_state(state)
    named = deploy(copy, lab, "--target", "PHONE1")
    assert named.code == 3
    assert told in named.err.lower()
    found = deploy(copy, lab, "--no-emulate")
    assert found.code == 3
    assert told in found.err.lower()


def test_no_device_and_emulation_allowed_says_what_it_uses(copy: Cli, lab: Lab) -> None:
    done = deploy(copy, lab)
    assert done.code == 0, done.err
    assert done.json["emulated"] is True
    assert "warning" in done.err
    assert "EMULATED" in done.err


def test_no_device_and_emulation_forbidden(copy: Cli, lab: Lab) -> None:
    assert deploy(copy, lab, "--no-emulate").code == 3


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_one_pipeline_at_a_time_measures_on_a_device(
    copy: Cli, lab: Lab, number: signal.Signals
) -> None:
    phone = lab.phone()
    phone.set_fault(Fault(FaultKind.FREEZE, containing="--modelFile"))
    call = ("benchmark", "--hdc", lab.hdc, "--no-emulate", *PHONE)
    first = subprocess.Popen(
        copy.command(*call),
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until = time.monotonic() + 120
    while phone.faults and time.monotonic() < until:
        time.sleep(0.1)
    assert phone.faults == [] and first.poll() is None
    refused = copy(*call, "--json")
    assert refused.code == 3 and refused.json["error"] == "DeviceBusy"
    assert str(first.pid) in refused.err and "wait until it ends" in refused.err
    first.send_signal(number)
    assert first.wait(60) == (-9 if number is signal.SIGKILL else 130)
    again = copy(*call, "--json")
    assert again.code == 0, again.err
    assert left_on(phone) == {"objects"}
    for frozen in programs(lab):  # a client that nothing ends once its parent was killed
        assert number is signal.SIGKILL
        os.kill(frozen, signal.SIGKILL)


PASSING = [
    ("a push that is cut once", Fault(FaultKind.CUT_PUSH, after_bytes=5000)),
    ("a push that arrives damaged once", Fault(FaultKind.CORRUPT_PUSH)),
    ("a pull that is cut once", Fault(FaultKind.CUT_PULL, after_bytes=100)),
    ("a channel that is not yet there", Fault(FaultKind.ESTABLISHING, times=2)),
    ("a question that is cut", Fault(FaultKind.CUT_SHELL, containing="param get")),
]


@pytest.mark.parametrize("fault", [c[1] for c in PASSING], ids=[c[0] for c in PASSING])
def test_recovers_from(copy: Cli, lab: Lab, fault: Fault) -> None:
    phone = lab.phone()
    phone.set_fault(fault)
    done = deploy(copy, lab, "--no-emulate")
    assert done.code == 0, done.err
    assert left_on(phone) == {"objects"}


LASTING = [
    ("a push that is always cut", Fault(FaultKind.CUT_PUSH, times=None, after_bytes=5000)),
    ("a push that always arrives damaged", Fault(FaultKind.CORRUPT_PUSH, times=None)),
    ("a full disk", Fault(FaultKind.DISK_FULL, times=None, after_bytes=4000)),
    ("a run that is cut", Fault(FaultKind.CUT_SHELL, times=None, containing="--modelFile")),
    ("a device that goes during the push", Fault(FaultKind.VANISH, times=None, after_calls=12)),
    ("a device that goes during the run", Fault(FaultKind.VANISH, times=None, after_calls=30)),
]


@pytest.mark.parametrize("fault", [c[1] for c in LASTING], ids=[c[0] for c in LASTING])
def test_ends_with_a_device_error_and_the_next_call_succeeds(
    copy: Cli, lab: Lab, fault: Fault
) -> None:
    phone = lab.phone()
    phone.set_fault(fault)
    done = deploy(copy, lab, "--no-emulate")
    assert done.code == 3, done.err
    assert done.json["status"] == "failed"
    assert done.err.splitlines()[-1].startswith("hint: ")
    assert running(lab) == []
    phone.clear_faults()
    phone.set_state("Connected")
    again = deploy(copy, lab, "--no-emulate")
    assert again.code == 0, again.err
    assert left_on(phone) == {"objects"}
