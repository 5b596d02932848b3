"""Many small remote commands in one call, for each call over hdc costs tens of milliseconds."""

from __future__ import annotations

from collections.abc import Mapping

from device.quote import quote


def script(commands: Mapping[str, str], mark: str) -> str:
    """A shell command that runs every one of ``commands`` and prints its name before its output.

    ``mark`` is a word that the outputs cannot contain; names and mark are harmless words.
    One that fails, or is a syntax error, does not keep the others from running.
    """
    parts = (f"echo; echo {mark} {name}; sh -c {quote(run)}" for name, run in commands.items())
    return "; ".join(parts) + "; true"


def split(text: str, mark: str) -> dict[str, str]:
    """The output of each command by its name, without surrounding white space."""
    found: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in text.splitlines():
        if line.startswith(f"{mark} "):
            lines = found.setdefault(line[len(mark) + 1 :].strip(), [])
        else:
            lines.append(line)
    return {name: "\n".join(lines).strip() for name, lines in found.items()}
