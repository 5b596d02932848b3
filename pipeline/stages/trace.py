"""A model's own run, operator by operator: values as real numbers, and who feeds whom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.inspect.look import look
from pipeline.inspect.record import Inspection, Operator, Quantization
from pipeline.stages.divergence import layer_of
from pipeline.toolchain import dump
from pipeline.toolchain.errors import HostRunFailed
from pipeline.toolchain.toolchain import Toolchain


@dataclass(frozen=True)
class Step:
    """An operator that ran. ``feeders`` are the steps whose outputs it takes, by number;
    ``constants`` what else it takes, by name (weights, and the model's inputs), ``activation``
    what is fused into it (``RELU``), or nothing."""

    name: str
    kind: str
    layer: str
    activation: str
    feeders: tuple[int, ...]
    outputs: tuple[dump.NodeOutput, ...]
    quantizations: tuple[Quantization | None, ...]
    model: str
    constants: tuple[str, ...] = ()

    def values(self) -> Any:
        """The first output as float64, dequantized; None without data or where the numbers of a
        quantized one mean nothing for want of a scale.

        Raises HostRunFailed when the dump is damaged.
        """
        import numpy as np

        if not self.outputs:
            return None
        try:
            raw = dump.read(self.outputs[0])
        except ValueError as error:
            raise HostRunFailed(self.model, f"its dump is damaged: {error}") from None
        if raw is None:
            return None
        values = raw.astype(np.float64)
        quantization = self.quantizations[0] if self.quantizations else None
        if raw.dtype.name not in ("int8", "uint8"):
            return values
        if quantization is None or len(quantization.scales) != 1:
            return None
        return (values - quantization.zero_points[0]) * quantization.scales[0]


@dataclass(frozen=True)
class Trace:
    """A model's run over one sample."""

    model: str
    steps: tuple[Step, ...]

    def consumers(self, number: int) -> Iterator[Step]:
        """The steps that take an output of step ``number``."""
        return (step for step in self.steps if number in step.feeders)


def trace(
    toolchain: Toolchain,
    model: Path,
    samples: tuple[Path, ...],
    folder: Path,
    deadline_s: float = 600.0,
) -> Trace:
    """Run the first of ``samples`` (raw, a file an input, in the model's layout).

    The values stay in ``folder``. Raises ModelUnusable, HostRunFailed and what ``look`` raises.
    """
    nodes = dump.dump(toolchain, model, samples, folder, deadline_s)
    return assemble(nodes, look(model), model.name)


def assemble(nodes: Sequence[dump.Node], found: Inspection, model: str) -> Trace:
    """What ran and what the file says of it. Operators that the runtime made itself have no
    feeders: the file does not know them."""
    operators: Mapping[str, Operator] = {operator.name: operator for operator in found.operators}
    tensors = {
        tensor.name: tensor.quantization
        for tensor in (*found.inputs, *found.computed, *found.outputs)
    }
    made_by: dict[str, int] = {}
    steps = []
    for number, node in enumerate(nodes):
        operator = operators.get(node.name)
        inputs = operator.inputs if operator else ()
        outputs = operator.outputs if operator else tuple(item.name for item in node.outputs)
        steps.append(
            Step(
                name=node.name,
                kind=node.kind,
                layer=layer_of(node.name),
                activation=_fused(operator),
                feeders=tuple(sorted({made_by[name] for name in inputs if name in made_by})),
                outputs=node.outputs,
                quantizations=tuple(tensors.get(name) for name in outputs),
                model=model,
                constants=tuple(name for name in inputs if name not in made_by),
            )
        )
        for name in outputs:
            made_by[name] = number
    return Trace(model, tuple(steps))


def _fused(operator: Operator | None) -> str:
    """The activation at an operator's end; one that is nothing else has none."""
    return operator.activation if operator and operator.kind != "Activation" else ""


def activated(values: Any, activation: str) -> Any:
    """``values`` after an activation, None for one that is not known here."""
    import numpy as np

    functions = {
        "": lambda: values,
        "NO_ACTIVATION": lambda: values,
        "RELU": lambda: np.maximum(values, 0),
        "RELU6": lambda: np.clip(values, 0, 6),
        "SIGMOID": lambda: 1 / (1 + np.exp(-values)),
        "TANH": lambda: np.tanh(values),
        "HSWISH": lambda: values * np.clip(values + 3, 0, 6) / 6,
        "HSIGMOID": lambda: np.clip(values + 3, 0, 6) / 6,
        "SWISH": lambda: values / (1 + np.exp(-values)),
    }
    function = functions.get(activation)
    return None if function is None else function()
