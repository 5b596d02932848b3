"""What every way in gives: a graph for the converter, and what it should answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.stages.convert import Graph, Reference


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
