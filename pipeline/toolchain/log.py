"""Walls of C++ log, boiled down to the line that matters."""

from __future__ import annotations

import re

from pipeline.core.errors import one_line

_LOG = re.compile(
    r"^\[(?P<level>ERROR|CRITICAL)\] [A-Z_]+\([^)]*\):\S+ \[(?P<where>[^\]]*)\] (?P<what>.*)$"
)
_FUNCTION = re.compile(r"^\w+\] ")
_UNSUPPORTED = re.compile(r"FMKTYPE: *(\S+?),? OP TYPE: *(\S+)")
_MAX = 300

#: Causes that name themselves, however many lines follow them.
_TELLING = (
    "INPUT ILLEGAL",
    "can only support the maximum mind ir version",
    "Cant find input",
    "file count less than calibrate size",
    "is not consistent with model input",
    "calibrate path must pass",
    "offset over max size",
    "is not a valid flag",
    "No space left on device",
    "encounter an unknown error",
)


def boil_down(text: str) -> str:
    """The line of a tool's output that tells a person the cause.

    Unsupported operators first, then a line that is known to name the cause, then the first error
    that the tool logged (what follows is its callers' echo), then its last words.
    """
    lines = [line for line in text.splitlines() if _words(line)]
    operators = sorted({match.group(2) for line in lines for match in _UNSUPPORTED.finditer(line)})
    if operators:
        return one_line(f"the converter does not support: {', '.join(operators)}")[:_MAX]
    for sign in _TELLING:
        for line in lines:
            if sign in line:
                return _words(line)
    for line in lines:
        if _LOG.match(line):
            return _words(line)
    return _words(lines[-1]) if lines else "no output at all"


def _words(line: str) -> str:
    match = _LOG.match(line)
    if match:
        line = _FUNCTION.sub("", match.group("what"))
    return one_line(line)[:_MAX]
