"""What is asked of the bench app, as its native half reads it (``bench_app/.../request.h``)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from device.app.names import PROTOCOL


@dataclass(frozen=True)
class Request:
    """Files that have to be there, runs by their arguments, and the files that they leave.

    ``needs`` are names of objects, ``keep`` paths as the app sees them. Raises ``ValueError``
    for a word with a line break, which a line cannot carry.
    """

    needs: tuple[str, ...]
    runs: tuple[tuple[str, ...], ...]
    keep: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        words = (*self.needs, *self.keep, *(word for run in self.runs for word in run))
        for word in words:
            if not word or any(char in word for char in "\n\0"):
                raise ValueError(f"not a word of a request: {word!r:.80}")

    def as_bytes(self) -> bytes:
        """The request, as it goes into the sandbox."""
        lines = [PROTOCOL, *(f"need {name}" for name in self.needs)]
        for run in self.runs:
            lines += ["run", *(f"arg {word}" for word in run)]
        lines += [*(f"keep {path}" for path in self.keep), "end"]
        return ("\n".join(lines) + "\n").encode("utf-8", "surrogateescape")

    @property
    def sha256(self) -> str:
        """By which the app knows that all of it came."""
        return hashlib.sha256(self.as_bytes()).hexdigest()


def needed(runs: Sequence[Sequence[str]], names: Sequence[str]) -> tuple[str, ...]:
    """Those of the objects ``names`` that the arguments of ``runs`` speak of, each once."""
    words = "\n".join(word for run in runs for word in run)
    return tuple(name for name in dict.fromkeys(names) if name in words)
