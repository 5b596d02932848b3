"""The native half, built once."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.bench_app import build


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed")
    return build.program(tmp_path_factory.mktemp("bench"))
