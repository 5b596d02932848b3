"""Where things lie that outlive one command."""

from __future__ import annotations

import os
from pathlib import Path


def expand(path: Path) -> Path:
    """``path`` with a leading ``~`` or ``~user`` resolved; of a user that is not there, as it is.

    Not pathlib's ``expanduser``, which raises ``RuntimeError`` for such a user.
    """
    return Path(os.path.expanduser(path))


def cache_root() -> Path:
    """The user's cache for tools: ``$PIPELINE_CACHE``, or the folder that XDG names."""
    named = os.environ.get("PIPELINE_CACHE")
    if named:
        return expand(Path(named)).absolute()
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return expand(Path(base)).absolute() / "mslite-pipeline"
