"""Every step of the driver under every fault.

Each case recovers by itself, or ends in bounded time with the error of its cause; it leaves no
process and no lock; and once the fault is gone the same step succeeds and leaves nothing but
pushed files.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from device import errors
from device.device import DEFAULT_WORKDIR
from device.emulator import (
    EmulatedDevice,
    EmulatedSpec,
    Fault,
    FaultKind,
    create,
    hdc_command,
    set_server,
)
from device.hdc.client import HdcClient
from device.hdc.device import HdcDevice
from device.hdc.patience import Patience
from device.hdc.remote import Deadlines
from pipeline.core.errors import DeviceError

K = FaultKind
ALWAYS = None
RECOVERS = None
SERIAL, ADDRESS = "SERIAL", "10.0.0.9:5555"
#: No case may take longer, on a busy machine too.
BOUND_S = 15.0


@dataclass(frozen=True)
class Lab:
    """Two devices behind one server, used by all cases one after another."""

    home: Path
    phone: EmulatedDevice
    watch: EmulatedDevice
    files: Path

    def device(self, key: str, *, hasty: bool) -> HdcDevice:
        patience = Patience(call_s=10, channel_s=0.5, pauses_s=(0.01, 0.02))
        deadlines = Deadlines(ask_s=10, tidy_s=5, transfer_s=10)
        if hasty:
            deadlines = Deadlines(0.5, 0.4, 0.5, slowest_hash=1e12)
        return HdcDevice(HdcClient(hdc_command(self.home), patience=patience), key, "USB",
                         deadlines=deadlines)  # fmt: skip

    def heal(self) -> None:
        set_server(self.home)
        for one in (self.phone, self.watch):
            one.clear_faults()
            one.set_state("Connected")

    def reset(self) -> None:
        self.heal()
        for one in (self.phone, self.watch):
            shutil.rmtree(ours(one), ignore_errors=True)


def ours(device: EmulatedDevice) -> Path:
    return device.root / DEFAULT_WORKDIR[1:]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    home = tmp_path_factory.mktemp("matrix")
    files = home / "files"
    files.mkdir()
    (files / "model.ms").write_bytes(bytes(range(256)) * 40)
    for index in range(3):
        (files / f"{index}.bin").write_bytes(bytes([index]) * 2000)
    phone = create(home, EmulatedSpec(key=SERIAL))
    watch = create(home, EmulatedSpec(key=ADDRESS, connection="TCP"))
    for one in (phone, watch):
        (one.root / "data/result").write_bytes(b"0123456789" * 100)
    return Lab(home, phone, watch, files)


@pytest.fixture
def lab(made: Lab, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    monkeypatch.setenv("PIPELINE_CACHE", str(made.home / "cache"))
    made.reset()
    yield made
    made.heal()


# steps ------------------------------------------------------------------------------------


def facts(device: HdcDevice, lab: Lab) -> None:
    assert device.facts().key == device.key


def telemetry(device: HdcDevice, lab: Lab) -> None:
    assert device.telemetry().battery_percent == 80


def push(device: HdcDevice, lab: Lab) -> None:
    assert device.push(lab.files / "model.ms").size_bytes == 10_240


def push_witnessed(device: HdcDevice, lab: Lab) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("device.hdc.witness.LARGE_BYTES", 1)
        push(device, lab)


def push_all(device: HdcDevice, lab: Lab) -> None:
    assert len(device.push_all(sorted(lab.files.glob("*.bin")))) == 3


def run(device: HdcDevice, lab: Lab) -> None:
    assert device.run("echo a; echo b", deadline_s=device.deadlines.ask_s).text == "a\nb\n"


def watched_run(device: HdcDevice, lab: Lab) -> None:
    seen: list[str] = []
    done = device.run(
        "echo a; echo b", deadline_s=device.deadlines.ask_s, on_line=seen.append, silence_s=20
    )
    assert (done.code, seen) == (0, ["a", "b"])


def pull(device: HdcDevice, lab: Lab) -> None:
    target = lab.home / "pulled" / "result"
    target.unlink(missing_ok=True)
    try:
        device.pull("/data/result", target)
    except DeviceError:
        assert list(target.parent.iterdir()) == []
        raise
    assert target.read_bytes() == b"0123456789" * 100


def scratch(device: HdcDevice, lab: Lab) -> None:
    with device.scratch() as folder:
        assert folder.startswith(device.workdir)


def lease(device: HdcDevice, lab: Lab) -> None:
    with device.lease():
        pass


def clean(device: HdcDevice, lab: Lab) -> None:
    device.clean()


Step = Callable[[HdcDevice, Lab], None]
STEPS: tuple[Step, ...] = (
    facts, telemetry, push, push_all, run, watched_run, pull, scratch, lease, clean,
)  # fmt: skip
PUSHES, PULLS = (push, push_witnessed, push_all), (pull,)
#: What may have been half done is not done again.
ONCE = (run, watched_run)


# faults -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Trouble:
    """A fault, how it ends (None: it is survived), and where it ends otherwise or is no fault."""

    name: str
    plant: Callable[[Lab], None]
    ends: type[DeviceError] | None
    once: type[DeviceError] | None = None
    steps: tuple[Step, ...] = STEPS
    key: str = SERIAL
    hasty: bool = False

    def expected(self, step: Step) -> type[DeviceError] | None:
        return self.once if step in ONCE and self.once else self.ends


def fault(*faults: Fault) -> Callable[[Lab], None]:
    return lambda lab: (lab.phone.set_fault(*faults), lab.watch.set_fault(*faults))[0]


def state(name: str, *, unreachable: bool = False) -> Callable[[Lab], None]:
    return lambda lab: lab.watch.set_state(name, unreachable=unreachable)


TROUBLES = (
    Trouble("the channel comes up", fault(Fault(K.ESTABLISHING)), RECOVERS),
    Trouble("no channel", fault(Fault(K.ESTABLISHING, ALWAYS)), errors.DeviceConnecting),
    Trouble("gone", fault(Fault(K.VANISH, ALWAYS)), errors.DeviceUnknown),
    Trouble("offline", fault(Fault(K.OFFLINE, ALWAYS)), errors.DeviceOffline),
    Trouble("offline once", fault(Fault(K.OFFLINE)), RECOVERS, once=errors.DeviceOffline),
    Trouble("unauthorized", fault(Fault(K.UNAUTHORIZED, ALWAYS)), errors.DeviceUnauthorized),
    Trouble("refused", fault(Fault(K.REFUSED, ALWAYS)), errors.DeviceUnauthorized),
    Trouble("frozen", fault(Fault(K.FREEZE, ALWAYS)), errors.DeviceTimeout, hasty=True),
    Trouble("no server", lambda lab: set_server(lab.home, unreachable=True, unreachable_s=0.01),
            errors.HdcServerUnreachable),
    Trouble("a server that starts", lambda lab: set_server(lab.home, stopped=True, start_s=0.1),
            RECOVERS),
    Trouble("cut at once, once", fault(Fault(K.CUT_SHELL)), RECOVERS, once=errors.ConnectionLost),
    Trouble("cut at once", fault(Fault(K.CUT_SHELL, ALWAYS)), errors.ConnectionLost),
    Trouble("cut within, once", fault(Fault(K.CUT_SHELL, after_lines=1)), RECOVERS,
            once=errors.ConnectionLost),
    Trouble("cut within", fault(Fault(K.CUT_SHELL, ALWAYS, after_lines=1)), errors.ConnectionLost),
    Trouble("reboot", fault(Fault(K.REBOOT, after_lines=1)), errors.DeviceUnknown,
            once=errors.ConnectionLost),
    Trouble("server killed", lambda lab: (set_server(lab.home, start_s=0.05), fault(
            Fault(K.KILL_SERVER, after_lines=1))(lab))[1], RECOVERS, once=errors.ConnectionLost),
    Trouble("server killed, Wi-Fi", lambda lab: (set_server(lab.home, start_s=0.05), fault(
            Fault(K.KILL_SERVER, after_lines=1))(lab))[1], RECOVERS, once=errors.ConnectionLost,
            key=ADDRESS),
    Trouble("reboot in a push", fault(Fault(K.REBOOT, after_bytes=99, containing="file",
            back_after_calls=0)), RECOVERS, steps=PUSHES),
    Trouble("push cut once", fault(Fault(K.CUT_PUSH, after_bytes=99)), RECOVERS, steps=PUSHES),
    Trouble("push cut", fault(Fault(K.CUT_PUSH, ALWAYS, after_bytes=99)), errors.ConnectionLost,
            steps=PUSHES),
    Trouble("push damaged once", fault(Fault(K.CORRUPT_PUSH, after_bytes=700)), RECOVERS,
            steps=PUSHES),
    Trouble("push damaged", fault(Fault(K.CORRUPT_PUSH, ALWAYS, after_bytes=700)),
            errors.PushFailed, steps=PUSHES),
    Trouble("disk full", fault(Fault(K.DISK_FULL, ALWAYS, after_bytes=50)), errors.RemoteDiskFull,
            steps=PUSHES),
    Trouble("gone in a push", fault(Fault(K.VANISH, ALWAYS, after_calls=1)), errors.DeviceUnknown,
            steps=PUSHES),
    Trouble("frozen in a push", fault(Fault(K.FREEZE, ALWAYS, after_bytes=9, containing="file")),
            errors.DeviceTimeout, steps=PUSHES, hasty=True),
    Trouble("pull cut once", fault(Fault(K.CUT_PULL, after_bytes=99)), RECOVERS, steps=PULLS),
    Trouble("pull cut", fault(Fault(K.CUT_PULL, ALWAYS, after_bytes=99)), errors.ConnectionLost,
            steps=PULLS),
    Trouble("pull damaged once", fault(Fault(K.CORRUPT_PULL)), RECOVERS, steps=PULLS),
    Trouble("pull damaged", fault(Fault(K.CORRUPT_PULL, ALWAYS)), errors.PullFailed, steps=PULLS),
    Trouble("Wi-Fi dropped", state("Offline"), RECOVERS, key=ADDRESS),
    Trouble("Wi-Fi forgotten", state("Absent"), RECOVERS, key=ADDRESS),
    Trouble("Wi-Fi out of reach", state("Offline", unreachable=True), errors.DeviceOffline,
            key=ADDRESS),
    Trouble("Wi-Fi drops at once", fault(Fault(K.CUT_SHELL, then="Offline")), RECOVERS,
            once=errors.ConnectionLost, key=ADDRESS),
    Trouble("Wi-Fi drops within", fault(Fault(K.CUT_SHELL, after_lines=1, then="Absent")), RECOVERS,
            once=errors.ConnectionLost, key=ADDRESS),
    Trouble("Wi-Fi refused", fault(Fault(K.REFUSED, ALWAYS)), errors.DeviceUnauthorized,
            key=ADDRESS),
    Trouble("Wi-Fi drops in a push", fault(Fault(K.CUT_PUSH, after_bytes=9, then="Offline")),
            RECOVERS, steps=PUSHES, key=ADDRESS),
    Trouble("Wi-Fi drops in a pull", fault(Fault(K.CUT_PULL, after_bytes=9, then="Absent")),
            RECOVERS, steps=PULLS, key=ADDRESS),
)  # fmt: skip

CASES = [(trouble, step) for trouble in TROUBLES for step in trouble.steps]


@pytest.mark.parametrize(
    ("trouble", "step"), CASES, ids=[f"{trouble.name}-{step.__name__}" for trouble, step in CASES]
)
def test_matrix(lab: Lab, trouble: Trouble, step: Step) -> None:
    emulated = lab.phone if trouble.key == SERIAL else lab.watch
    device = lab.device(trouble.key, hasty=trouble.hasty)
    trouble.plant(lab)
    wanted = trouble.expected(step)
    started = time.monotonic()
    if wanted is None:
        step(device, lab)
    else:
        with pytest.raises(wanted) as caught:
            step(device, lab)
        assert caught.value.exit_code == 3
        assert caught.value.hint and "\n" not in str(caught.value) + caught.value.hint
    assert time.monotonic() - started < BOUND_S
    assert not [one for one in threading.enumerate() if one.name.startswith("lease of")]
    assert nothing_runs(lab.home)
    if wanted is None:
        assert left(emulated) == pushed(step)
    lab.heal()
    step(lab.device(trouble.key, hasty=False), lab)
    assert left(emulated) == pushed(step)


def left(device: EmulatedDevice) -> set[str]:
    """Where below our folder there are files, and names of passing folders."""
    home = ours(device)
    files = {path.relative_to(home).parts[0] for path in home.rglob("*") if path.is_file()}
    return files | {path.parent.name for path in (*home.glob("runs/*"), *home.glob("incoming/*"))}


def pushed(step: Step) -> set[str]:
    return {"objects"} if step in PUSHES else set()


def nothing_runs(home: Path) -> bool:
    """Whether every process of the stand-in ends within a moment."""
    until = time.monotonic() + 5
    while running(home):
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


def running(home: Path) -> bool:
    needle = str(home).encode()
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if needle in (entry / "cmdline").read_bytes():
                return True
        except OSError:
            continue
    return False


def test_the_matrix_is_as_large_as_it_was_meant_to_be() -> None:
    assert len(CASES) >= 200
