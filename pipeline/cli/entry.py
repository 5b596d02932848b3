"""Where the program starts: Ctrl-C is heard from the first moment, also while modules load."""

from __future__ import annotations

import os
import signal
from types import FrameType


def main() -> None:
    """The console script."""
    signal.signal(signal.SIGINT, _leave)
    from pipeline.cli.app import app

    app()


def _leave(number: int, frame: FrameType | None) -> None:
    os.write(2, b"error: interrupted\nhint: nothing had been started yet\n")
    os._exit(130)
