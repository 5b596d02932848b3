"""What the bench app answers, read (``bench_app/.../answer.h``)."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

from pipeline.core.errors import one_line

_T = TypeVar("_T")
_HASH = re.compile(r"[0-9a-f]{64}")


class Status(str, Enum):
    """How a call went."""

    HELLO = "hello"
    MISSING = "missing"
    REFUSED = "refused"
    DONE = "done"


@dataclass(frozen=True)
class Left:
    """A file that the app has for us, by its path in the app's view."""

    path: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True)
class Answer:
    """One answer. ``codes`` are those of the runs that were begun, in order; the last may be bad.

    ``folder`` is the app's files folder in its own view. ``missing`` names objects that are not
    there, or not whole.
    """

    app: str
    runner: str
    library_sha256: str | None
    session: str
    call: int
    folder: str
    status: Status
    reason: str
    objects: tuple[str, ...]
    missing: tuple[str, ...]
    codes: tuple[int, ...]
    files: tuple[Left, ...]

    def left(self, path: str) -> Left | None:
        """The file at ``path``; None when it was not left."""
        return next((file for file in self.files if file.path == path), None)


def parse_answer(data: bytes) -> Answer:
    """Read an answer; ``ValueError`` when it is not a whole one of this version."""
    try:
        record = json.loads(data)
        if _a(int, record["schema"]) != 1:
            raise ValueError(f"unknown schema {record['schema']!r}")
        library = record["library_sha256"]
        return Answer(
            app=_a(str, record["app"]),
            runner=_a(str, record["runner"]),
            library_sha256=None if library is None else _hash(library),
            session=_a(str, record["session"]),
            call=_a(int, record["call"]),
            folder=_folder(record["folder"]),
            status=Status(record["status"]),
            reason=one_line(_a(str, record["reason"])),
            objects=_texts(record["objects"]),
            missing=_texts(record["missing"]),
            codes=tuple(_a(int, code) for code in _a(list, record["codes"])),
            files=tuple(_left(item) for item in _a(list, record["files"])),
        )
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"not an answer: {type(error).__name__}: {error}") from None


def _left(item: Any) -> Left:
    size = _a(int, item["size_bytes"])
    if not 0 <= size < 1 << 63:
        raise ValueError(f"{size} is not a size")
    return Left(_a(str, item["path"]), _hash(item["sha256"]), size)


def _folder(value: Any) -> str:
    folder = _a(str, value)
    if not folder.startswith("/") or any(not char.isprintable() for char in folder):
        raise ValueError(f"{folder!r:.80} is not a folder")
    return folder


def _hash(value: Any) -> str:
    if not _HASH.fullmatch(_a(str, value)):
        raise ValueError(f"{value!r:.80} is not a hash")
    return str(value)


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(_a(str, item) for item in _a(list, value))


def _a(kind: type[_T], value: Any) -> _T:
    if type(value) is not kind:  # not isinstance: true is no number
        raise ValueError(f"{value!r:.80} where a {kind.__name__} was expected")
    return value
