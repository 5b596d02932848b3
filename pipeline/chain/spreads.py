"""How the values of layers are distributed, beside what can be stored of them."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from pipeline.chain.ground import Ground
from pipeline.search.sensitivity import Spread
from pipeline.stages.convert import Model
from pipeline.stages.trace import Step, trace

_BINS = 64
#: More levels than a picture can show.
_MOST_LEVELS = 64


def weight_spread(name: str, values: Any, real: Any) -> Spread:
    """Weights before, and the levels that are left of them."""
    import numpy as np

    levels = np.unique(real)
    return _spread(
        name,
        "weight",
        values,
        float(levels[0]),
        float(levels[-1]),
        tuple(levels.tolist()) if len(levels) <= _MOST_LEVELS else (),
    )


def activation_spreads(ground: Ground, quantized: Model, folder: Path) -> tuple[Spread, ...]:
    """Activations of the float model over the first sample, within the ranges of the other.

    A layer whose activation function is fused in one model and not in the other is left out.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as name:
        steps = {}
        for which, model in (("float", ground.baseline), ("quantized", quantized)):
            made = trace(ground.toolchain, model.path, ground.samples.inputs, Path(name) / which)
            steps[which] = {step.name: step for step in made.steps}
        found = []
        for step in steps["quantized"].values():
            twin = steps["float"].get(step.name)
            ends = _range(step)
            if twin is None or ends is None or twin.activation != step.activation:
                continue
            values = twin.values()
            if values is not None and values.size:
                found.append(_spread(step.name, "activation", values, *ends))
        return tuple(found)


def _range(step: Step) -> tuple[float, float] | None:
    """What the 8 bits of a step's output can hold."""
    quantization = step.quantizations[0] if step.quantizations else None
    if quantization is None or len(quantization.scales) != 1 or quantization.bits != 8:
        return None
    scale, zero = quantization.scales[0], quantization.zero_points[0]
    return (-128 - zero) * scale, (127 - zero) * scale


def _spread(
    name: str, kind: str, values: Any, low: float, high: float, levels: tuple[float, ...] = ()
) -> Spread:
    import numpy as np

    flat = np.asarray(values, dtype=np.float64).ravel()
    counts, edges = np.histogram(flat, bins=_BINS)
    # A value within half a step of the end is stored as the end, which clips nothing.
    margin = 0.5 * (high - low) / 255 if kind == "activation" else 0.0
    outside = (flat < low - margin) | (flat > high + margin)
    return Spread(
        name,
        kind,
        tuple(edges.tolist()),
        tuple(counts.tolist()),
        low,
        high,
        levels,
        float(outside.mean()) if kind == "activation" else 0.0,
    )
