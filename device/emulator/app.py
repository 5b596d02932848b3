"""Apps of an emulated device: installing, starting, their sandboxes and the system's log.

An app's package is a zip as real ones are, with ``module.json`` and ``libs/ABI/libbench.so``. What
an app does is done by that library's own code, started as a program: ``FOLDER SESSION CALL
[REQUEST]`` from the parameters of ``aa start``; its lines go into the log.
"""

from __future__ import annotations

import os
import shlex
import signal
import time
from typing import NoReturn

from device.emulator.paths import file_on_host
from device.emulator.store import Locked, Record, Stored, load, save

_LIBRARY = "libbench.so"
_FINISH = "AppMod finish\r\n"
_INSTALLED = "[Info]App install path:{path} msg:install bundle successfully. \r\n"
_NOT_INSTALLED = "[Info]App install path:{path} msg:error: failed to install bundle.\ncode:{code}\n"
_NO_PACKAGE = "[Fail][E006001] Not any installation package was found\r\n"
_NO_BUNDLE = "[Fail][E005101] Invalid bundle name: {bundle}\r\n"
_NO_ACCESS = "[Fail][E003001] Invalid bundle name: {bundle}\r\n"
_OUTSIDE = "[Fail][E005102] Invalid path: {path}\r\n"
_SHELL_COMMANDS = ("touch", "rm", "ls", "stat", "cat", "mkdir")
_DATA = "data/storage/el2/base"

_TOOL = """#!/bin/sh
exec {python} -I -S {tool} "$EMULATED_STATE/.." {name} "$@"
"""
_SIGNED_CHMOD = """#!/bin/sh
# Programs that nobody signed cannot be made executable.
mode=$1
case "$mode" in 7*) mode=644 ;; +x|a+x|u+x) exit 0 ;; esac
shift
exec {chmod} "$mode" "$@"
"""


class RefusedError(Exception):
    """hdc does not reach what was asked for; the argument is its text."""


def scripts(python: str, *, signed_only: bool) -> dict[str, str]:
    """The device's tools for apps, as scripts by their names."""
    tool = os.path.join(os.path.dirname(os.path.abspath(__file__)), "app_tool.py")
    words = {"python": shlex.quote(python), "tool": shlex.quote(tool)}
    found = {
        name: _TOOL.format(name=name, **words)
        for name in ("aa", "bm", "hilog", "pidof", "power-shell")
    }
    if signed_only:
        found["chmod"] = _SIGNED_CHMOD.format(chmod="/bin/chmod")
    return found


class Apps:
    """The apps of one device; ``plan`` is how they misbehave (``EmulatedDevice.plan_apps``)."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.root = os.path.join(folder, "root")
        self.log = os.path.join(folder, "hilog")

    @property
    def plan(self) -> Record:
        return load(os.path.join(self.folder, "apps.json"))

    def app(self, bundle: str) -> Record:
        """What is known of an app; an empty record for one that is not installed."""
        return load(self._path(bundle)) if _is_name(bundle) else {}

    def change(self, bundle: str, **values: object) -> None:
        """Change what is known of an app."""
        with Locked(self.folder):
            save(self._path(bundle), {**self.app(bundle), **values})

    def files(self, bundle: str) -> str:
        """The app's files folder, on this machine."""
        return os.path.join(self._sandbox(bundle), "haps", "entry", "files")

    def program(self, bundle: str) -> str:
        """Its native code, on this machine."""
        return os.path.join(self.root, "data/app/el1/bundle/public", bundle, "libs", _LIBRARY)

    def inside(self, bundle: str, path: str) -> str:
        """Where a path of the app's view is on this machine. Raises ``RefusedError``."""
        app = self.app(bundle)
        if not app.get("started") or not app.get("debug") or self.plan.get("sandbox") == "closed":
            raise RefusedError(_NO_BUNDLE.format(bundle=bundle))
        plain = os.path.normpath(path)
        if not plain.startswith(f"{_DATA}/"):
            raise RefusedError(_OUTSIDE.format(path=path))
        return file_on_host(plain[len(_DATA) :], self._sandbox(bundle))

    def _path(self, bundle: str) -> str:
        return os.path.join(self.folder, f"app-{bundle}.json")

    def _sandbox(self, bundle: str) -> str:
        return os.path.join(self.root, "data/app/el2/100/base", bundle)


def inside(device: Stored, bundle: str, path: str) -> str:
    """The device's own path of a path in an app's view. Raises ``RefusedError``."""
    host = Apps(device.folder).inside(bundle, path)
    return "/" + os.path.relpath(host, device.files)


def _is_name(bundle: str) -> bool:
    return bool(bundle) and all(char.isalnum() or char in "._" for char in bundle)


def install(device: Stored, arguments: list[str]) -> str:
    """``hdc install``; what hdc prints."""
    paths, at = [], 0
    while at < len(arguments):
        if arguments[at] == "-cwd":
            at += 1
        elif not arguments[at].startswith("-"):
            paths.append(os.path.join(os.getcwd(), arguments[at]))
        at += 1
    if not paths or not paths[0].endswith((".hap", ".hsp")) or not os.path.isfile(paths[0]):
        return _NO_PACKAGE
    code = _install(Apps(device.folder), paths[0], device.record)
    text = _NOT_INSTALLED.format(path=paths[0], code=code) if code else _INSTALLED
    return text.format(path=paths[0]) + _FINISH


def _install(apps: Apps, path: str, record: Record) -> str:
    """Unpack a package; the code and text by which the device refuses it, or nothing."""
    import json
    import zipfile

    if planned := apps.plan.get("install"):
        return f"{planned} error: planted"
    try:
        with zipfile.ZipFile(path) as package:
            manifest = json.loads(package.read("module.json"))
            library = package.read(f"libs/{_abi(apps)}/{_LIBRARY}")
    except zipfile.BadZipFile:
        return "9568296 error: install failed due to error bundle type"
    except KeyError:
        return "9568347 error: install parse native so failed"
    bundle = manifest["app"]["bundleName"]
    program = apps.program(bundle)
    os.makedirs(os.path.dirname(program), exist_ok=True)
    temporary = f"{program}.{os.getpid()}"
    with open(temporary, "wb") as stream:
        stream.write(library)
    os.chmod(temporary, 0o755)
    os.replace(temporary, program)
    stop(apps, bundle)
    apps.change(bundle, name=bundle, debug=bool(manifest["app"].get("debug")), manifest=manifest)
    return ""


def _abi(apps: Apps) -> str:
    path = os.path.join(apps.folder, "state/param/const.product.cpu.abilist")
    with open(path, encoding="utf-8") as stream:
        return stream.read().strip()


def shell(device: Stored, bundle: str, arguments: list[str]) -> str:
    """``hdc shell -b``; what hdc prints."""
    import subprocess

    apps = Apps(device.folder)
    words = shlex.split(" ".join(arguments))
    if not words or words[0] not in _SHELL_COMMANDS:
        return _NO_ACCESS.format(bundle=bundle)
    try:
        moved = [word if word.startswith("-") else apps.inside(bundle, word) for word in words[1:]]
    except RefusedError:
        return _NO_ACCESS.format(bundle=bundle)
    done = subprocess.run([words[0], *moved], capture_output=True, check=False)
    return (done.stdout + done.stderr).decode(errors="replace")


def start(apps: Apps, bundle: str, ability: str, parameters: dict[str, str]) -> str:
    """``aa start``; what it prints."""
    app = apps.app(bundle)
    abilities = [one["name"] for one in app["manifest"]["module"]["abilities"]] if app else []
    code = apps.plan.get("start") or (0 if ability in abilities else 10104001)
    if code:
        return f"error: failed to start ability.\nError Code:{code}\n"
    folder = apps.files(bundle)
    os.makedirs(folder, exist_ok=True)
    words = [folder, parameters.get("session", ""), parameters.get("call", "0")]
    if request := parameters.get("request"):
        words.append(request)
    stop(apps, bundle)
    _begin(apps, bundle, words)
    return "start ability successfully.\n"


def stop(apps: Apps, bundle: str) -> bool:
    """End an app; whether it ran."""
    pid = running(apps, bundle)
    if not pid:
        return False
    os.kill(pid, signal.SIGCONT)
    os.kill(pid, signal.SIGKILL)
    for _ in range(200):
        if not running(apps, bundle):
            break
        time.sleep(0.005)
    return True


def running(apps: Apps, bundle: str) -> int:
    """The number of an app's process; 0 for none."""
    pid = int(apps.app(bundle).get("pid", 0))
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as stream:
            return pid if os.fsencode(apps.program(bundle)) in stream.read() else 0
    except OSError:
        return 0


def _begin(apps: Apps, bundle: str, words: list[str]) -> None:
    """Start the app's program, and a process beside it that keeps what it says in the log."""
    reading, writing = os.pipe()
    told, tell = os.pipe()
    if os.fork() == 0:
        os.setsid()
        null = os.open(os.devnull, os.O_RDWR)
        for handle in (0, 1, 2):
            os.dup2(null, handle)
        pid = os.fork()
        if pid == 0:
            _become_app(apps, bundle, words, writing)
        os.write(tell, str(pid).encode())
        for handle in (tell, told, writing):
            os.close(handle)
        _keep_log(apps, bundle, pid, reading)
    os.close(tell)
    os.close(writing)
    os.close(reading)
    apps.change(bundle, pid=int(os.read(told, 32)), started=True)
    os.close(told)


def _become_app(apps: Apps, bundle: str, words: list[str], writing: int) -> NoReturn:
    os.dup2(writing, 1)
    os.closerange(3, 64)
    environment = {"LD_LIBRARY_PATH": os.path.join(apps.root, "system/lib64/ndk"), "PATH": ""}
    program = apps.program(bundle)
    try:
        os.execve(program, [program, *words], environment)
    finally:
        os._exit(127)


def _keep_log(apps: Apps, bundle: str, pid: int, reading: int) -> NoReturn:
    """Copy lines into the log until the app ends; the plan says what befalls it meanwhile."""
    plan = apps.plan
    source = os.fdopen(reading, "r", encoding="utf-8", errors="replace")
    for count, line in enumerate(source, start=1):
        if count <= plan.get("log_lines", count):
            stamp = time.strftime("%m-%d %H:%M:%S.000", time.localtime())
            with open(apps.log, "a", encoding="utf-8") as log:
                log.write(f"{stamp} {pid:>5} {pid:>5} I A04D53/{bundle}/MSLITE_BENCH: {line}")
        if count == plan.get("crash_after_lines"):
            os.kill(pid, signal.SIGKILL)
        if count == plan.get("freeze_after_lines"):
            os.kill(pid, signal.SIGSTOP)
    os.waitpid(pid, 0)
    os._exit(0)
