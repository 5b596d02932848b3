"""The command line of the ``hdc`` stand-in."""

from __future__ import annotations

import os
import time
from types import ModuleType
from typing import NoReturn

from device.emulator import shell, texts
from device.emulator.store import (
    Locked,
    Record,
    Stored,
    device_ids,
    devices_folder,
    load,
    save,
    set_state,
    stop_server,
)
from device.emulator.transfer import transfer

_WITH_VALUE = ("-t", "-s", "-l", "-e")
_ALONE = ("-p", "-m")


def main(home: str, arguments: list[str]) -> NoReturn:
    """Do what hdc would do and end with code 0, which hdc does whatever happened."""
    options, rest = _split(arguments)
    _Client(home, options.get("-t", ""), " ".join(arguments)).run(rest)
    _leave("")


def _apps() -> ModuleType:
    """Loaded by the calls that need it only: most of them have to be quick."""
    from device.emulator import app

    return app


def _split(arguments: list[str]) -> tuple[dict[str, str], list[str]]:
    options: dict[str, str] = {}
    at = 0
    while at < len(arguments):
        word = arguments[at]
        if word in _WITH_VALUE and at + 1 < len(arguments):
            options[word] = arguments[at + 1]
            at += 2
        elif word in _ALONE or (word[:2] == "-l" and word[2:].isdigit()):
            at += 1
        else:
            break
    return options, arguments[at:]


def _leave(text: str, error: str = "") -> NoReturn:
    for handle, content in ((1, text), (2, error)):
        data = content.encode("utf-8", "surrogateescape")
        while data:
            data = data[os.write(handle, data) :]
    os._exit(0)


class _Client:
    """One call."""

    def __init__(self, home: str, key: str, text: str) -> None:
        self._home = home
        self._key = key
        self._text = text

    def run(self, arguments: list[str]) -> None:
        if not arguments or arguments[0] in ("-h", "help"):
            _leave("", texts.USAGE)
        word, *rest = arguments
        if word in ("-v", "version"):
            _leave(texts.VERSION)
        self._check_port()
        if word == "kill":
            stop_server(self._home)
            _leave("")
        server = self._server()
        if word == "start":
            _leave("")
        if word == "checkserver":
            _leave(texts.CHECK_SERVER)
        if word == "list" and rest[:1] == ["targets"]:
            self._list(verbose="-v" in rest, server=server)
        elif word == "tconn":
            _leave(self._connect(rest[0] if rest else ""))
        elif word == "wait":
            self._wait()
        elif word == "shell" and rest[:1] == ["-b"] and len(rest) > 1:
            _leave(_apps().shell(self._device(server), rest[1], rest[2:]))
        elif word == "shell":
            shell.run(self._device(server), rest)
        elif word == "install":
            _leave(_apps().install(self._device(server), rest))
        elif word == "file" and rest[:1] in (["send"], ["recv"]):
            _leave(transfer(self._device(server), rest[0], rest[1:]))
        else:
            _leave(texts.UNKNOWN_COMMAND)

    def _check_port(self) -> None:
        port = os.environ.get("OHOS_HDC_SERVER_PORT")
        if port is not None and not (port.isascii() and port.isdigit() and len(port) <= 5):
            _leave("", texts.PORT_NOT_DIGIT.format(port=port))
        if port is not None and not 0 < int(port) <= 65535:
            _leave("", texts.PORT_OUT_OF_RANGE.format(port=port))

    @property
    def _server_path(self) -> str:
        return os.path.join(self._home, "server.json")

    def _server(self) -> Record:
        """Reach the server, starting it if it is not there."""
        record = load(self._server_path)
        if record.get("unreachable"):
            time.sleep(float(record.get("unreachable_s", 12.0)))
            _leave("", texts.SERVER_FAILED)
        if record.get("stopped"):
            time.sleep(float(record.get("start_s", 1.3)))
            with Locked(self._home):
                record = load(self._server_path)
                record["stopped"] = False
                save(self._server_path, record)
        return record

    def _folders(self) -> list[str]:
        root = devices_folder(self._home)
        return [os.path.join(root, name) for name in device_ids(self._home)]

    def _devices(self) -> list[Stored]:
        found = [Stored.touch(folder, self._text) for folder in self._folders()]
        return sorted((one for one in found if one.state != "Absent"), key=lambda one: one.key)

    def _list(self, *, verbose: bool, server: Record) -> NoReturn:
        found = self._devices()
        if self._sees_nothing_yet(server):
            found = []
        if verbose:
            text = "".join(
                texts.LISTED_VERBOSE.format(
                    key=one.key,
                    connection=one.record["connection"],
                    state=one.state,
                    host=one.record["host"],
                )
                for one in found
            )
            _leave(text or texts.EMPTY_VERBOSE)
        forms = {"Connected": texts.LISTED, "Unauthorized": texts.LISTED_UNAUTHORIZED}
        text = "".join(forms.get(one.state, "").format(key=one.key) for one in found)
        _leave(text or texts.EMPTY)

    def _sees_nothing_yet(self, server: Record) -> bool:
        """Whether the server has just been started and has not found its devices."""
        if server.get("empty_lists", 0) <= 0:
            return False
        with Locked(self._home):
            record = load(self._server_path)
            record["empty_lists"] -= 1
            save(self._server_path, record)
        return True

    def _connect(self, address: str) -> str:
        host, colon, port = address.partition(":")
        parts = host.split(".")
        if not colon:
            return texts.CONNECT_NO_PORT
        if len(parts) != 4 or not all(p.isascii() and p.isdigit() and int(p) < 256 for p in parts):
            return texts.CONNECT_BAD_ADDRESS
        if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
            return texts.CONNECT_NO_PORT
        for folder in self._folders():
            device = Stored.touch(folder, self._text)
            if device.key != address or device.record["connection"] != "TCP":
                continue
            if device.state in ("Connected", "Unauthorized"):
                return texts.CONNECT_AGAIN
            if device.record.get("refuses"):
                return texts.CONNECT_FAILED
            set_state(folder, "Connected")
            return texts.CONNECT_OK
        return texts.CONNECT_FAILED

    def _wait(self) -> NoReturn:
        while True:
            for device in self._devices():
                if device.state == "Connected" and self._key in ("", device.key):
                    _leave(texts.WAITED.format(key=device.key))
            time.sleep(1)

    def _device(self, server: Record) -> Stored:
        """The device of ``-t``; without it the only one that is connected."""
        if self._sees_nothing_yet(server):
            _leave(texts.NO_MATCH)
        if self._key:
            device = self._named()
        else:
            connected = [one for one in self._devices() if one.state == "Connected"]
            device = connected[0] if len(connected) == 1 else None
            if device is None:
                _leave(texts.NEED_KEY)
        if device is None:
            _leave(texts.NO_MATCH)
        if device.state == "Unauthorized":
            _leave(texts.REFUSED if device.record.get("refused") else texts.UNAUTHORIZED)
        if device.state != "Connected":
            _leave(texts.OFFLINE)
        time.sleep(device.record.get("link_latency_s", 0.0))
        if device.strike("e000004"):
            _leave(texts.ESTABLISHING)
        return device

    def _named(self) -> Stored | None:
        for folder in self._folders():
            if load(os.path.join(folder, "device.json"))["key"] == self._key:
                device = Stored.touch(folder, self._text)
                return None if device.state == "Absent" else device
        return None
