"""The codes by which a device refuses to install or to start an app, and what to do.

Causes are those of the bm and aa pages of OpenHarmony's documentation.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class AppCode:
    """A code of the device's, its cause in words that follow "because", and what to do."""

    code: int
    cause: str
    hint: str


_SIGN = "sign the app for this device (device/bench_app/README.md, step 3) and build it again"
_UNINSTALL = "uninstall the one that is there: hdc uninstall org.mslite.bench"
_UDID = (
    "add this device to the debug profile ('hdc shell bm get --udid' tells its id) or let "
    "DevEco sign automatically while it is connected"
)
_REBUILD = "build the app again with DevEco, unchanged (device/bench_app/README.md)"
_ADMIN = "ask the organisation that manages the device to allow the app"
_AGAIN = "unlock the device and try again; restart it if that stays"

INSTALL = {
    entry.code: entry
    for entry in (
        AppCode(9568257, "its signature is damaged", _SIGN),
        AppCode(9568258, "the one that is there is of another release type", _UNINSTALL),
        AppCode(9568259, "its configuration lacks a value", _REBUILD),
        AppCode(9568260, "the device failed internally", _AGAIN),
        AppCode(9568263, "the one that is there is newer", _UNINSTALL),
        AppCode(9568264, "the one that is there has another signature", _UNINSTALL),
        AppCode(9568269, "the package did not arrive", _AGAIN),
        AppCode(9568284, "it is another version than the one that is there", _UNINSTALL),
        AppCode(9568289, "it asks for permissions that it may not have", _REBUILD),
        AppCode(9568296, "it is no installable package", "give the signed .hap that DevEco built"),
        AppCode(
            9568297,
            "the device's system is older than the app",
            "lower compatibleSdkVersion in device/bench_app/build-profile.json5 and build again",
        ),
        AppCode(9568303, "the organisation that manages the device forbids it", _ADMIN),
        AppCode(
            9568304,
            "it is not for this type of device",
            "add the type to deviceTypes in device/bench_app/entry/src/main/module.json5",
        ),
        AppCode(9568305, "a module that it depends on is missing", _REBUILD),
        AppCode(9568320, "it is not signed", _SIGN),
        AppCode(9568322, "its signature does not name this device", _UDID),
        AppCode(9568332, "the one that is there has another signature", _UNINSTALL),
        AppCode(9568336, "the one that is there is a release build", _UNINSTALL),
        AppCode(9568344, "its configuration has a value that is not allowed", _REBUILD),
        AppCode(
            9568347,
            "its native library is for another processor",
            "add the device's ABI to abiFilters in device/bench_app/entry/build-profile.json5",
        ),
        AppCode(9568391, "the device's package service has stopped", _AGAIN),
        AppCode(9568393, "the signature of its code does not hold", _SIGN),
        AppCode(9568399, "its files could not be copied", "free storage on the device"),
        AppCode(
            9568401,
            "debug apps need developer mode",
            "turn on developer mode in the device's settings",
        ),
    )
}

START = {
    entry.code: entry
    for entry in (
        AppCode(10103001, "its ability is not exported", _REBUILD),
        AppCode(10104001, "it has no such ability", "install the app again with --app FILE.hap"),
        AppCode(10105001, "the device's ability service does not answer", _AGAIN),
        AppCode(10105002, "the device does not know its ability", _AGAIN),
        AppCode(10106102, "the screen is locked", "unlock the device and keep its screen on"),
        AppCode(10106105, "the device restricts it", "lift the restriction in the settings"),
        AppCode(10106106, "the organisation that manages the device forbids it", _ADMIN),
        AppCode(10107102, "the shell may not start it", _AGAIN),
        AppCode(10108101, "the device failed internally", _AGAIN),
    )
}

_UNKNOWN = "look the code up in OpenHarmony's pages on bm and aa"
_INSTALL_CODE = re.compile(r"code:\s*(\d{6,8})")
_START_CODE = re.compile(r"(?i)error code:?\s*(\d{6,8})|\bcode:\s*(\d{6,8})")


def explain(known: dict[int, AppCode], code: int | None) -> AppCode:
    """What is known of a code; an unknown one gets a record that says so."""
    if code is None:
        return AppCode(0, "the device gives no reason", _AGAIN)
    return known.get(code) or AppCode(code, f"the device reports code {code}", _UNKNOWN)


def install_code(text: str) -> int | None:
    """The code in what ``hdc install`` printed."""
    found = _INSTALL_CODE.search(text)
    return int(found.group(1)) if found else None


def start_code(text: str) -> int | None:
    """The code in what ``aa start`` printed."""
    found = _START_CODE.search(text)
    return int(found.group(1) or found.group(2)) if found else None
