"""The stand-in prints what hdc 3.2.0f was recorded to print, byte by byte, and ends with 0."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from device.emulator import EmulatedSpec, Fault, FaultKind, create, set_server

UNAUTHORIZED = b"[Fail][E000002]:The device unauthorized.\r\n"
REFUSED = b"[Fail][E000003]:The device unauthorized.\r\n"

WITHOUT_DEVICE = [
    (("-v",), b"Ver: 3.2.0f\n"),
    (("version",), b"Ver: 3.2.0f\n"),
    (("checkserver",), b"Client version:Ver: 3.2.0f, server version:Ver: 3.2.0f\n"),
    (("list", "targets"), b"[Empty]\r\n"),
    (("list", "targets", "-v"), b"[Empty]\r\thdc\n"),
    (
        ("shell", "true"),
        b"[Fail]ExecuteCommand need connect-key? please confirm a device by help info\r\n",
    ),
    (
        ("-t", "NOBODY", "shell", "true"),
        b"[Fail]Not match target founded, check connect-key please\r\n",
    ),
    (("tconn", "127.0.0.1:5555"), b"[Fail]Connect failed\r\n"),
    (("tconn", "127.0.0.1"), b"[Fail]CreateConnect failed\r\n"),
    (("tconn", "127.0.0.x:5555"), b"[Fail][E001104]:IP address incorrect\n"),
    (("kill",), b""),
    (("start",), b""),
    (("frobnicate",), b"Unknown operation command...\n"),
]


@pytest.mark.parametrize(("arguments", "expected"), WITHOUT_DEVICE)
def test_without_a_device(hdc, home, arguments, expected):
    done = hdc(*arguments)
    assert (done.stdout, done.stderr, done.returncode) == (expected, b"", 0)


def test_help_goes_to_stderr(hdc):
    done = hdc("-h")
    assert done.stdout == b"" and b"OpenHarmony device connector" in done.stderr
    assert done.returncode == 0


def test_one_and_two_devices_are_listed(hdc, home):
    create(home, EmulatedSpec(key="K1"))
    assert hdc("list", "targets").stdout == b"K1\n"
    create(home, EmulatedSpec(key="10.0.0.2:5555", connection="TCP"))
    assert hdc("list", "targets").stdout == b"10.0.0.2:5555\nK1\n"
    verbose = hdc("list", "targets", "-v").stdout
    assert re.fullmatch(
        rb"10\.0\.0\.2:5555\t\tTCP\tConnected\tlocalhost\thdc\n"
        rb"K1\t\tUSB\tConnected\t[^\t]+\thdc\n",
        verbose,
    )


def test_two_devices_need_a_key(hdc, home):
    for key in ("K1", "K2"):
        create(home, EmulatedSpec(key=key))
    need = b"[Fail]ExecuteCommand need connect-key? please confirm a device by help info\r\n"
    assert hdc("shell", "true").stdout == need
    assert hdc("-t", "", "shell", "true").stdout == need
    assert hdc("-t", "K2", "shell", "param get const.product.model").stdout == b"EMU-PHONE\n"


def test_without_a_key_the_command_goes_to_whichever_device_is_left(hdc, home):
    create(home, EmulatedSpec(key="K1")).set_state("Offline")
    create(home, EmulatedSpec(key="K2", model="other"))
    assert hdc("shell", "param get const.product.model").stdout == b"other\n"
    assert hdc("-t", "", "shell", "param get const.product.model").stdout == b"other\n"


def test_unauthorized_dialog_and_refused(hdc, phone):
    phone.set_state("Unauthorized")
    assert hdc("list", "targets").stdout == b"EMULATED-PHONE\tUnauthorized\n"
    assert b"\tUSB\tUnauthorized\t" in hdc("list", "targets", "-v").stdout
    text = hdc("-t", phone.key, "shell", "true").stdout
    assert text.startswith(UNAUTHORIZED) and text.count(b"\r\n") == 4
    phone.set_state("Unauthorized", refused=True)
    text = hdc("-t", phone.key, "shell", "true").stdout
    assert text.startswith(REFUSED) and text.count(b"\r\n") == 4


def test_offline(hdc, phone):
    phone.set_state("Offline")
    assert hdc("list", "targets").stdout == b"[Empty]\r\n"
    assert b"\tUSB\tOffline\t" in hdc("list", "targets", "-v").stdout
    text = b"[Fail][E001005] Device not found or connected\r\n"
    assert hdc("-t", phone.key, "shell", "true").stdout == text


def test_tconn_connects_repeats_and_survives_a_server_restart(hdc, home):
    watch = create(home, EmulatedSpec(key="10.0.0.2:5555", connection="TCP"))
    set_server(home, start_s=0)
    watch.set_state("Offline")
    assert hdc("tconn", watch.key).stdout == b"Connect OK\r\n"
    again = b"[Info]Target is connected, repeat operation\r\n"
    assert hdc("tconn", watch.key).stdout == again
    hdc("kill")
    set_server(home)
    assert hdc("list", "targets").stdout == b"[Empty]\r\n"
    assert hdc("tconn", watch.key).stdout == b"Connect OK\r\n"
    assert hdc("list", "targets").stdout == b"10.0.0.2:5555\n"


def test_server_unreachable(hdc, home, phone):
    set_server(home, unreachable=True, unreachable_s=0.01)
    done = hdc("list", "targets")
    assert (done.stdout, done.stderr, done.returncode) == (b"", b"Connect server failed\n", 0)


@pytest.mark.parametrize(
    ("port", "text"),
    [
        ("abc", b"OHOS_HDC_SERVER_PORT abc is not digit\n"),
        ("70000", b"OHOS_HDC_SERVER_PORT 70000 is not in (0, 65535] range\n"),
    ],
)
def test_bad_server_port(hdc, phone, port, text):
    done = hdc("list", "targets", env={"OHOS_HDC_SERVER_PORT": port})
    assert (done.stdout, done.stderr, done.returncode) == (b"", text, 0)


def test_channel_being_established(hdc, phone):
    phone.set_fault(Fault(FaultKind.ESTABLISHING, times=2))
    text = b"[Fail][E000004]:The communication channel is being established.\r\n"
    outputs = [hdc("-t", phone.key, "shell", "echo up").stdout for _ in range(3)]
    assert outputs == [text, text, b"up\n"]


def test_wait_returns_with_a_device(hdc, phone):
    assert hdc("wait").stdout == b"Wait for connected target is EMULATED-PHONE\r\n"


# file send and file recv ------------------------------------------------------------------

SENT = rb"FileTransfer finish, Size:%d, File count = %d, time:\d+ms rate:\d+\.\d\dkB/s%s"
THERE = "/data/local/tmp"


def test_send_and_recv(hdc, phone, tmp_path):
    source = tmp_path / "six"
    source.write_bytes(b"123456")
    source.chmod(0o755)
    sent = hdc("-t", phone.key, "file", "send", str(source), f"{THERE}/six")
    assert re.fullmatch(SENT % (6, 1, rb"\r\n"), sent.stdout)
    there = phone.root / "data/local/tmp/six"
    assert there.read_bytes() == b"123456" and not there.stat().st_mode & 0o111
    back = hdc("-t", phone.key, "file", "recv", f"{THERE}/six", str(tmp_path / "back"))
    assert re.fullmatch(SENT % (6, 1, rb"\n"), back.stdout)
    assert (tmp_path / "back").read_bytes() == b"123456"


def test_send_keeps_the_mode_with_m(hdc, phone, tmp_path):
    source = tmp_path / "tool"
    source.write_bytes(b"#!/bin/sh\n")
    source.chmod(0o755)
    hdc("-t", phone.key, "file", "send", "-m", str(source), f"{THERE}/tool")
    assert (phone.root / "data/local/tmp/tool").stat().st_mode & 0o777 == 0o755


def test_relative_local_paths_are_those_of_the_caller(hdc, phone, tmp_path):
    (tmp_path / "near").write_bytes(b"x")
    done = hdc("-t", phone.key, "file", "send", "near", f"{THERE}/near", cwd=tmp_path)
    assert done.stdout.startswith(b"FileTransfer finish, Size:1,")


def test_missing_source_and_missing_folder(hdc, phone, tmp_path):
    text = b"[Fail]Error opening file: no such file or directory, path:"
    missing = hdc("-t", phone.key, "file", "send", str(tmp_path / "none"), f"{THERE}/x")
    assert missing.stdout.startswith(text)
    (tmp_path / "some").write_bytes(b"x")
    folder = hdc("-t", phone.key, "file", "send", str(tmp_path / "some"), f"{THERE}/no/x")
    assert folder.stdout.startswith(text)
    kept = tmp_path / "kept"
    kept.write_bytes(b"mine")
    recv = hdc("-t", phone.key, "file", "recv", f"{THERE}/none", str(kept))
    assert recv.stdout.startswith(text) and kept.read_bytes() == b"mine"


def test_no_permission_and_read_only(hdc, phone, tmp_path):
    (tmp_path / "some").write_bytes(b"x")
    locked = phone.root / "data/local/tmp/locked"
    locked.write_bytes(b"old")
    locked.chmod(0o444)
    done = hdc("-t", phone.key, "file", "send", str(tmp_path / "some"), f"{THERE}/locked")
    assert done.stdout.startswith(b"[Fail]Error opening file: permission denied, path:")
    assert locked.read_bytes() == b"old"
    done = hdc("-t", phone.key, "file", "send", str(tmp_path / "some"), "/system/x")
    assert done.stdout.startswith(b"[Fail]Error opening file: read-only file system, path:")


def test_disk_full_leaves_a_part(hdc, home, tmp_path):
    small = create(home, EmulatedSpec(key="SMALL", storage_bytes=1000))
    (tmp_path / "big").write_bytes(bytes(5000))
    done = hdc("-t", "SMALL", "file", "send", str(tmp_path / "big"), f"{THERE}/big")
    assert done.stdout == (
        b"[Fail]Transfer Stop at:1000/5000(Bytes), Reason: no space left on device\r\n"
    )
    assert (small.root / "data/local/tmp/big").stat().st_size == 1000
    assert b"\n/dev/block/dm-9 0 " in hdc("-t", "SMALL", "shell", "df -k /data").stdout


def test_folder_with_a_bad_entry_says_both(hdc, phone, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    for name in ("a", "b"):
        (folder / name).write_bytes(b"1")
    (folder / "bad").symlink_to("nowhere")
    done = hdc("-t", phone.key, "file", "send", str(folder), f"{THERE}/folder")
    assert b"[Fail]" in done.stdout and b"FileTransfer finish, " in done.stdout
    assert b"File count = 2, " in done.stdout
    hdc("-t", phone.key, "file", "send", str(folder), f"{THERE}/folder")
    assert (phone.root / "data/local/tmp/folder/folder/a").exists()


def test_cut_send_leaves_a_part_and_a_log_line(hdc, phone, tmp_path):
    phone.set_fault(Fault(FaultKind.CUT_PUSH, after_bytes=10))
    (tmp_path / "some").write_bytes(bytes(100))
    done = hdc("-t", phone.key, "file", "send", str(tmp_path / "some"), f"{THERE}/some")
    assert re.fullmatch(
        rb"\[F\]\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\] SendWithCmd hChannel nullptr channelId:\d+\n",
        done.stdout,
    )
    assert (phone.root / "data/local/tmp/some").stat().st_size == 10


def test_cut_recv_is_silent_and_leaves_a_part_here(hdc, phone, tmp_path):
    (phone.root / "data/local/tmp/some").write_bytes(bytes(100))
    phone.set_fault(Fault(FaultKind.CUT_PULL, after_bytes=10))
    done = hdc("-t", phone.key, "file", "recv", f"{THERE}/some", str(tmp_path / "some"))
    assert (done.stdout, done.stderr, done.returncode) == (b"", b"", 0)
    assert (tmp_path / "some").stat().st_size == 10


@pytest.mark.parametrize("name", ["a b", "模型", "a;b&c*d?e$f'g\\h"])
def test_names_that_work(hdc, phone, tmp_path, name):
    (tmp_path / name).write_bytes(b"x")
    done = hdc("-t", phone.key, "file", "send", str(tmp_path / name), f"{THERE}/{name}")
    assert done.stdout.startswith(b"FileTransfer finish")
    assert (phone.root / "data/local/tmp" / name).exists()


@pytest.mark.parametrize("name", ['a"b', "a\tb", "a\nb"])
def test_names_that_do_not(hdc, phone, tmp_path, name):
    (tmp_path / name).write_bytes(b"x")
    done = hdc("-t", phone.key, "file", "send", str(tmp_path / name), f"{THERE}/x")
    assert done.stdout.startswith(b"[Fail]")


def test_no_path_climbs_out_of_the_device(hdc, phone, tmp_path):
    (tmp_path / "some").write_bytes(b"x")
    target = f"{THERE}/../../../../../../data/escaped"
    hdc("-t", phone.key, "file", "send", str(tmp_path / "some"), target)
    assert (phone.root / "data/escaped").exists() and not Path("/data/escaped").exists()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((), b"[Fail]There is no local and remote path\r\n"),
        (("one",), b"[Fail]There is no remote path\r\n"),
        (("-x", "one", "two"), b"[Fail]Unknown file option: -x\r\n"),
    ],
)
def test_wrong_file_options(hdc, phone, arguments, text):
    assert hdc("-t", phone.key, "file", "send", *arguments).stdout == text
