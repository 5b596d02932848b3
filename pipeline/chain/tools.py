"""The toolchain as a thing of its own: look at it, install it."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

from device.runner import SOURCES as RUNNER_SOURCES
from pipeline.core.errors import ToolchainError
from pipeline.core.events import Listener, Silent
from pipeline.toolchain import package, toolchain
from pipeline.toolchain.toolchain import Toolchain


@dataclass(eq=False)
class NotInstalled(ToolchainError):
    """The package index's toolchain has not been installed yet."""

    @property
    def message(self) -> str:
        return f"MindSpore Lite {package.VERSION} is not installed yet"

    @property
    def hint(self) -> str:
        return "pipeline toolchain install (deploy and convert do it by themselves)"


def show(named: Path | None = None) -> Toolchain:
    """The toolchain that would be used; raises NotInstalled rather than installing it."""
    if named is None and not os.environ.get("MSLITE_HOME") and not toolchain.ready(RUNNER_SOURCES):
        raise NotInstalled()
    return toolchain.resolve(named, RUNNER_SOURCES, Silent())


def install(
    named: Path | None = None, *, force: bool = False, listener: Listener | None = None
) -> Toolchain:
    """Find the toolchain; fetch and build what is missing, with ``force`` all of it again."""
    listener = listener or Silent()
    ours = named is None and not os.environ.get("MSLITE_HOME")
    if force and ours:
        toolchain.remove(RUNNER_SOURCES)
    subject = str(named) if named else "MindSpore Lite"
    listener.started("toolchain", subject)
    started = time.monotonic()
    is_there = not ours or toolchain.ready(RUNNER_SOURCES)
    found = toolchain.resolve(named, RUNNER_SOURCES, listener)
    listener.finished(
        "toolchain",
        subject,
        reused=is_there,
        note=f"{found.version} from {found.origin.value}",
        seconds=time.monotonic() - started,
    )
    return found
