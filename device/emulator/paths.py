"""Paths of an emulated device and where they are on this machine.

The remote shell is this machine's, so absolute paths in a command are moved below the device's
root before it runs, and what it prints is moved back. Only /dev and /proc stay this machine's,
but for the two files that tell what the device is.
"""

from __future__ import annotations

import os
import re

_ABSOLUTE = re.compile(r"(?<![\w./@%+~$})*?\\\]-])/(?=[\w.])")
_HOST = re.compile(r"(?:dev(?![\w.-])|proc(?![\w.-])(?!/(?:cpuinfo|meminfo)(?![\w.-])))")


def to_host(command: str, root: str) -> str:
    """``command`` with the absolute paths in it below ``root``, a path safe in any shell."""

    def move(match: re.Match[str]) -> str:
        at = match.end()
        stays = _HOST.match(command, at) or command.startswith(root, at - 1)
        return "/" if stays else f"{root}/"

    return _ABSOLUTE.sub(move, command)


def file_on_host(path: str, root: str) -> str:
    """Where the device's file ``path`` is; no path climbs out of ``root``."""
    return root + os.path.normpath("/" + path).replace("//", "/")


class ToDevice:
    """Takes the root, by any of its names, out of output that comes in pieces."""

    def __init__(self, *roots: str) -> None:
        self._needles = [os.fsencode(root) for root in roots]
        self._rest = b""

    def feed(self, piece: bytes) -> bytes:
        """What can be passed on now; a beginning of the root waits for what follows."""
        data = self._rest + piece
        for needle in self._needles:
            data = data.replace(needle, b"")
        keep = max(_begun(data, needle) for needle in self._needles)
        self._rest = data[len(data) - keep :]
        return data[: len(data) - keep]

    def finish(self) -> bytes:
        """What was still waiting."""
        rest, self._rest = self._rest, b""
        return rest


def _begun(data: bytes, needle: bytes) -> int:
    """How many bytes at the end of ``data`` begin ``needle``."""
    longest = min(len(needle) - 1, len(data))
    return next((n for n in range(longest, 0, -1) if data.endswith(needle[:n])), 0)


def main(root: str) -> None:
    """Move the paths of a script, from standard input to standard output."""
    script = os.fsdecode(_read_all(0))
    os.write(1, os.fsencode(to_host(script, root)))


def _read_all(handle: int) -> bytes:
    pieces = []
    while piece := os.read(handle, 1 << 16):
        pieces.append(piece)
    return b"".join(pieces)
