"""The bench app on one device, by the verbs that hdc and the device have for apps."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from device.app.codes import install_code, start_code
from device.app.errors import AppNotInstalled, AppNotStarted, SandboxClosed
from device.app.names import ABILITY, BUNDLE, FILES, TAG
from device.errors import HdcRefused
from device.hdc.device import HdcDevice
from device.hdc.push import sendable
from device.hdc.remote import Remote
from device.quote import quote
from pipeline.core.errors import DeviceError, FileMissing

#: Installing takes the device some seconds, of a large app half a minute.
_INSTALL_S = 180.0
#: What hdc says of a path in the sandbox where nothing is.
_NOTHING_THERE = ("no such file or directory", "[E005102]")


@dataclass(frozen=True)
class App:
    """The app ``bundle`` on ``device``. Every method may raise the errors of the device."""

    device: HdcDevice
    bundle: str = BUNDLE

    @property
    def key(self) -> str:
        """The device's."""
        return self.device.key

    @property
    def is_installed(self) -> bool:
        """Whether the device has the app."""
        told = self._ask(f"bm dump -n {quote(self.bundle)}")
        return f'"{self.bundle}"' in told and not told.lstrip().startswith("error:")

    @property
    def is_running(self) -> bool:
        """Whether the app has a process, as far as the device shows it."""
        return self._ask(f"pidof {quote(self.bundle)}").strip().isdigit()

    def install(self, hap: Path) -> None:
        """Install its package over what is there. Raises ``AppNotInstalled``, ``FileMissing``."""
        if not hap.is_file():
            raise FileMissing(hap, "app package")
        device = self.device
        deadline_s = _INSTALL_S + device.deadlines.transfer(hap.stat().st_size)
        try:
            with sendable(self._remote, hap) as local:
                told = device.client.call(
                    device.key, "install", "-r", str(local), deadline_s=deadline_s
                )
        except HdcRefused as error:
            told = error.text
        if "install bundle successfully" not in told:
            raise AppNotInstalled(self.key, str(hap), install_code(told), told)

    def start(self, texts: Mapping[str, str], numbers: Mapping[str, int]) -> None:
        """Start it afresh with parameters, the screen on. Raises ``AppNotStarted``."""
        bundle = quote(self.bundle)
        parameters = [f"--ps {name} {quote(text)}" for name, text in texts.items()]
        parameters += [f"--pi {name} {number}" for name, number in numbers.items()]
        told = self._ask(
            f"aa force-stop {bundle} >/dev/null 2>&1; power-shell wakeup >/dev/null 2>&1; "
            f"aa start -a {ABILITY} -b {bundle} {' '.join(parameters)}"
        )
        if "start ability successfully" not in told:
            raise AppNotStarted(self.key, self.bundle, start_code(told), told)

    def stop(self) -> None:
        """End it as well as the device lets us: mostly there is another error to tell."""
        with suppress(DeviceError):
            deadline_s = self.device.deadlines.tidy_s
            self.device.run(f"aa force-stop {quote(self.bundle)}", deadline_s=deadline_s)

    def said(self) -> str:
        """The app's lines that are still in the system's log."""
        return self._ask(f"hilog -x -T {TAG}")

    def send(self, local: Path, inner: str) -> None:
        """Copy a file to ``inner`` in its files folder; that it came whole is for it to say."""
        client, deadlines = self.device.client, self.device.deadlines
        deadline_s = deadlines.transfer(local.stat().st_size)
        try:
            with sendable(self._remote, local) as source:
                client.file_send(
                    self.key, source, f"{FILES}/{inner}", deadline_s=deadline_s, bundle=self.bundle
                )
        except HdcRefused as error:
            raise self._closed(error) from error

    def receive(self, inner: str, local: Path, size_bytes: int = 0) -> bool:
        """Copy ``inner`` of its files folder here, whole or not; False when nothing is there."""
        client, deadlines = self.device.client, self.device.deadlines
        deadline_s = deadlines.transfer(size_bytes)
        try:
            client.file_recv(
                self.key, f"{FILES}/{inner}", local, deadline_s=deadline_s, bundle=self.bundle
            )
        except HdcRefused as error:
            if any(part in error.text for part in _NOTHING_THERE):
                return False
            raise self._closed(error) from error
        return True

    def forget(self, inner: str) -> None:
        """Remove a folder of its files as well as the device lets us; else the app does it."""
        with suppress(DeviceError):
            self.device.client.call(
                self.key,
                *("shell", "-b", self.bundle, f"rm -rf {quote(f'{FILES}/{inner}')}"),
                deadline_s=self.device.deadlines.tidy_s,
            )

    def _ask(self, command: str) -> str:
        return self.device.run(command, deadline_s=self.device.deadlines.ask_s).text

    def _closed(self, error: HdcRefused) -> SandboxClosed:
        return SandboxClosed(self.key, self.bundle, error.code, error.text)

    @property
    def _remote(self) -> Remote:
        device = self.device
        return Remote(device.client, device.key, device.workdir, device.deadlines)


def library_sha256(hap: Path, abi: str | None) -> str | None:
    """Hash of the native library in a package; None when it has none for ``abi``."""
    try:
        with zipfile.ZipFile(hap) as package:
            return sha256(package.read(f"libs/{abi}/libbench.so")).hexdigest()
    except (OSError, KeyError, zipfile.BadZipFile):
        return None
