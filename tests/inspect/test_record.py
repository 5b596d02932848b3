"""What is told of a tensor's quantization: all of it, or its bounds where that is much."""

from __future__ import annotations

import json
import math

import pytest

from pipeline.inspect.record import MOST_LISTED, Quantization


@pytest.mark.parametrize("channels", [0, 1, MOST_LISTED, MOST_LISTED + 1, 100_000])
def test_parameters_of_many_channels_are_summed_up(channels: int) -> None:
    scales = tuple(0.5 + number for number in range(channels))
    found = Quantization(8, scales, tuple(range(channels))).as_json()
    assert found["scales"] == {
        "count": channels,
        "min": min(scales, default=None),
        "max": max(scales, default=None),
        "values": list(scales) if channels <= MOST_LISTED else None,
    }
    assert len(json.dumps(found)) < 5000


def test_what_is_not_finite_is_null() -> None:
    found = Quantization(8, (math.nan, 2.0, math.inf)).as_json()
    assert found["scales"] == {"count": 3, "min": 2.0, "max": 2.0, "values": [None, 2.0, None]}
