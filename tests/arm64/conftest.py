"""The real cross compiler, qemu and plugin; without them there is nothing to test with."""

from __future__ import annotations

import os

import pytest

from pipeline.chain import arm64
from pipeline.core.errors import PipelineError
from pipeline.core.events import Silent
from pipeline.toolchain.arm64 import Arm64


def need_arm64() -> None:
    """Skip where ARM64 cannot be emulated, but fail where it must be, as in CI."""
    try:
        arm64.state()
    except PipelineError as error:
        if os.environ.get("PIPELINE_NEEDS_ARM64"):
            pytest.fail(str(error))
        pytest.skip(f"{error}: {error.hint}")


@pytest.fixture(scope="session")
def built() -> Arm64:
    need_arm64()
    return arm64.install(Silent())
