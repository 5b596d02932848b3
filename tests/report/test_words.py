"""Figures and names in words."""

from __future__ import annotations

import math

import pytest

from pipeline.report import words


@pytest.mark.parametrize(
    ("told", "text"),
    [
        (words.percent(98.942896), "98.94 %"),
        (words.points(0.2785), "+0.28"),
        (words.points(-0.001), "+0.00"),
        (words.points(math.nan), "-"),
        (words.times(250_224, 16_960), "14.75x"),
        (words.times(1, 0), "-"),
        (words.milliseconds(52_820.0), "0.05282 ms"),
        (words.milliseconds(None), "-"),
        (words.duration(60.5), "60 s"),
        (words.duration(900), "15 min"),
        (words.duration(9000), "2.5 h"),
        (words.small(0.00083), "0.00083"),
        (words.small(4.17e-7), "4.2e-07"),
        (words.small(None), "-"),
        (words.decibels(math.inf), "lossless"),
        (words.decibels(math.nan), "-"),
        (words.decibels(None), "-"),
        (words.decibels(18.02), "18.0 dB"),
    ],
)
def test_figures(told: str, text: str) -> None:
    assert told == text


def test_layers_are_named_as_the_network_does_where_that_is_unique() -> None:
    nodes = [
        "Default/conv1-Conv2d/Conv2D-op0",
        "Default/pool-MaxPool2d/MaxPool-op0",
        "Default/pool-MaxPool2d/MaxPool-op1",
        "MatMul_7",
        "",
    ]
    assert words.layer_names(nodes) == [
        "conv1",
        "pool/MaxPool-op0",
        "pool/MaxPool-op1",
        "MatMul_7",
        "",
    ]
