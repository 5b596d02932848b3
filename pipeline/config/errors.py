"""What can be wrong with a configuration."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.core.errors import UsageError


def nearest(name: str, known: Sequence[str]) -> str | None:
    """The entry of ``known`` that ``name`` was probably meant to be, if any is close."""
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return close[0] if close else None


@dataclass(eq=False)
class ConfigSyntax(UsageError):
    """The file is not YAML."""

    path: Path
    line: int
    problem: str

    @property
    def message(self) -> str:
        return f"{self.path}:{self.line}: not valid YAML: {self.problem}"

    @property
    def hint(self) -> str:
        return "look at that line and the one above it for indentation, a colon, an open quote"


@dataclass(eq=False)
class ConfigInvalid(UsageError):
    """A key is unknown or missing, or a value cannot be used."""

    path: Path
    line: int
    where: str
    problem: str
    suggestion: str | None = None
    others: int = 0

    @property
    def message(self) -> str:
        place = f" `{self.where}`" if self.where else ""
        more = f" (and {self.others} more)" if self.others else ""
        return f"{self.path}:{self.line}:{place} {self.problem}{more}"

    @property
    def hint(self) -> str:
        if self.suggestion:
            return f"did you mean `{self.suggestion}`?"
        return "`pipeline schema` prints what may stand there"


@dataclass(eq=False)
class NameUnknown(UsageError):
    """A recipe or a device profile that no configuration folder has."""

    kind: str
    name: str
    known: tuple[str, ...]

    @property
    def message(self) -> str:
        return f"unknown {self.kind} `{self.name}`"

    @property
    def hint(self) -> str:
        guess = nearest(self.name, self.known)
        meant = f"did you mean `{guess}`? " if guess else ""
        return f"{meant}there are: {', '.join(self.known) or 'none'}"


@dataclass(eq=False)
class RecipeTwice(UsageError):
    """Two recipe files of one name: their models would have one name too."""

    name: str
    paths: tuple[Path, ...]

    @property
    def message(self) -> str:
        return f"recipe `{self.name}` is named twice: {' and '.join(map(str, self.paths))}"

    @property
    def hint(self) -> str:
        return "name it once, or give one of the files another name"


@dataclass(eq=False)
class NoConfig(UsageError):
    """No configuration was named and none lies where one is looked for."""

    looked_at: tuple[Path, ...]

    @property
    def message(self) -> str:
        return "no configuration: none was named and there is no " + " or ".join(
            str(path) for path in self.looked_at
        )

    @property
    def hint(self) -> str:
        return "name one: pipeline deploy path/to/deploy.yaml"
