"""The errors that a user can meet: each cause a class, each class an exit code and a hint.

A subclass declares its facts as dataclass fields and derives ``message`` (what is wrong, and
where) and ``hint`` (what to do about it) from them, both one line. Nothing below the command
line prints or exits; it raises one of these.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, is_dataclass
from enum import IntEnum
from pathlib import Path
from typing import ClassVar


class ExitCode(IntEnum):
    """Process exit codes, so that CI can tell a failed gate from a lost device."""

    DONE = 0
    GATE_FAILED = 1
    USAGE = 2
    DEVICE = 3
    TOOLCHAIN = 4
    NO_DATA = 5
    INTERRUPTED = 130


class PipelineError(Exception):
    """Base of everything that is raised on purpose."""

    exit_code: ClassVar[ExitCode] = ExitCode.TOOLCHAIN

    @property
    def message(self) -> str:
        """One line: what is wrong, and where."""
        raise AssertionError(f"{type(self).__name__} has no message")

    @property
    def hint(self) -> str:
        """One line: what to do."""
        raise AssertionError(f"{type(self).__name__} has no hint")

    def __str__(self) -> str:
        return one_line(self.message)

    def facts(self) -> dict[str, object]:
        """The structured fields, for ``--json``."""
        if not is_dataclass(self):
            return {}
        return {field.name: _plain(getattr(self, field.name)) for field in fields(self)}


class UsageError(PipelineError):
    """The command line, a configuration or a file of the user's is wrong."""

    exit_code = ExitCode.USAGE


class DeviceError(PipelineError):
    """No device, or one that did not do what it was asked."""

    exit_code = ExitCode.DEVICE


class ToolchainError(PipelineError):
    """A tool is missing or failed, or what it made does not hold."""

    exit_code = ExitCode.TOOLCHAIN


class NoDataError(PipelineError):
    """There is nothing to measure, or the measurement is not valid."""

    exit_code = ExitCode.NO_DATA


class GateError(PipelineError):
    """Everything ran, and a limit was not met."""

    exit_code = ExitCode.GATE_FAILED


@dataclass(eq=False)
class FileMissing(UsageError):
    """A file that the user named is not there."""

    path: Path
    what: str = "file"

    @property
    def message(self) -> str:
        return f"{self.what} not found: {self.path}"

    @property
    def hint(self) -> str:
        return "check the path; relative paths start at the folder of the file that names them"


@dataclass(eq=False)
class LocalDiskFull(ToolchainError):
    """No space left where the pipeline writes."""

    path: Path

    @property
    def message(self) -> str:
        return f"no space left on the disk while writing {self.path}"

    @property
    def hint(self) -> str:
        return (
            "free some space, also where temporary files go (TMPDIR), or choose another"
            " --workspace; nothing half-written was kept"
        )


@dataclass(eq=False)
class LocalFileError(ToolchainError):
    """The operating system refused to read or write a file."""

    path: Path
    reason: str

    @property
    def message(self) -> str:
        return f"cannot use {self.path}: {self.reason}"

    @property
    def hint(self) -> str:
        return "check the permissions of the file and of its folder"


def one_line(text: str) -> str:
    """``text`` with every run of white space and control characters as a single blank."""
    return " ".join("".join(ch if ch.isprintable() else " " for ch in text).split())


def _plain(value: object) -> object:
    if isinstance(value, (str, int, type(None))) or (
        isinstance(value, float) and math.isfinite(value)
    ):
        return value
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    return str(value)
