"""The nodes of an ONNX network, found again among the operators of a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pipeline.stages.divergence import WHOLE, Difference, closest
from pipeline.stages.source.values import NodeValue
from pipeline.stages.trace import Trace, activated

#: Nodes that the converter merges into the one before them at most: norm, sum, activation.
_MERGED = 3
#: Elements from which on it is no chance that two arrays are the same.
_TELLING_SIZE = 16


@dataclass(frozen=True)
class Nodes:
    """What the nodes gave.

    The converter keeps a node's name, or at least those of its weights; of several nodes that it
    merges the first one's, so that the values of those that take from it will do as well.
    """

    trace: Trace
    values: Sequence[NodeValue]

    def layer(self, number: int) -> str:
        """The node's name."""
        node = self._node(number)
        return node.name if node else self.trace.steps[number].name or WHOLE

    def candidates(self, number: int) -> list[Any]:
        """The value of the node of that name, and of those that may be merged into it."""
        node = self._node(number)
        if node is None:
            return []
        found = {node.name: node}
        last = [node]
        for _ in range(_MERGED):
            last = [taker for one in last for taker in self._takers.get(one.output, ())]
            found.update((taker.name, taker) for taker in last)
        return self._arrays(list(found.values()), self.trace.steps[number].activation)

    def around(self, number: int) -> list[Any]:
        """Nothing: a node has no larger one around it."""
        return []

    def elsewhere(self, values: Any, threshold: float) -> tuple[str, Difference] | None:
        """Another node that gave the same, if any: converters add and rename nodes."""
        if values.size < _TELLING_SIZE:
            return None
        for node in self.values:
            if node.elements == values.size:
                found = closest(values, [node.values()])
                if found is not None and found.within(threshold):
                    return node.name, found
        return None

    def ends(self, number: int) -> bool:
        """Always: a node gives one value."""
        return True

    def _arrays(self, nodes: Sequence[NodeValue], activation: str) -> list[Any]:
        arrays = [node.values() for node in nodes if node.elements]
        if activation:
            done = [activated(array, activation) for array in arrays]
            arrays += [array for array in done if array is not None]
        return arrays

    def _node(self, number: int) -> NodeValue | None:
        step = self.trace.steps[number]
        found = self._named.get(step.name)
        if found is None and step.outputs:
            found = self._made.get(step.outputs[0].name)
        by_weight = (self._weighted.get(name) for name in step.constants)
        return found or next((node for node in by_weight if node), None)

    @cached_property
    def _named(self) -> dict[str, NodeValue]:
        return {node.name: node for node in reversed(self.values)}

    @cached_property
    def _made(self) -> dict[str, NodeValue]:
        return {node.output: node for node in self.values}

    @cached_property
    def _weighted(self) -> dict[str, NodeValue]:
        """Nodes by a weight that only they take, for those whose name the converter made up."""
        return {
            name: node
            for node in self.values
            for name in node.weights
            if len(self._takers[name]) == 1
        }

    @cached_property
    def _takers(self) -> dict[str, list[NodeValue]]:
        found: dict[str, list[NodeValue]] = {}
        for node in self.values:
            for name in dict.fromkeys(node.inputs):
                found.setdefault(name, []).append(node)
        return found
