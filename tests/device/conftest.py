"""An emulated device, the stand-in for hdc before it, and the driver on top."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from device.emulator import EmulatedDevice, EmulatedSpec, create, hdc_command
from device.hdc.client import HdcClient
from device.hdc.device import HdcDevice
from device.hdc.patience import Patience
from device.hdc.remote import Deadlines

KEY = "EMULATED-PHONE"

Hdc = Callable[..., "subprocess.CompletedProcess[bytes]"]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leases of tests are no leases of this machine."""
    monkeypatch.setenv("PIPELINE_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def phone(home: Path) -> EmulatedDevice:
    return create(home, EmulatedSpec(key=KEY))


@pytest.fixture
def hdc(home: Path) -> Hdc:
    """The stand-in, called by hand: as a person or another program would."""

    def call(*arguments: str, timeout: float = 10, **options: object) -> object:
        return subprocess.run(
            [*hdc_command(home), *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout,
            **options,
        )

    return call


@pytest.fixture
def client(home: Path) -> HdcClient:
    return HdcClient(hdc_command(home), patience=Patience(call_s=5, channel_s=2))


@pytest.fixture
def driver(client: HdcClient, phone: EmulatedDevice) -> HdcDevice:
    return HdcDevice(client, phone.key, deadlines=Deadlines(ask_s=5, tidy_s=2, transfer_s=3))


@pytest.fixture
def ours(phone: EmulatedDevice) -> Callable[[], list[str]]:
    """The files of the pipeline that are on the device."""

    def files() -> list[str]:
        folder = phone.root / "data/local/tmp/mslite-pipeline"
        return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())

    return files


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A file as large as a small model, read-only as models are kept."""
    path = tmp_path / "lenet.ms"
    path.write_bytes(bytes(range(256)) * 400)
    path.chmod(0o400)
    return path
