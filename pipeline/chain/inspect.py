"""A model file looked into, or two beside each other."""

from __future__ import annotations

from pathlib import Path

from pipeline.inspect.compare import Comparison, compare
from pipeline.inspect.look import look
from pipeline.inspect.record import Inspection


def inspect(file: Path, other: Path | None = None) -> Inspection | Comparison:
    """What is in ``file``, or what changes from it to ``other``.

    Raises ``NotAModel``, ``Damaged`` and ``Unsupported``, ``FileMissing`` and ``LocalFileError``.
    """
    found = look(file)
    return found if other is None else compare(found, look(other))
