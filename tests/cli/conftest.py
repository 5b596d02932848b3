"""The command line in processes of its own, far from any device, tool or configuration."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pipeline.core.process import python_environment

_LEFT_OUT = (
    "CI", "FORCE_COLOR", "GITHUB_ACTIONS", "HDC", "MSLITE_HOME", "NO_COLOR", "PIPELINE_DEBUG",
    "PY_COLORS", "TERM",
)  # fmt: skip


@dataclass(frozen=True)
class Called:
    """What a command left."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Pipeline = Callable[..., Called]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """An environment in which nothing is installed but Python."""
    kept = {key: value for key, value in os.environ.items() if key not in _LEFT_OUT}
    home = tmp_path / "home"
    home.mkdir()
    return {
        **kept,
        **python_environment(),
        "HOME": str(home),
        "PATH": "/usr/bin:/bin",
        "PIPELINE_CACHE": str(tmp_path / "cache"),
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty working folder."""
    path = tmp_path / "work"
    path.mkdir()
    return path


@pytest.fixture
def pipeline(environment: dict[str, str], folder: Path) -> Pipeline:
    """``pipeline("schema", "recipe")`` runs it; ``env`` adds to the environment."""

    def call(*arguments: str, env: dict[str, str] | None = None) -> Called:
        done = subprocess.run(
            [sys.executable, "-m", "pipeline", *arguments],
            cwd=folder,
            env={**environment, **(env or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Called(done.returncode, done.stdout, done.stderr)

    return call
