"""A device, or an hdc, that means harm: nothing is executed, nothing fills up, nothing hangs."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from device import errors
from device.emulator import EmulatedSpec, create
from device.hdc.client import HdcClient
from device.hdc.device import HdcDevice
from device.hdc.patience import Patience
from device.hdc.remote import Deadlines
from device.targets import list_targets
from pipeline.core.errors import DeviceError

NASTY = "a;touch${IFS}pwned;$(touch${IFS}pwned)`touch${IFS}pwned`'&|>pwned"
PATIENCE = Patience(call_s=10, pauses_s=(0.01,))
DEADLINES = Deadlines(ask_s=10, tidy_s=2, transfer_s=10)

#: An hdc of the enemy's. It knows the nonce of each call, for the command tells it.
EVIL = r"""
import os, re, sys
words = [word for word in sys.argv[1:]]
command = words[-1]
nonce = re.search(r"mslp-''(\w+)-begin", command)
def out(data):
    os.write(1, data if isinstance(data, bytes) else data.encode())
def answer(data, code=0):
    out(f"mslp-{nonce[1]}-begin\n")
    out(data)
    out(f"\nmslp-{nonce[1]}-end:{code}\n")
"""


@pytest.fixture
def evil(tmp_path: Path) -> Callable[[str], HdcDevice]:
    """A driver on top of such an hdc; the argument is the rest of its program."""

    def device(behaviour: str) -> HdcDevice:
        script = tmp_path / "evil.py"
        script.write_text(EVIL + behaviour)
        client = HdcClient((sys.executable, "-I", "-S", str(script)), patience=PATIENCE)
        return HdcDevice(client, "K", deadlines=DEADLINES)

    return device


ENDLESS = {
    "before the mark": "while True: out(b'x' * 65536)",
    "lines": "out(f'mslp-{nonce[1]}-begin\\n')\nwhile True: out(b'x\\n' * 30000)",
    "one line": "out(f'mslp-{nonce[1]}-begin\\n')\nwhile True: out(b'x' * 65536)",
    "escapes": "while True: out(b'\\x1b[2J\\x00\\r' * 9000)",
}


@pytest.mark.parametrize("behaviour", ENDLESS.values(), ids=ENDLESS)
def test_endless_output_is_ended(evil, behaviour, capfd):
    device = evil(behaviour)
    started = time.monotonic()
    with pytest.raises(errors.OutputTooLong) as caught:
        device.facts()
    assert time.monotonic() - started < 10
    assert str(caught.value).isprintable() and caught.value.hint.isprintable()


def test_endless_output_of_a_run_reaches_its_listener_in_pieces(evil):
    longest = 0

    def line(text: str) -> None:
        nonlocal longest
        longest = max(longest, len(text))

    device = evil(ENDLESS["one line"])
    with pytest.raises(DeviceError):
        device.run("true", deadline_s=10, on_line=line, silence_s=5)
    assert 0 < longest < 4 << 20


def test_names_with_control_characters_are_no_devices(evil):
    device = evil(
        "out('K\\x1b[31m\\t\\tUSB\\tConnected\\tx\\thdc\\nK\\x07\\t\\tUSB\\tConnected\\tx\\thdc\\n"
        "\\u202eK\\t\\tUSB\\tConnected\\tx\\thdc\\n' + 'K' * 9999 + '\\t\\tUSB\\tConnected\\tx\\n"
        "GOOD\\t\\tUSB\\tConnected\\tx\\thdc\\n')"
    )
    assert [one.key for one in list_targets(device.client)] == ["GOOD"]


def test_escapes_in_facts_and_messages_are_taken_out(evil):
    facts = evil(
        "mark = re.search(r'mslp-[0-9a-f]{12}', command)[0]\n"
        "answer(f'{mark} model\\n\\x1b]0;pwned\\x07\\x1b[2Jphone\\u202e\\n{mark} build\\n' "
        "+ 'b' * 9999)"
    ).facts()
    assert facts.summary.isprintable() and "phone" in facts.summary
    assert facts.build is not None and len(facts.build) <= 200
    with pytest.raises(DeviceError) as caught:
        evil("out('[Fail]\\x1b[2J\\x07 no\\r\\n')").run("true", deadline_s=5)
    assert str(caught.value).isprintable()


HASH = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
PULLS = {
    "an absurd size": (
        f"answer('{HASH} 999999999999999999')",
        errors.PullFailed,
    ),
    "a size that is none": (f"answer('{HASH} -1')", errors.PullFailed),
    "more than it said": (
        (
            f"if nonce: answer('{HASH} 10')\n"
            "else:\n"
            "    with open(command, 'wb') as stream:\n"
            "        while True: stream.write(b'x' * 65536)"
        ),
        errors.PullFailed,
    ),
    "a link instead of a file": (
        (
            f"if nonce: answer('{HASH} 0')\n"
            "else:\n"
            "    os.unlink(command); os.symlink('/etc/passwd', command)\n"
            "    out('FileTransfer finish, Size:0, File count = 1, time:1ms rate:1.00kB/s\\n')"
        ),
        errors.PullFailed,
    ),
    "another content": (
        (
            f"if nonce: answer('{HASH} 3')\n"
            "else:\n"
            "    open(command, 'wb').write(b'abc')\n"
            "    out('FileTransfer finish, Size:3, File count = 1, time:1ms rate:1.00kB/s\\n')"
        ),
        errors.PullFailed,
    ),
}


@pytest.mark.parametrize(("behaviour", "error"), PULLS.values(), ids=PULLS)
def test_a_pull_brings_what_was_said_or_nothing(evil, tmp_path, behaviour, error):
    folder = tmp_path / "here"
    started = time.monotonic()
    with pytest.raises(error):
        evil(behaviour).pull("/data/x", folder / "x")
    assert time.monotonic() - started < 10
    assert not folder.exists() or list(folder.iterdir()) == []


def test_a_pulled_path_that_climbs_stays_where_it_was_asked_to(driver, phone, tmp_path):
    (phone.root / "data/up").write_bytes(b"x")
    with suppress(DeviceError):
        driver.pull("/data/../../../../../../../../etc/passwd", tmp_path / "inner" / "up")
    driver.pull("/data/local/../up", tmp_path / "inner" / "up")
    assert [path.name for path in (tmp_path / "inner").iterdir()] == ["up"]


# shell characters -------------------------------------------------------------------------


@pytest.fixture
def unharmed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], bool]:
    """Whether nothing called ``pwned`` is anywhere below the test's folder."""
    monkeypatch.chdir(tmp_path)
    return lambda folder: not [path for path in folder.rglob("*") if path.name.endswith("pwned")]


def test_a_serial_number_is_no_command(home, unharmed, tmp_path):
    emulated = create(home, EmulatedSpec(key=NASTY))
    client = HdcClient((*_hdc(home),), patience=PATIENCE)
    device = HdcDevice(client, NASTY, deadlines=DEADLINES)
    assert [one.key for one in list_targets(client)] == [NASTY]
    source = tmp_path / "x.bin"
    source.write_bytes(b"x")
    with device.lease(), device.scratch():
        assert device.facts().key == NASTY
        path = device.push(source).path
    device.pull(path, tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == b"x"
    assert unharmed(tmp_path) and emulated.root.is_dir()


@pytest.mark.parametrize("together", [False, True])
def test_a_file_name_is_no_command(driver, tmp_path, unharmed, together):
    sources = [tmp_path / f"{NASTY}{number}.ms" for number in range(3)]
    for number, source in enumerate(sources):
        source.write_bytes(bytes([number]))
    pushed = driver.push_all(sources) if together else [driver.push(one) for one in sources]
    for number, one in enumerate(pushed):
        driver.pull(one.path, tmp_path / "back")
        assert (tmp_path / "back").read_bytes() == bytes([number])
    assert unharmed(tmp_path)


def test_a_remote_path_is_no_command(driver, phone, tmp_path, unharmed):
    name = NASTY.replace(">pwned", "")
    (phone.root / "data" / name).write_bytes(b"x")
    driver.pull(f"/data/{name}", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == b"x"
    assert unharmed(tmp_path)


def test_parameters_of_a_device_are_no_commands(home, client, tmp_path, unharmed):
    create(home, EmulatedSpec(key="K", model=NASTY, build=NASTY, parameters={"const.x": NASTY}))
    facts = HdcDevice(client, "K", deadlines=DEADLINES).facts()
    assert (facts.model, facts.build) == (NASTY, NASTY)
    assert unharmed(tmp_path)


def _hdc(home: Path) -> tuple[str, ...]:
    from device.emulator import hdc_command

    return hdc_command(home)
