"""What every way in gives: a graph for the converter, and what it should answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.stages.convert import Graph, Reference
from pipeline.toolchain import versions
from pipeline.toolchain.toolchain import Toolchain


@dataclass(frozen=True)
class Source:
    """A network that can be converted. ``correct`` of ``n``: its own accuracy on the test set.

    ``digest`` is a hash over all that ``graph`` names.
    """

    graph: Graph
    digest: str
    reference: Reference
    correct: int
    n: int
    facts: Mapping[str, Any]

    @property
    def percent(self) -> float:
        """The network's own accuracy in percent."""
        return 100.0 * self.correct / self.n


def check_mindir(toolchain: Toolchain, facts: Mapping[str, Any]) -> None:
    """``MindirBeyondConverter`` where the converter is known not to read a source's MindIR.

    ``facts`` are the source's; those of other formats have no ``mindir_version``.
    """
    if found := facts.get("mindir_version"):
        versions.check_mindir(toolchain.version, found[-1])
