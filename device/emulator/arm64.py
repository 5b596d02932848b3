"""How an emulated device runs the programs of an ARM64 one.

An emulated shell is this machine's, which cannot execute them. They are started by a tool that the
device has besides its usual ones: ``arm64 PROGRAM ARGUMENTS``.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from device.instructions import COUNTER

#: The tool's name on the device.
LAUNCHER = "arm64"

#: The counters' file has no name from the start on, so that a killed run leaves none.
_SCRIPT = """#!/bin/sh
counters=$(mktemp) || exit 1
exec 9<>"$counters"
rm -f "$counters"
{variable}=/proc/self/fd/9 exec {command} "$@"
"""


def launcher(command: Sequence[str]) -> str:
    """The tool, as a shell script; ``command`` emulates a processor that counts instructions."""
    return _SCRIPT.format(variable=COUNTER, command=shlex.join(command))
