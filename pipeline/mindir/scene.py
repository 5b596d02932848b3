"""What a rule sees of the network around an operator, and how it puts others in its place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pipeline.core.tensors import TensorFacts
from pipeline.mindir.operators import Definitions
from pipeline.mindir.program import Graph, Node, Program
from pipeline.mindir.values import Opaque, to_attribute, to_python, to_tensor


class Unmappable(Exception):
    """A rule cannot do without changing what the network computes: why, and what to use instead."""

    def __init__(self, reason: str, instead: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.instead = instead


class Scene:
    """One graph of a program while its operators are replaced."""

    def __init__(self, program: Program, graph: Graph, definitions: Definitions) -> None:
        self.definitions = definitions
        self._program = program
        self._graph = graph
        self._added = 0

    def value(self, name: str, what: str) -> Any:
        """The Python value of a constant; ``what`` it is goes into the message when it is none."""
        value = self._program.value(name)
        if isinstance(value, Opaque):
            raise Unmappable(f"its {what} is computed while the network runs")
        return value

    def is_constant(self, name: str) -> bool:
        """Whether ``name`` is a constant with a value that can be read."""
        return not isinstance(self._program.value(name), Opaque)

    def is_constant_or_tuple(self, name: str) -> bool:
        """Whether ``name`` is such a constant, or a tuple of them."""
        return all(map(self.is_constant, self._items(name)))

    def value_or_tuple(self, name: str) -> Any:
        """The value of a constant, or the values of a tuple of them."""
        if name not in self._graph.nodes:
            return self.value(name, "input")
        return tuple(self.value(item, "input") for item in self._items(name))

    def is_output(self, name: str) -> bool:
        """Whether the graph returns ``name``, by itself or in a tuple."""
        return any(
            name == item.name or name in self._items(item.name) for item in self._graph.outputs
        )

    def is_input(self, name: str) -> bool:
        """Whether ``name`` is an input of the graph."""
        return any(name == item.name for item in self._graph.inputs)

    def tensor(self, name: str) -> TensorFacts:
        """Type and shape of a value."""
        if (found := self._program.tensor(name)) is None:
            raise Unmappable("the type of its input is not known")
        return found

    def result(self, node: Node) -> TensorFacts:
        """Type and shape of a node's output."""
        return self.tensor(node.output)

    def producer(self, name: str) -> Node | None:
        """The node whose output ``name`` is."""
        return self._graph.nodes.get(name)

    def node(self, name: str) -> Node:
        """The node whose output ``name`` is, which there must be."""
        return self._graph.nodes[name]

    def constant(self, value: Any) -> str:
        """A new constant; numpy arrays become tensors."""
        name = self._name("constant")
        self._program.constants[name] = to_attribute("value", value)
        return name

    def attribute(self, node: Node, name: str) -> Any:
        """The Python value of an attribute; None when ``node`` has none of that name."""
        found = node.attributes.get(name)
        return None if found is None else to_python(found)

    def constant_like(self, node: Node, value: float) -> str:
        """A number as a tensor of no dimensions, of the type of the node's output."""
        return self.scalar(value, self.result(node).dtype)

    def scalar(self, value: float, dtype: str) -> str:
        """A new constant: a tensor of no dimensions."""
        return self.constant(np.asarray(value, dtype))

    def add(
        self,
        operator: str,
        inputs: Sequence[str],
        like: Node,
        attributes: Mapping[str, Any] | None = None,
        *,
        shape: Sequence[int] | None = None,
        dtype: str | None = None,
    ) -> str:
        """A new operator where ``like`` is; its output is as that of ``like`` unless told."""
        result = like.result
        if shape is not None or dtype is not None:
            same = self.tensor(like.output) if shape is None or dtype is None else None
            dims = same.shape if shape is None and same else tuple(shape or ())
            result = to_attribute("shape", None)
            result.type = result.TENSORS
            number = to_tensor("", np.empty(0, dtype or (same.dtype if same else ""))).data_type
            result.tensors.add(data_type=number, dims=dims)
        node = Node(operator, list(inputs), self._name(operator), like.scope, result)
        node.attributes = {
            name: to_attribute(name, value) for name, value in (attributes or {}).items()
        }
        self._graph.nodes[node.output] = node
        return node.output

    def _items(self, name: str) -> list[str]:
        """The items when ``name`` is a tuple, else itself."""
        node = self._graph.nodes.get(name)
        if node is None or node.operator not in ("MakeTuple", "make_list"):
            return [name]
        return node.inputs

    def _name(self, what: str) -> str:
        self._added += 1
        return f"\0{self._graph.name}/{what}/{self._added}"
