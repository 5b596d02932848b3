"""What quantizing a layer alone costs, and where its values lie within the chosen range."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class LayerCost:
    """A layer that alone is quantized, against the float model.

    ``drop_points``: percentage points of accuracy; cosines are those of the outputs.
    ``sqnr_db``: of its weights, infinite where nothing is lost, None where it is not known.
    ``failed`` says why there are no figures.
    """

    node: str
    operator: str
    setting: str
    float_bytes: int
    stored_bytes: int
    drop_points: float = 0.0
    cosine_min: float = 1.0
    cosine_mean: float = 1.0
    sqnr_db: float | None = None
    clipped: float = 0.0
    failed: str = ""

    @property
    def saved_bytes(self) -> int:
        """Bytes that the file loses."""
        return self.float_bytes - self.stored_bytes

    def as_json(self) -> dict[str, Any]:
        """An infinite ratio is null, and told by ``lossless``."""
        lossless = self.sqnr_db == math.inf
        return {
            **asdict(self),
            "saved_bytes": self.saved_bytes,
            "sqnr_db": None if lossless else self.sqnr_db,
            "lossless": lossless,
            "failed": self.failed or None,
        }


@dataclass(frozen=True)
class Spread:
    """How values are distributed: ``counts`` of them between ``edges`` (one more), of the weights
    or of the activations of a layer; the range from ``low`` to ``high`` is what can be stored,
    ``levels`` the values that can be, where they are few. ``clipped``: part of them outside."""

    name: str
    kind: str
    edges: tuple[float, ...]
    counts: tuple[int, ...]
    low: float
    high: float
    levels: tuple[float, ...] = ()
    clipped: float = 0.0

    def as_json(self) -> Mapping[str, Any]:
        """For the manifest."""
        return asdict(self)
