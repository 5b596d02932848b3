"""Where things lie that outlive one command."""

from __future__ import annotations

import os
from pathlib import Path


def cache_root() -> Path:
    """The user's cache for tools: ``$PIPELINE_CACHE``, or the folder that XDG names."""
    named = os.environ.get("PIPELINE_CACHE")
    if named:
        return Path(named).expanduser().absolute()
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser().absolute() / "mslite-pipeline"
