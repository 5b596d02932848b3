"""hdc's texts, read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device import errors
from device.codes import CODES, TEXTS, explain
from device.hdc import messages
from device.hdc.messages import Finished, Listed, State
from pipeline.core.errors import DeviceError, ExitCode

LOG = "[W][2026-11-23 01:31:30] open path:/tmp/hdc.log\n"
FINISH = "FileTransfer finish, Size:6, File count = 1, time:12ms rate:0.50kB/s\r\n"


def test_version():
    assert messages.version("Ver: 3.2.0f\n") == "3.2.0f"
    assert messages.version("adb 1.0") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[Empty]\r\thdc\n", []),
        ("[Empty]\r\n", []),
        ("", []),
        ("K\t\tUSB\tConnected\tlocalhost\thdc\n", [Listed("K", "USB", State.CONNECTED)]),
        ("K\t\tTCP\tOffline\tlocalhost\thdc\r\n", [Listed("K", "TCP", State.OFFLINE)]),
        (LOG + "K\t\tUSB\tReady\tx\thdc\n", [Listed("K", "USB", State.READY)]),
        ("a b\t\tUSB\tNovel\tx\thdc\n", [Listed("a b", "USB", State.UNKNOWN)]),
    ],
)
def test_listed(text, expected):
    assert messages.listed(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (FINISH, Finished(6, 1, 12)),
        (LOG + FINISH, Finished(6, 1, 12)),
        ("[Fail]Error opening file: permission denied, path:x\r\n" + FINISH, None),
        (FINISH + "[Fail]Transfer Stop at:1/2(Bytes), Reason: x\r\n", None),
        ("", None),
        ("[F][2026-11-23 01:31:30] SendWithCmd hChannel nullptr channelId:1\n", None),
        ("FileTransfer finish\n", None),
    ],
)
def test_finished(text, expected):
    assert messages.finished(text) == expected


def test_is_connected():
    assert messages.is_connected("Connect OK\r\n")
    assert messages.is_connected("[Info]Target is connected, repeat operation\r\n")
    assert not messages.is_connected("[Fail]Connect failed\r\n")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("[Fail]Not match target founded, check connect-key please\r\n", errors.DeviceUnknown),
        ("[Fail]ExecuteCommand need connect-key? please confirm", errors.DeviceUnknown),
        ("[Fail][E001005] Device not found or connected\r\n", errors.DeviceOffline),
        ("[Fail]Device not founded or connected\r\n", errors.DeviceOffline),
        ("[Fail][E000002]:The device unauthorized.\r\nThis\r\n", errors.DeviceUnauthorized),
        ("[Fail][E000003]:The device unauthorized.\r\nThe\r\n", errors.DeviceUnauthorized),
        ("[Fail][E000004]:The communication channel is being\r\n", errors.DeviceConnecting),
        (
            "[Fail]Transfer Stop at:1/2(Bytes), Reason: no space left on device",
            errors.RemoteDiskFull,
        ),
        ("[Fail]Error opening file: permission denied, path:x", errors.HdcRefused),
        ("[E001300]tmode is not supported", errors.HdcRefused),
        ("Unknown operation command...\n", errors.HdcRefused),
    ],
)
def test_errors(text, kind):
    found = messages.error("K", text)
    assert type(found) is kind and found.exit_code is ExitCode.DEVICE


def test_dialog_and_refusal_are_told_apart():
    dialog = messages.error("K", "[Fail][E000002]:The device unauthorized.\r\n")
    refused = messages.error("K", "[Fail][E000003]:The device unauthorized.\r\n")
    assert "dialog" in dialog.hint and "hdc kill" in refused.hint


def test_server_errors_are_on_stderr():
    for text in ("Connect server failed\n", "OHOS_HDC_SERVER_PORT x is not digit\n"):
        assert isinstance(messages.error("", "", text), errors.HdcServerUnreachable)


def test_no_error():
    for text in ("", "hello\n", "not [Fail] at the start", LOG, FINISH):
        assert messages.error("K", text) is None


@pytest.mark.parametrize("code", CODES)
def test_every_code_has_a_cause_and_a_hint(code):
    error = messages.error("K", f"[Fail][{code}] some text\r\n")
    assert isinstance(error, DeviceError)
    assert error.message and error.hint and "\n" not in error.message + error.hint


def test_no_known_code_is_missing():
    """Those of hdc's guide and sources."""
    known = """000001 000002 000003 000004 000005 000006 000008 000009 00000A 000010 001000 001001
        001003 001005 001100 001104 001105 001106 001300 002101 002102 002105 002106 003001 003002
        003003 003004 003005 003006 003007 003008 003009 005003 005004 005005 005008 005101 005102
        005200 006001 007100 00C001 00C002"""
    assert {f"E{number}" for number in known.split()} == set(CODES)


@pytest.mark.parametrize(
    "text", ["E003001", "e003001", " [E003001] ", "[Fail][E003001]Invalid bundle name\r\n"]
)
def test_explain_takes_a_code_or_a_line(text):
    found = explain(text)
    assert found is CODES["E003001"] and "app" in found.cause and "debug-signed" in found.hint


@pytest.mark.parametrize("part", TEXTS)
def test_texts_without_a_code_have_hints_of_their_own(part):
    error = messages.error("K", f"[Fail]{part.capitalize()}, path:x\r\n")
    assert isinstance(error, errors.HdcRefused) and error.hint == TEXTS[part].hint
    assert error.passes is TEXTS[part].passing
    assert explain(part) is TEXTS[part]


def test_what_nobody_knows_is_told():
    assert "'gibberish'" in explain("gibberish").cause and explain("").hint


def test_an_unknown_code_is_told():
    assert "E0FFFFF" in explain("E0FFFFF").cause


pieces = st.sampled_from(
    ["[Fail]", "[E000002]", "[Empty]", "\r\n", "\n", "\t", "Connected", "K", FINISH, LOG, "[F]["]
)
texts = st.one_of(st.text(), st.lists(st.one_of(pieces, st.text(max_size=5))).map("".join))


@given(texts, texts)
def test_nothing_that_hdc_says_breaks_the_reader(stdout, stderr):
    error = messages.error("K", stdout, stderr)
    assert error is None or (str(error) and error.hint)
    for one in messages.listed(stdout):
        assert one.key.strip()
    if messages.finished(stdout):
        assert messages.failure(stdout) is None
    messages.version(stdout)
    messages.is_connected(stdout)


keys = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1).filter(
    lambda key: not key.startswith("[")
)


@given(st.lists(st.tuples(keys, st.sampled_from(State)), max_size=5))
def test_lists_are_read_back(devices):
    text = "".join(f"{key}\t\tUSB\t{state.value}\tx\thdc\n" for key, state in devices)
    assert [(one.key, one.state) for one in messages.listed(text)] == devices
