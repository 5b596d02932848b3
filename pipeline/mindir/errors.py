"""What can be wrong with a MindIR file or a network in it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipeline.core.errors import ToolchainError, UsageError


@dataclass(eq=False)
class MindSporeMissing(ToolchainError):
    """MindSpore is needed and is not installed, or its installation is broken.

    ``avoidable``: it would only tell what a model file should answer.
    """

    reason: str = "it is not installed"
    avoidable: bool = False

    @property
    def message(self) -> str:
        return f"MindSpore cannot be used: {self.reason}"

    @property
    def hint(self) -> str:
        hint = "pip install 'mindspore>=2.7,<2.11' into this Python (3.10 to 3.12)"
        if not self.avoidable:
            return hint
        return f"{hint}, or set `reference: fp32` under `model:` to compare with the fp32 .ms only"


@dataclass(eq=False)
class NotAMindIR(UsageError):
    """The bytes are not a MindIR model that can be read."""

    path: Path | None
    reason: str

    @property
    def message(self) -> str:
        return f"{self.path or 'the data'} is not a MindIR model: {self.reason}"

    @property
    def hint(self) -> str:
        return "export it with mindspore.export(..., file_format='MINDIR'), not encrypted"


@dataclass(frozen=True)
class Unmapped:
    """One operator of a network that the converter's MindIR version has no form for.

    ``scope`` is its place in the network as MindSpore names it, ``reason`` why it cannot be
    mapped, ``instead`` what to write in the network.
    """

    operator: str
    scope: str
    reason: str
    instead: str = ""

    def __str__(self) -> str:
        return f"{self.operator} at {self.scope} ({self.reason})"


@dataclass(eq=False)
class OperatorUnsupported(ToolchainError):
    """Operators that cannot be written for the converter: every one of them."""

    operators: tuple[Unmapped, ...]

    @property
    def message(self) -> str:
        named = "; ".join(str(operator) for operator in self.operators)
        return f"the converter cannot take the network's operator {named}"

    @property
    def hint(self) -> str:
        advice = dict.fromkeys(item.instead for item in self.operators if item.instead)
        return "; ".join(advice) or "write this part of the network with other operators"
