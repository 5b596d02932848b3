"""What a rule is."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.mindir.program import Node
from pipeline.mindir.scene import Scene

#: Gets the node and returns the value that stands for its output.
Rule = Callable[[Scene, Node], str]
