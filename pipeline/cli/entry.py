"""Where the program starts: Ctrl-C is heard from the first moment, also while modules load."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType


def main() -> None:
    """The console script."""
    signal.signal(signal.SIGINT, _leave)
    if not sys.stderr.isatty():
        # Else typer colours its own messages wherever GITHUB_ACTIONS is set.
        os.environ.setdefault("_TYPER_FORCE_DISABLE_TERMINAL", "1")
    from pipeline.cli.app import app

    app()


def _leave(number: int, frame: FrameType | None) -> None:
    os.write(2, b"error: interrupted\nhint: nothing had been started yet\n")
    os._exit(130)
