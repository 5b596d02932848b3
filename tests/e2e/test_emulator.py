"""Emulated devices by hand, and what a code of hdc means: from the command line."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.e2e.conftest import Cli

pytestmark = pytest.mark.slow


def test_devices_are_started_listed_used_and_stopped(toolchain: None, tmp_path: Path) -> None:
    cli = Cli(tmp_path / "runs")
    started = cli("emulator", "start", "watch", "--number", "2", "--json")
    assert started.code == 0, started.err
    hdc = tmp_path / "runs" / ".emulator" / "lab" / "hdc"
    listed = subprocess.run([hdc, "list", "targets"], capture_output=True, text=True, check=True)
    keys = listed.stdout.split()
    assert len(keys) == 2
    assert all(key in cli("emulator", "list").err for key in keys)
    stopped = cli("emulator", "stop", keys[0], "--json")
    assert stopped.code == 0, stopped.err
    listed = subprocess.run([hdc, "list", "targets"], capture_output=True, text=True, check=True)
    assert listed.stdout.split() == keys[1:]
    assert cli("emulator", "stop", "--remove").code == 0


def test_a_kind_that_there_is_not_is_refused(tmp_path: Path) -> None:
    done = Cli(tmp_path / "runs")("emulator", "start", "toaster", "--json")
    assert done.code == 2
    assert "toaster" in done.err
