"""Annotations as GitHub Actions reads them from a job's log.

Source: "Workflow commands for GitHub Actions" in GitHub's documentation.
"""

from __future__ import annotations

from enum import Enum

from pipeline.core.errors import one_line


class Level(str, Enum):
    """How loud an annotation is."""

    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"


def annotation(level: Level, title: str, message: str) -> str:
    """One line of a log that GitHub shows beside the job."""
    return f"::{level.value} title={_property(title)}::{_data(message)}"


def _data(text: str) -> str:
    return one_line(text).replace("%", "%25")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
