"""A Python process of its own for what may crash, hang or print: asked and answering in JSON."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pipeline.core import files, process


def ask(
    module: str,
    request: Mapping[str, Any],
    scratch: Path,
    deadline_s: float,
    env: Mapping[str, str],
    on_line: Callable[[str], None] | None = None,
) -> tuple[Any, process.Completed]:
    """The answer of ``python -m module REQUEST RESULT``, None when it left none that is whole.

    ``on_line`` hears each line that it prints.
    """
    asked, answered = scratch / "request.json", scratch / "result.json"
    files.write_json(asked, request)
    command = [sys.executable, "-m", module, str(asked), str(answered)]
    done = process.run(command, deadline_s=deadline_s, env=env, on_line=on_line)
    if done.ending is not process.Ending.EXIT or not answered.is_file():
        return None, done
    try:
        return files.read_json(answered), done
    except ValueError:
        return None, done


def environment(scratch: Path) -> dict[str, str]:
    """What makes the child find this package, repeat itself exactly and litter nothing."""
    return {
        **process.python_environment(),
        "PYTHONHASHSEED": "0",
        "PYTHONUNBUFFERED": "1",
        "GLOG_v": os.environ.get("GLOG_v", "3"),  # noqa: SIM112 (its name)
        "MS_OM_PATH": str(scratch),  # what MindSpore dumps on errors; else a rank_0 where we stand
    }


def how(returncode: int) -> str:
    """How a child without an answer ended."""
    if returncode >= 0:
        return f"it exited with code {returncode} and no answer"
    return process.signal_name(-returncode)
