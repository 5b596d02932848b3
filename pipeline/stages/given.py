"""What a model is given beside what it should be given: the first row of every comparison."""

from __future__ import annotations

from typing import Any

from pipeline.stages.divergence import INPUT, Layer, State, measure, state_of


def inputs_row(name: str, given: Any, wanted: Any, threshold: float) -> Layer:
    """The values that a model got beside those that its network got, both in the model's layout."""
    difference = measure(given, wanted)
    state = state_of(difference, threshold)
    remark = "" if state is State.SAME else _explanation(given, wanted)
    return Layer(name, "", INPUT, state, difference, remark=remark)


def _explanation(given: Any, wanted: Any) -> str:
    """What would make the one of the other, as far as that is to be seen."""
    import numpy as np

    ours, theirs = (np.asarray(array, dtype=np.float64) for array in (given, wanted))
    if not (np.isfinite(ours).all() and np.isfinite(theirs).all()):
        return ""
    if np.array_equal(np.sort(ours.ravel()), np.sort(theirs.ravel())):
        return "the same values in another order: NCHW where NHWC is wanted, or RGB for BGR?"
    channels = theirs.shape[-1] if theirs.ndim == 4 else 1
    left, right = (array.reshape(-1, channels) for array in (ours, theirs))
    for ours_one, theirs_one in zip(left.T, right.T, strict=True):
        matrix = np.stack([theirs_one, np.ones_like(theirs_one)], axis=1)
        solution = np.linalg.lstsq(matrix, ours_one, rcond=None)[0]
        if np.abs(matrix @ solution - ours_one).max() > 1e-4 * max(1.0, np.abs(ours_one).max()):
            return ""
    return "the same values with another scale or offset: another mean or std?"
