"""The remote shell of an emulated device."""

from __future__ import annotations

import os
import select
import signal
import time
from typing import NoReturn

from device.emulator.paths import ToDevice, to_host
from device.emulator.store import Stored, shell_root

#: Beyond this hdc prints nothing and ends well.
LIMIT_BYTES = 61_437
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
    cut = device.strike("cut-shell")
    if cut and not cut["after_lines"]:
        device.change_state(cut)
        return
    root = shell_root(device)
    reading, writing = os.pipe()
    daemon = os.fork()
    if daemon == 0:
        os.close(reading)
        _daemon(device, to_host(command, root), root, writing)
    os.close(writing)
    lines_left = int(cut["after_lines"]) if cut else None
    if _relay(reading, ToDevice(root, os.path.realpath(root)), lines_left):
        os.close(reading)
        if cut:
            device.change_state(cut)
        _reap(daemon, tries=50)
        return
    os.waitpid(daemon, 0)
    if cut:
        device.spare(cut)


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


def _relay(reading: int, mapping: ToDevice, lines_left: int | None) -> bool:
    """Copy the output until its end; True when it was cut after ``lines_left`` lines."""
    while True:
        piece = os.read(reading, 1 << 16)
        data = mapping.feed(piece) if piece else mapping.finish()
        if lines_left is not None and data.count(b"\n") >= lines_left:
            at = -1
            for _ in range(lines_left):
                at = data.index(b"\n", at + 1)
            _write(1, data[: at + 1])
            return True
        if lines_left is not None:
            lines_left -= data.count(b"\n")
        _write(1, data)
        if not piece:
            return False


def _daemon(device: Stored, command: str, root: str, writing: int) -> NoReturn:
    """The device's side: outlives a client that is killed, and then ends the shell."""
    os.setsid()
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
        "EMULATED_STATE": os.path.join(os.path.realpath(device.folder), "state"),
        "EMULATED_STORAGE_KIB": "" if limit is None else str(limit // 1024),
    }


def _write(handle: int, data: bytes) -> None:
    while data:
        data = data[os.write(handle, data) :]
