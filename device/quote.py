"""Words and names that are safe in a shell on the device (mksh with toybox)."""

from __future__ import annotations

_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-")
_NAME = _PLAIN - {"/"}
_UNSENDABLE = frozenset('"\t\n\r\0')


def quote(word: str) -> str:
    """``word`` as one word of a POSIX shell command, whatever characters it has.

    Raises ``ValueError`` for a NUL character, which no command line can carry.
    """
    if "\0" in word:
        raise ValueError("a NUL character cannot be part of a command")
    if word and all(char in _PLAIN for char in word):
        return word
    return "'" + word.replace("'", "'\\''") + "'"


def safe_name(name: str, *, limit: int = 80) -> str:
    """A file name that resembles ``name``, of at most ``limit`` harmless ASCII characters.

    Never empty, never hidden, never an option. The end is kept: it carries the extension.
    """
    mapped = "".join(char if char in _NAME else "_" for char in name)
    mapped = mapped[-limit:].lstrip("-.")
    return mapped or "file"


def is_sendable(path: str) -> bool:
    """Whether ``hdc file`` can carry this path, on either side."""
    return not any(char in _UNSENDABLE for char in path)


def is_plain_path(path: str) -> bool:
    """Whether ``path`` is absolute, climbs nowhere and needs no quoting in any shell."""
    parts = path.split("/")
    return (
        path.startswith("/")
        and all(char in _PLAIN for char in path)
        and all(part not in ("", ".", "..") and not part.startswith("-") for part in parts[1:])
    )
