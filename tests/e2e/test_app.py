"""A whole deployment to a phone that executes signed code only: through the bench app."""

from __future__ import annotations

import json
import secrets
import shlex
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from device.app import names
from device.emulator import EmulatedDevice, EmulatedSpec, Fault, FaultKind, create, hdc_command
from device.runner import SOURCES
from pipeline.core.events import Silent
from pipeline.core.places import cache_root
from pipeline.toolchain.native import host_abi
from pipeline.toolchain.toolchain import resolve
from tests.bench_app import build
from tests.e2e.conftest import DIGITS, Called, Cli

pytestmark = pytest.mark.slow

PROFILE = """\
description: a phone, measured shortly
match: {device_types: [phone]}
run: {way: WAY}
plan: {warm_up: 2, max_warm_up: 10, runs: 2, samples: 20, time_s: 0, percentile: 50,
       reference: false, cool_down_s: 0}
"""


@dataclass
class Shop:
    """A consumer phone behind hdc, and the app's package."""

    cli: Cli
    folder: Path
    hdc: Path
    phone: EmulatedDevice
    hap: Path

    def deploy(self, *more: object, way: str = "auto") -> Called:
        profile = self.folder / "short.yaml"
        profile.write_text(PROFILE.replace("WAY", way))
        recipes = ("-r", "fp32", "-r", "weight-8")
        device = ("--device", profile, "--hdc", self.hdc, "--no-emulate")
        return self.cli("deploy", DIGITS, *device, *recipes, "--json", *more)

    def on_device(self) -> set[str]:
        """Folders that hold a file of ours, in the shell's place and in the sandbox."""
        shell = self.phone.root / "data/local/tmp/mslite-pipeline"
        app = self.phone.root / "data/app/el2/100/base" / names.BUNDLE / "haps/entry/files"
        return {
            str(path.relative_to(home).parts[0])
            for home in (shell, app)
            for path in home.rglob("*")
            if path.is_file()
        }

    def running(self) -> bool:
        for entry in Path("/proc").iterdir():
            try:
                line = (entry / "cmdline").read_bytes() if entry.name.isdigit() else b""
            except OSError:
                continue
            if str(self.phone.root).encode() in line:
                return True
        return False


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed")
    folder = tmp_path_factory.mktemp("app")
    return build.package(folder / "bench.hap", build.program(folder), abi=host_abi())


@pytest.fixture
def shop(copy: Cli, package: Path, tmp_path: Path) -> Iterator[Shop]:
    home, hdc = tmp_path / "lab", tmp_path / "hdc"
    hdc.write_text(f'#!/bin/sh\nexec {shlex.join(hdc_command(home))} "$@"\n')
    hdc.chmod(hdc.stat().st_mode | stat.S_IXUSR)
    runtime = resolve(None, SOURCES, Silent()).runtime
    key = f"SHOP{secrets.token_hex(4)}"
    spec = EmulatedSpec(key=key, signed_only=True, debuggable=False, runtime_library=runtime)
    yield Shop(copy, tmp_path, hdc, create(home, spec), package)
    for path in (cache_root() / "refusals").glob(f"{key}-*"):
        path.unlink()


def test_without_the_app_the_error_names_it(shop: Shop) -> None:
    done = shop.deploy()
    assert (done.code, done.json["error"]) == (3, "RunnerRefused")
    assert "--app FILE.hap" in done.err
    assert done.err.rstrip().endswith("--app FILE.hap")


def test_the_whole_deployment_goes_through_the_app(shop: Shop) -> None:
    done = shop.deploy("--app", shop.hap)
    assert done.code == 0, done.err
    models = done.json["models"]
    assert [one["name"] for one in models] == ["fp32", "weight-8"]
    for one in models:
        found = one["benchmark"]
        assert found["verdict"] == "valid" or found["reason"]
        assert found["device_parity"]["cosine_min"] > 0.999
        assert found["latency_ns"]["n"] >= 20
    library = json.loads((shop.phone.folder / f"app-{names.BUNDLE}.json").read_text())
    assert library["debug"] is True
    assert shop.on_device() == {"objects"}
    assert not shop.running()

    # The phone is remembered, and has the app by now: nothing is installed or tried again.
    shop.phone.plan_apps(install=9568260)
    shop.phone.set_fault(Fault(FaultKind.CUT_SHELL, times=None, containing="--version"))
    again = shop.deploy()
    assert again.code == 0, again.err
    assert all(one["benchmark"]["sent_bytes"] == 0 for one in again.json["models"])


def test_what_is_in_the_way_is_told_and_the_next_call_succeeds(shop: Shop) -> None:
    shop.phone.plan_apps(sandbox="closed")
    done = shop.deploy("--app", shop.hap, way="app")
    assert (done.code, done.json["error"]) == (3, "SandboxClosed"), done.err
    assert done.err.splitlines()[-1].startswith("hint: ")
    assert not shop.running()
    shop.phone.plan_apps()
    again = shop.deploy("--app", shop.hap, way="app")
    assert again.code == 0, again.err
    assert shop.on_device() == {"objects"}
