"""Where warm-up ends."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median

_BATCH = 5


def steady_from(samples: Sequence[float]) -> int | None:
    """How many samples at the beginning are warm-up; None where the series is never steady.

    MSER-5 (White, An effective truncation heuristic for bias reduction in simulation output,
    1997): what is cut makes the standard error of the rest least. Each five samples count as one,
    by their median so that a single outlier decides nothing. A cut beyond two fifths of the
    series means that it was still changing. Fewer than 20 samples tell nothing: None.
    """
    values = [
        median(samples[start : start + _BATCH])
        for start in range(0, len(samples) - _BATCH + 1, _BATCH)
    ]
    if len(values) < 4:
        return None
    half = len(values) // 2
    best, cut = math.inf, 0
    mean, squares = 0.0, 0.0
    for n, value in enumerate(reversed(values), 1):  # Welford's sums, from the end on
        step = value - mean
        mean += step / n
        squares += step * (value - mean)
        start = len(values) - n
        if start <= half and squares / n**2 <= best:
            best, cut = squares / n**2, start
    return None if cut > 0.4 * len(values) else cut * _BATCH
