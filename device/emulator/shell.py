"""The remote shell of an emulated device."""

from __future__ import annotations

import os
import select
import signal
import time
from typing import NoReturn

from device.emulator import vitals
from device.emulator.paths import ToDevice, to_host
from device.emulator.processes import kill_leaf
from device.emulator.store import Stored, shell_root, state_folder

#: Beyond this hdc prints nothing and ends well.
LIMIT_BYTES = 61_437
#: What cuts a call.
_CUTS = ("cut-shell", "kill-server", "reboot")
#: One argument of a program may have 128 KiB.
_ARGUMENT_BYTES = 120_000


def joined(arguments: list[str]) -> str:
    """The command that reaches the device, as hdc joins its arguments.

    One with a blank is wrapped in double quotes, its own quotes unescaped; the device then takes
    off one pair of quotes that surrounds the whole.
    """
    text = " ".join(f'"{word}"' if " " in word else word for word in arguments).strip()
    if len(text) > 1 and text.startswith('"') and text.endswith('"'):
        return text[1:-1]
    return text


def run(device: Stored, arguments: list[str]) -> None:
    """Run a command on the device and print what it prints, as long as the connection lives."""
    command = joined(arguments)
    if not command or len(os.fsencode(command)) > LIMIT_BYTES:
        return
    if device.strike("freeze"):
        freeze()
    cut = next((fault for kind in _CUTS if (fault := device.strike(kind))), None)
    if cut and not cut["after_lines"]:
        device.change_state(cut)
        return
    killing = device.strike("kill-run") if not cut else None
    root = shell_root(device)
    vitals.asked(device.folder, command)
    reading, writing = os.pipe()
    daemon = os.fork()
    if daemon == 0:
        os.close(reading)
        _daemon(device, to_host(command, root), root, writing)
    os.close(writing)
    fault = cut or killing
    relay = _Relay(reading, ToDevice(root, os.path.realpath(root)))
    if not fault:
        relay.all()
    elif not relay.lines(fault["after_lines"]):
        device.spare(fault)
    elif cut:
        os.close(reading)
        device.change_state(cut)
        _reap(daemon, tries=50)
        return
    else:
        if not kill_leaf(daemon, fault["containing"] or ""):
            device.spare(fault)
        relay.all()
    os.waitpid(daemon, 0)


def freeze() -> NoReturn:
    """Never answer."""
    while True:
        signal.pause()


def _reap(pid: int, tries: int) -> None:
    """Wait a little for a child that is about to end: not every machine's init collects them."""
    for _ in range(tries):
        if os.waitpid(pid, os.WNOHANG) != (0, 0):
            return
        time.sleep(0.004)


class _Relay:
    """Passes the output of the device's side on, with its paths as the device has them."""

    def __init__(self, reading: int, mapping: ToDevice) -> None:
        self._reading = reading
        self._mapping = mapping
        self._rest = b""
        self._ended = False

    def all(self) -> None:
        """To its end."""
        _write(1, self._rest)
        while not self._ended:
            _write(1, self._next())

    def lines(self, count: int) -> bool:
        """So many lines; False when it ended before."""
        data = b""
        while not self._ended and data.count(b"\n") < count:
            data += self._next()
        parts = data.split(b"\n", count)
        whole = len(parts) > count
        self._rest = parts.pop() if whole else b""
        _write(1, b"\n".join(parts) + b"\n" * (whole and count > 0))
        return whole

    def _next(self) -> bytes:
        piece = os.read(self._reading, 1 << 16)
        self._ended = not piece
        return self._mapping.feed(piece) if piece else self._mapping.finish()


def _daemon(device: Stored, command: str, root: str, writing: int) -> NoReturn:
    """The device's side: outlives a client that is killed, and then ends the shell."""
    os.setsid()
    works = vitals.is_work(command)
    if works:
        vitals.begin(device.folder, os.getpid())
    null = os.open(os.devnull, os.O_RDWR)
    for handle in (0, 1, 2):
        os.dup2(null, handle)
    reading, shell_out = os.pipe()
    shell_in, _ = os.pipe()  # the other end stays open: standard input never ends
    pid = os.fork()
    if pid == 0:
        _become_shell(device, command, root, shell_in, shell_out)
    os.close(shell_out)
    os.close(shell_in)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    poller = select.poll()
    poller.register(reading, select.POLLIN)
    poller.register(writing, 0)
    while True:
        events = dict(poller.poll())
        client_is_gone = bool(events.get(writing, 0) & select.POLLERR)
        piece = b"" if client_is_gone else os.read(reading, 1 << 16)
        try:
            _write(writing, piece)
        except BrokenPipeError:
            client_is_gone = True
        if client_is_gone:
            os.kill(pid, signal.SIGTERM)
        if client_is_gone or not piece:
            os.close(reading)
            os.close(writing)
            os.waitpid(pid, 0)
            if works:
                vitals.end(device.folder, os.getpid())
            os._exit(0)


def _become_shell(
    device: Stored, command: str, root: str, standard_in: int, standard_out: int
) -> NoReturn:
    os.dup2(standard_in, 0)
    os.dup2(standard_out, 1)
    os.dup2(standard_out, 2)
    os.closerange(3, 64)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.chdir(root)
    arguments = ["sh", "-c", command]
    if len(os.fsencode(command)) > _ARGUMENT_BYTES:
        path = os.path.join(device.folder, f"command.{os.getpid()}")
        with open(path, "w", encoding="utf-8", errors="surrogateescape") as stream:
            stream.write(f'rm -f "$0"\n{command}')
        arguments = ["sh", path]
    try:
        os.execve("/bin/sh", arguments, _environment(device, root))
    finally:
        os._exit(127)


def _environment(device: Stored, root: str) -> dict[str, str]:
    limit = device.record.get("storage_bytes")
    return {
        "PATH": f"{root}/system/bin",
        "HOME": root,
        "PWD": root,
        "TMPDIR": f"{root}/data/local/tmp",
        "LD_LIBRARY_PATH": f"{root}/system/lib64/ndk",
        "EMULATED_ROOT": root,
        "EMULATED_STATE": state_folder(device),
        "EMULATED_STORAGE_KIB": "" if limit is None else str(limit // 1024),
    }


def _write(handle: int, data: bytes) -> None:
    while data:
        data = data[os.write(handle, data) :]
