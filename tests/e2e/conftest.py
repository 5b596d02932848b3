"""The real MindSpore, converter and runtime, run as a user runs them: in processes of their own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
DIGITS = ROOT / "examples" / "digits" / "deploy.yaml"
#: A phone that is measured quickly, for tests that want no figures; and an emulated one.
PHONE = ("--device", ROOT / "tests/e2e/quick/phone.yaml")
QUICK = (*PHONE, "--emulate", "host")


@dataclass(frozen=True)
class Called:
    """What a command left."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True)
class Cli:
    """The command line, in a workspace."""

    workspace: Path

    def command(self, *arguments: object) -> list[str]:
        return [sys.executable, "-m", "pipeline", *map(str, arguments), "-w", str(self.workspace)]

    def __call__(self, *arguments: object, env: dict[str, str] | None = None) -> Called:
        done = subprocess.run(
            self.command(*arguments),
            cwd=ROOT,
            env=environment(env),
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Called(done.returncode, done.stdout, done.stderr)

    def models(self) -> dict[str, bytes]:
        """The newest deployment's models."""
        folder = max(self.workspace.glob("*-deploy-*")) / "models"
        return {path.name: path.read_bytes() for path in sorted(folder.glob("*.ms"))}

    def litter(self) -> list[str]:
        """What no finished command may leave in the store."""
        store = self.workspace / ".store"
        return [str(path) for path in store.glob("*/.*") if not path.name.endswith(".lock")]


def environment(extra: dict[str, str] | None = None) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if key not in ("HDC", "MSLITE_HOME")}
    return {**kept, "PYTHONPATH": str(ROOT), **(extra or {})}


@pytest.fixture(scope="session")
def toolchain() -> None:
    """The package index's toolchain; without network and cache there is nothing to test with."""
    done = subprocess.run(
        [sys.executable, "-m", "pipeline", "toolchain", "install", "--json"],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 4 and "DownloadFailed" in done.stdout and not os.environ.get("CI"):
        pytest.skip("the MindSpore Lite package is not in the cache and cannot be fetched")
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def deployed(toolchain: None, tmp_path_factory: pytest.TempPathFactory) -> tuple[Cli, Any]:
    """A workspace in which the digits were deployed once, and the JSON of that."""
    cli = Cli(tmp_path_factory.mktemp("deployed"))
    done = cli("deploy", DIGITS, "--device", "phone", "--emulate", "host", "--json")
    assert done.code == 0, done.err
    return cli, done.json


@pytest.fixture
def copy(deployed: tuple[Cli, Any], tmp_path: Path) -> Cli:
    """A workspace of one's own in which everything is finished."""
    shutil.copytree(deployed[0].workspace, tmp_path / "runs", symlinks=True)
    return Cli(tmp_path / "runs")


@pytest.fixture
def fresh(toolchain: None, tmp_path: Path) -> Cli:
    """An empty workspace."""
    return Cli(tmp_path / "runs")
