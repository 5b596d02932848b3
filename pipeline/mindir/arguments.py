"""Constructor arguments that version 2 and 3 carry as trailing inputs, back into attributes."""

from __future__ import annotations

from pipeline.mindir.operators import Argument
from pipeline.mindir.program import Node
from pipeline.mindir.scene import Scene, Unmappable
from pipeline.mindir.values import DataType, to_attribute

#: Version 1 calls the layout ``format``; some of its readers look for the newer name as well.
_ALSO_CALLED = {"data_format": "format"}


def to_attributes(scene: Scene, node: Node) -> None:
    """Move the trailing inputs of ``node`` that are constructor arguments into attributes.

    Which they are, the definition of its operator tells. Raises ``Unmappable`` when there is no
    such operator, when its inputs are not as many as defined, or when an argument is computed.
    """
    definition = scene.definitions.find(node.operator)
    if definition is None:
        raise Unmappable("the installed MindSpore has no such operator")
    count = len(definition.arguments)
    inputs = len(node.inputs) - count
    if inputs < 0 or (definition.inputs is not None and inputs != len(definition.inputs)):
        raise Unmappable(
            f"it has {len(node.inputs)} inputs where the installed MindSpore says "
            f"{len(definition.inputs or ()) + count}",
            "export with the MindSpore that is installed here",
        )
    for argument, name in zip(definition.arguments, node.inputs[inputs:], strict=True):
        value = _meaning(argument, scene.value(name, f"argument {argument.name}"))
        for key in filter(None, (argument.name, _ALSO_CALLED.get(argument.name))):
            node.attributes[key] = to_attribute(key, value)
    del node.inputs[inputs:]
    node.function = False


def _meaning(argument: Argument, value: object) -> object:
    if not argument.meanings or isinstance(value, (str, DataType)) or value is None:
        return value
    if not isinstance(value, int) or value not in argument.meanings:
        raise Unmappable(f"its argument {argument.name} has the unknown value {value}")
    return argument.meanings[value]
