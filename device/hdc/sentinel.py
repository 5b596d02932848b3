"""Marks around a remote command that carry its exit code, which hdc does not.

hdc ends with code 0 whatever happens, also when the cable is pulled half-way. So the remote
shell prints one mark before the command and another one, with the exit code, behind it. Without
the first the command never began and the text is hdc's own; without the second the connection
broke. The marks have a nonce, so that no output of the command can be taken for them, and are
written in the command with two quotes inside, so that a listing of processes has no mark either.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from device.hdc import names
from device.quote import quote

#: Environment variable that every process of one remote call inherits, to find them by.
TAG = "MSLITE_PIPELINE_CALL"


class Stage(str, Enum):
    """How far a call came, judged by its output."""

    NEVER_BEGAN = "never began"
    BROKEN = "broken"
    DONE = "done"


@dataclass(frozen=True)
class Answer:
    """The output between the marks (all of it when the command never began) and the code."""

    stage: Stage
    output: bytes
    code: int = -1


@dataclass(frozen=True)
class Sentinel:
    """The marks of one remote call; ``nonce`` is a harmless word, used once."""

    nonce: str

    @classmethod
    def fresh(cls) -> Sentinel:
        """Marks that were never used before."""
        return cls(secrets.token_hex(8))

    @property
    def tag(self) -> str:
        """What the processes of this call have in their environment."""
        return f"{names.owner()}-{self.nonce}"

    @property
    def begin(self) -> bytes:
        return f"mslp-{self.nonce}-begin".encode()

    @property
    def end(self) -> bytes:
        return f"mslp-{self.nonce}-end:".encode()

    def wrap(self, command: str) -> str:
        """``command`` in a shell of its own, between the marks, without standard input.

        The shell of its own keeps a syntax error, ``exit`` or ``exec`` of the command from
        swallowing the mark behind it.
        """
        return (
            f"echo mslp-''{self.nonce}-begin; "
            f"{TAG}={self.tag} sh -c {quote(command)} </dev/null; "
            f"r=$?; echo; echo mslp-''{self.nonce}-end:$r"
        )

    def read(self, stdout: bytes) -> Answer:
        """Split what hdc printed."""
        begin = re.search(re.escape(self.begin) + rb"\r?\n", stdout)
        if begin is None:
            return Answer(Stage.NEVER_BEGAN, stdout)
        rest = stdout[begin.end() :]
        end = re.search(rb"\r?\n" + re.escape(self.end) + rb"(\d{1,3})\r?\n", rest)
        if end is None:
            return Answer(Stage.BROKEN, rest)
        # Behind the mark: what children in the background printed later.
        return Answer(Stage.DONE, rest[: end.start()] + rest[end.end() :], int(end.group(1)))


def stop(tag: str) -> str:
    """A command that kills what is left on the device of the calls whose tag begins so."""
    return (
        "for p in /proc/[0-9]*; do "
        f"grep -q {TAG}={quote(tag)} $p/environ 2>/dev/null && "
        "kill -9 ${p##*/} 2>/dev/null; done; true"
    )


class LineFilter:
    """Hands the lines between the marks on, as they come."""

    def __init__(self, sentinel: Sentinel, on_line: Callable[[str], None]) -> None:
        self._begin = sentinel.begin.decode()
        self._end = sentinel.end.decode()
        self._on_line = on_line
        self._inside = False
        self._blank = False

    def __call__(self, line: str) -> None:
        if not self._inside:
            self._inside = line.rstrip("\r").endswith(self._begin)
            return
        if line.startswith(self._end):
            self._inside = False
            return
        # A blank line may be the one that belongs to the mark; it waits for the next.
        if self._blank:
            self._on_line("")
        self._blank = line.rstrip("\r") == ""
        if not self._blank:
            self._on_line(line)
