"""A model's run beside another model's, or beside its network's own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Protocol

from pipeline.stages.divergence import (
    WHOLE,
    Difference,
    Divergence,
    Layer,
    State,
    closest,
    measure,
    state_of,
    with_losses,
)
from pipeline.stages.trace import Step, Trace, activated

#: Operators that only change the type of what another computed.
_CASTS = ("QuantDTypeCast", "DynamicQuant")
#: Operators that cannot hide a difference: where their output is right, what they took was.
_TELLING = (
    "Conv2DFusion", "Conv2dTransposeFusion", "MatMulFusion", "FullConnection", "AddFusion",
    "SubFusion", "MulFusion", "AvgPoolFusion", "Transpose", "Reshape", "Flatten", "Concat",
)  # fmt: skip


def against_model(trace: Trace, reference: Trace, threshold: float) -> Divergence:
    """Compare by the operators' names, which a converter makes the same way for every recipe.

    What only one of the two has (casts, fused activations) is counted and otherwise left out.
    """
    theirs: dict[str, Step] = {}
    for step in reference.steps:
        theirs.setdefault(step.name, step)
    rows: dict[int, Layer] = {}
    for number, step in enumerate(trace.steps):
        if (other := theirs.pop(step.name, None)) is not None:
            difference = _beside(step, other)
            if difference is not None:
                rows[number] = _row(step, difference, state_of(difference, threshold))
    table = with_losses(tuple(rows.values()), _feeders(trace, rows))
    return Divergence(
        reference.model, trace.model, threshold, table, len(trace.steps) - len(rows) + len(theirs)
    )


def _beside(step: Step, other: Step) -> Difference | None:
    ours, theirs = step.values(), other.values()
    if ours is None or theirs is None or ours.size != theirs.size:
        return None
    if step.activation != other.activation:  # one has fused it, the other does it afterwards
        if step.activation and other.activation:
            return None
        if step.activation:
            theirs = activated(theirs, step.activation)
        else:
            ours = activated(ours, other.activation)
        if ours is None or theirs is None:
            return None
    return measure(ours, theirs) if ours.shape == theirs.shape else closest(ours, [theirs])


class Network(Protocol):
    """A network that ran by itself: what it has to put beside the steps of its model's run."""

    def layer(self, number: int) -> str:
        """The network's own name of the layer that step ``number`` belongs to."""

    def candidates(self, number: int) -> list[Any]:
        """What it gave that step ``number`` may be the same as; empty where nothing is known."""

    def around(self, number: int) -> list[Any]:
        """What it gave around the layer of step ``number``: second best, to show a distance."""

    def elsewhere(self, values: Any, threshold: float) -> tuple[str, Difference] | None:
        """Another layer that gave the same, if any."""

    def ends(self, number: int) -> bool:
        """Whether step ``number`` is the last of its layer, so that its value must be known."""


def against_network(trace: Trace, network: Network, name: str, threshold: float) -> Divergence:
    """Compare the operator that ends a layer with what the network's layer of that name gave.

    What the network has no value for is counted and otherwise left out.
    """
    rows: dict[int, Layer] = {}
    for number, step in enumerate(trace.steps):
        if step.kind in _CASTS and any(trace.consumers(number)):
            continue
        values = step.values()
        if values is None:
            continue
        layer, difference = network.layer(number), closest(values, network.candidates(number))
        if difference is None or not difference.within(threshold):
            layer, difference = network.elsewhere(values, threshold) or (
                layer,
                closest(values, network.around(number)) if difference is None else difference,
            )
        if difference is None:
            continue
        state = state_of(difference, threshold)
        if state is State.DIFFERS and not difference.nan_count and not network.ends(number):
            state = State.INNER
        rows[number] = replace(_row(step, difference, state), layer=layer)
    for number, row in rows.items():
        if row.state is State.DIFFERS and not row.difference.nan_count:
            rows[number] = _excused(trace, rows, number)
    table = with_losses(tuple(rows.values()), _feeders(trace, rows))
    return Divergence(name, trace.model, threshold, table, len(trace.steps) - len(rows))


def _excused(trace: Trace, rows: dict[int, Layer], number: int) -> Layer:
    """The row, ``INNER`` where what a telling operator makes of it is right: then it is a value
    that the network has not, not a wrong one."""
    for later, row in rows.items():
        step = trace.steps[later]
        if row.state is State.SAME and number in step.feeders and step.kind in _TELLING:
            return replace(rows[number], state=State.INNER)
    return rows[number]


def _row(step: Step, difference: Difference, state: State) -> Layer:
    return Layer(step.layer or WHOLE, step.name, step.kind, state, difference)


def _feeders(trace: Trace, rows: dict[int, Layer]) -> list[list[int]]:
    """For each row the rows that feed it, straight or through steps that have none."""
    places = {number: place for place, number in enumerate(rows)}
    sources: list[set[int]] = []
    found = []
    for number, step in enumerate(trace.steps):
        above = {place for feeder in step.feeders for place in sources[feeder]}
        row = rows.get(number)
        if row is not None:
            found.append(sorted(above))
        compared = row is not None and row.state is not State.INNER
        sources.append({places[number]} if compared else above)
    return found
