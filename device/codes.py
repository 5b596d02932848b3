"""The codes that hdc puts into its messages (``[E001005]``), what each means and what to do.

Causes are those of the hdc guide and sources of OpenHarmony (docs, developtools_hdc).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipeline.core.errors import one_line


@dataclass(frozen=True)
class HdcCode:
    """One code: its cause, what the user can do, and whether waiting a moment may cure it.

    ``code`` is empty for a text that hdc gives no code.
    """

    code: str
    cause: str
    hint: str
    passing: bool = False


_UPDATE = "install an hdc as new as the device's system (DevEco Studio or Command Line Tools)"
_BUNDLE = "install a debug-signed build of the app and start it once"
_BUG = "run 'hdc kill -r', reconnect the device and try again"
_DIALOG = "unlock the device and confirm its 'Allow USB debugging' dialog"
_OWNER = "ask the organisation that manages this computer or device to allow debugging"

_ALL = (
    HdcCode("E000001", "this hdc is too old for the device", _UPDATE),
    HdcCode("E000002", "the device waits for its debugging dialog to be confirmed", _DIALOG),
    HdcCode(
        "E000003",
        "debugging was refused on the device",
        "run 'hdc kill', reconnect, and confirm the dialog that the device shows then",
    ),
    HdcCode("E000004", "the channel to the device is being established", "try again", True),
    HdcCode(
        "E000005",
        "hdc could not load its public key",
        "check that ~/.harmony/hdckey.pub is readable, or delete it and run 'hdc kill -r'",
    ),
    HdcCode("E000006", "this computer is not permitted to debug the device", _OWNER),
    HdcCode("E000008", "the key of the hdc server is not usable", _BUG),
    HdcCode("E000009", "the key of the hdc server is not usable", _BUG),
    HdcCode("E00000A", "the key of the hdc server is not usable", _BUG),
    HdcCode(
        "E000010",
        "the device did not accept this computer's key",
        "revoke the debugging authorisations in the device's developer options and reconnect",
    ),
    HdcCode(
        "E001000",
        "the USB mode is chosen on the device, not through hdc",
        "switch 'USB debugging' in the device's developer options",
    ),
    HdcCode("E001001", "hdc does not know this run mode", "use 'hdc tmode port N' or the settings"),
    HdcCode(
        "E001003",
        "the USB link to the device is disturbed",
        "replug the cable, without a hub between",
        True,
    ),
    HdcCode(
        "E001005",
        "the device is not found or not connected",
        "wake and reconnect it; a Wi-Fi device needs 'hdc tconn IP:PORT' again",
    ),
    HdcCode("E001100", "the port is not valid", "use a port from 1 to 65535"),
    HdcCode("E001104", "the IP address is not valid", "write the device as IP:PORT"),
    HdcCode("E001105", "option -s works only in the device's own terminal", "leave the option out"),
    HdcCode("E001106", "the address after -e is not valid", "give an IP address of this computer"),
    HdcCode("E001300", "an emulator cannot change its run mode", "leave tmode out for emulators"),
    HdcCode("E002101", "hdc could not end its server", "end the hdc process by hand"),
    HdcCode("E002102", "hdc cannot use its log folder", "check the free space in the temp folder"),
    HdcCode("E002105", "the device does not support this hdc command", _UPDATE),
    HdcCode("E002106", "hdc cannot talk to the device's daemon", _BUG, True),
    HdcCode("E003001", "the app is not there or not debuggable", _BUNDLE),
    HdcCode("E003002", "the device does not support this option of 'hdc shell'", _UPDATE),
    HdcCode("E003003", "the device does not support this option of 'hdc shell'", _UPDATE),
    HdcCode("E003004", "the device's system is too old for app access (-b)", "update the device"),
    HdcCode("E003005", "a parameter of 'hdc shell' is missing", _BUG),
    HdcCode("E003006", "hdc failed internally on the device", _BUG),
    HdcCode("E003007", "hdc failed internally on the device", _BUG),
    HdcCode("E003008", "hdc failed internally on the device", _BUG),
    HdcCode("E003009", "hdc failed internally on the device", _BUG),
    HdcCode("E005003", "a parameter of 'hdc file' is missing", _BUG),
    HdcCode("E005004", "the device does not support this option of 'hdc file'", _UPDATE),
    HdcCode(
        "E005005",
        "the folder cannot be created on the device",
        "use a folder below /data/local/tmp, the only writable place of consumer devices",
    ),
    HdcCode("E005008", "the device forbids this path", "use a folder below /data/local/tmp"),
    HdcCode("E005101", "the app is absent, a release build, or was never started", _BUNDLE),
    HdcCode("E005102", "the path is missing or outside the app's folder", "check the app's path"),
    HdcCode("E005200", "the device does not support this file command", _UPDATE),
    HdcCode("E006001", "no installation package was found", "check the path of the .hap file"),
    HdcCode(
        "E007100",
        "the device is not in debug mode",
        "turn on developer mode and USB debugging in the device's settings",
    ),
    HdcCode("E00C001", "blocked by the organisation that manages the device", _OWNER),
    HdcCode("E00C002", "the organisation's audit of the command failed", _OWNER),
)

#: Every code that is known, by its name.
CODES = {entry.code: entry for entry in _ALL}


_ROOT = "use a debug image or board; consumer devices refuse this"
_FORWARD = "choose another port, or free it: 'hdc fport ls', 'hdc fport rm'"

#: What hdc says without a code, by a part of it in lower case.
TEXTS = {
    "thread pool busy": HdcCode("", "the hdc server is overloaded", _BUG, True),
    "session is dead": HdcCode("", "the session with the device ended", _BUG, True),
    "debugging is not allowed": HdcCode("", "the device forbids debugging", _OWNER),
    "need running as root": HdcCode("", "this needs a daemon that runs as root", _ROOT),
    "root run mode in undebuggable": HdcCode("", "this is no debug image", _ROOT),
    "mount failed": HdcCode("", "the system cannot be mounted writable", _ROOT),
    "forwardport result:failed": HdcCode("", "the port could not be forwarded", _FORWARD),
    "tcp port listen failed": HdcCode("", "the port is in use", _FORWARD),
    "forward parament failed": HdcCode("", "the forwarding rule is wrong", _FORWARD),
    "ruler is not exist": HdcCode("", "there is no such forwarding rule", _FORWARD),
    "no such file or directory": HdcCode(
        "", "a file or folder is not there", "check both paths; hdc makes no missing folders"
    ),
    "permission denied": HdcCode(
        "", "the shell user may not do this", "use a folder below /data/local/tmp"
    ),
    "read-only file system": HdcCode(
        "", "the place cannot be written", "use a folder below /data/local/tmp"
    ),
    "unknown operation command": HdcCode("", "this hdc does not know the command", _UPDATE),
    "unknown file option": HdcCode("", "this hdc does not know the option", _UPDATE),
    "incorrect command": HdcCode("", "this hdc does not take the option", _UPDATE),
    "source folder is empty": HdcCode("", "there is nothing to send", "send a folder with files"),
}
_CODE = re.compile(r"E[0-9A-F]{6}")


def explain(code: str) -> HdcCode:
    """What is known of ``code``, in any case, alone or within a line that hdc printed.

    An unknown one gets a record that says so.
    """
    found = _CODE.search(code.upper())
    if found is None:
        text = one_line(code)[:200]
        return explain_text(code) or HdcCode("", f"nothing is known of {text!r}", _BUG)
    name = found.group()
    return CODES.get(name) or HdcCode(name, f"hdc reported {name}", _BUG)


def explain_text(text: str) -> HdcCode | None:
    """What is known of a message without a code; None for nothing."""
    lowered = text.lower()
    return next((known for part, known in TEXTS.items() if part in lowered), None)
