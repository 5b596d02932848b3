"""What the device's own tools for apps print."""

from __future__ import annotations

import json
import os
from typing import NoReturn

from device.emulator import app
from device.emulator.app import Apps

_UNKNOWN = "error: failed to get information and the parameters may be wrong.\n"


def main(folder: str, tool: str, arguments: list[str]) -> NoReturn:
    """Do what the tool would do."""
    apps = Apps(folder)
    tools = {"aa": _aa, "bm": _bm, "hilog": _hilog, "pidof": _pidof}
    text = tools[tool](apps, arguments) if tool in tools else ""
    data = text.encode("utf-8", "surrogateescape")
    while data:
        data = data[os.write(1, data) :]
    os._exit(0 if text or tool != "pidof" else 1)


def _aa(apps: Apps, arguments: list[str]) -> str:
    if arguments[:1] == ["force-stop"] and len(arguments) > 1:
        app.stop(apps, arguments[1])
        return "force stop process successfully.\n"
    if arguments[:1] != ["start"]:
        return "error: unknown option.\n"
    named: dict[str, str] = {}
    parameters: dict[str, str] = {}
    words = arguments[1:]
    while words:
        if words[0] in ("--ps", "--pi", "--pb") and len(words) > 2:
            parameters[words[1]] = words[2]
            words = words[3:]
        else:
            named[words[0]] = words[1] if len(words) > 1 else ""
            words = words[2:]
    return app.start(apps, named.get("-b", ""), named.get("-a", ""), parameters)


def _bm(apps: Apps, arguments: list[str]) -> str:
    if arguments[:2] != ["dump", "-n"] or len(arguments) < 3:
        return _UNKNOWN
    found = apps.app(arguments[2])
    if not found:
        return _UNKNOWN
    facts = {
        "appProvisionType": "debug" if found["debug"] else "release",
        "name": found["name"],
        "debug": found["debug"],
    }
    return f"{found['name']}:\n{json.dumps(facts, indent=4)}\n"


def _hilog(apps: Apps, arguments: list[str]) -> str:
    if "-r" in arguments:
        open(apps.log, "w").close()
        return "Log type core,app,only_prerelease buffer clear successfully\n"
    tag = arguments[arguments.index("-T") + 1] if "-T" in arguments[:-1] else ""
    try:
        with open(apps.log, encoding="utf-8", errors="replace") as stream:
            return "".join(line for line in stream if f"/{tag}: " in line or not tag)
    except FileNotFoundError:
        return ""


def _pidof(apps: Apps, arguments: list[str]) -> str:
    pid = app.running(apps, arguments[0]) if arguments else 0
    return f"{pid}\n" if pid else ""
