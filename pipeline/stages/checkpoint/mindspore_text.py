"""MindSpore's messages, which run to pages, as the one line that says what is wrong."""

from __future__ import annotations

import re

_RULE = re.compile(r"^[-=\s]*$")
_HEADING = re.compile(r"^- (?P<title>.+)$")
_FRAME = re.compile(r"^# (\d+ )?In file (?P<where>.+?:\d+)")
_NOISE = re.compile(r"^(\s*[\^~]+|More details please|\(See file|\S+\.(cc|h|py):\d+)")
#: Sections that say where in MindSpore's sources, or in whose code, not what.
_SKIPPED = ("C++ Call Stack", "Traceback of Net Construct", "Inner Message", "Ascend")
#: What MindSpore says when this computer cannot run an operator that a device may well run.
_NO_KERNEL = re.compile(
    r"unregistered|not supported on this device|not found op|unsupported op|create kernelmod"
    r"|select kernel|kernel select",
    re.IGNORECASE,
)
_LONGEST = 300


def boil_down(text: str) -> str:
    """The first paragraph that says what is wrong, on one line."""
    kept: list[str] = []
    skipping = False
    for line in text.splitlines():
        if (heading := _HEADING.match(line)) is not None:
            if kept:
                break
            skipping = any(word in heading["title"] for word in _SKIPPED)
        elif _RULE.match(line):
            if kept and not line.strip():
                break
        elif not skipping and not _FRAME.match(line) and not _NOISE.match(line):
            kept.append(line.strip())
    whole = " ".join(kept) or "it gave no reason"
    return whole if len(whole) <= _LONGEST else whole[: _LONGEST - 3] + "..."


def place(text: str) -> str:
    """``file:line`` of the user's construct in a message of the graph compiler, or nothing."""
    frames = [_FRAME.match(line.strip()) for line in text.splitlines()]
    places = [frame["where"] for frame in frames if frame is not None]
    users = [where for where in places if "/site-packages/" not in where]
    return users[-1] if users else ""


def is_missing_kernel(text: str) -> bool:
    """Whether the message says that this computer cannot run an operator."""
    return _NO_KERNEL.search(text) is not None
