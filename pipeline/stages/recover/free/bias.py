"""Bias correction: what quantization adds to the mean of a layer's channels is taken off again.

Each layer is corrected behind layers that are corrected already (Nagel et al., Data-Free
Quantization Through Weight Equalization and Bias Correction, 2019; the empirical form). The bias
of a convolution with a batch norm behind it is the norm's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from pipeline.stages.recover.free.taps import Taps
from pipeline.stages.recover.places import Place


def corrected(
    exact: Taps,
    rough: Taps,
    found: Sequence[Place],
    batches: Iterable[Sequence[Any]],
    values: Mapping[str, Any],
) -> dict[str, Any]:
    """New biases of the layers, by parameter, for those in ``values``.

    ``exact`` and ``rough`` tap the network in float and quantized.
    """
    sums: dict[str, Any] = {}
    count = 0
    for batch in batches:
        wanted = exact.means(batch)
        for name, mean in rough.means(batch, wanted).items():
            sums[name] = sums.get(name, 0.0) + (mean.astype(np.float64) - wanted[name])
        count += 1
    return {
        place.shift: (values[place.shift] - sums[place.link.parameter] / count).astype(np.float32)
        for place in found
        if place.shift is not None
    }
