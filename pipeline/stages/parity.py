"""Two sets of outputs for the same inputs: how far apart, and do they move at all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Parity:
    """Outputs against the reference's, over ``n`` samples.

    ``cosine_min`` is the worst sample's cosine similarity, the errors are absolute, in the unit of
    the outputs; ``spread`` is the largest difference that any output element shows between
    samples, of which 0 means that the output does not depend on the input.
    """

    n: int
    cosine_min: float
    cosine_mean: float
    max_abs_error: float
    mean_abs_error: float
    nan_count: int
    spread: float

    def as_json(self) -> dict[str, Any]:
        """Not-a-number (nothing to compare but NaN) as null."""
        return {
            key: None if isinstance(value, float) and not math.isfinite(value) else value
            for key, value in asdict(self).items()
        }


def from_json(value: dict[str, Any]) -> Parity:
    """The inverse of ``Parity.as_json``."""
    filled: dict[str, Any] = {k: math.nan if v is None else v for k, v in value.items()}
    return Parity(**filled)


def compare(outputs: Sequence[Any], reference: Sequence[Any]) -> Parity:
    """Compare arrays [N, ...] with reference arrays of the same element counts, output by output.

    ``ValueError`` when their number or sizes differ.
    """
    import numpy as np

    if len(outputs) != len(reference) or not reference:
        raise ValueError(f"{len(outputs)} outputs, the reference has {len(reference)}")
    count = len(reference[0])
    flat = []
    for which, (ours, theirs) in enumerate(zip(outputs, reference, strict=True)):
        left = np.asarray(ours, dtype=np.float64).reshape(len(ours), -1)
        right = np.asarray(theirs, dtype=np.float64).reshape(len(theirs), -1)
        if left.shape != right.shape:
            raise ValueError(f"output {which} is {left.shape}, the reference {right.shape}")
        flat.append((left, right))
    nans = sum(int((~np.isfinite(left)).sum()) for left, _ in flat)
    with np.errstate(all="ignore"):
        cosines = np.concatenate([_cosines(left, right) for left, right in flat])
        errors = np.concatenate([np.abs(left - right).ravel() for left, right in flat])
        spread = max(float(np.ptp(left, axis=0).max(initial=0.0)) for left, _ in flat)
    return Parity(
        n=count,
        cosine_min=float(cosines.min()),
        cosine_mean=float(cosines.mean()),
        max_abs_error=float(errors.max()),
        mean_abs_error=float(errors.mean()),
        nan_count=nans,
        spread=spread,
    )


def _cosines(left: Any, right: Any) -> Any:
    """Cosine similarity of each row; two rows of zeros are alike, one alone is not, and where
    there is NaN or infinity nothing is."""
    import numpy as np

    norms = np.linalg.norm(left, axis=1) * np.linalg.norm(right, axis=1)
    both_zero = (np.abs(left).max(axis=1) == 0) & (np.abs(right).max(axis=1) == 0)
    values = np.where(norms > 0, (left * right).sum(axis=1) / norms, both_zero.astype(float))
    return np.clip(np.where(np.isfinite(values), values, 0.0), -1.0, 1.0)
