"""The table as people read it."""

from __future__ import annotations

import math

from rich.console import Console

from pipeline.cli.divergence_table import divergence
from pipeline.stages.divergence import Difference, Divergence, Layer, State

FOUND = Divergence(
    "fp32.ms",
    "full-8.ms",
    0.98,
    (
        Layer("conv1", "Default/conv1-Conv2d/Conv2D-op0", "Conv2DFusion", State.SAME,
              Difference(0.99991, 0.013, 0.2, 0), lost=0.00009),
        Layer("evil\x1b[2J", "n", "AddFusion", State.INNER, Difference(0.5, 1.0, 3.0, 0)),
        Layer("fc", "Default/fc-Dense/MatMul-op0", "MatMulFusion", State.DIFFERS,
              Difference(math.nan, math.nan, math.nan, 4)),
    ),
    unmatched=7,
)  # fmt: skip


def test_the_table_names_the_first_and_the_costliest():
    console = Console(width=120, record=True, no_color=True)
    for part in divergence(FOUND):
        console.print(part)
    text = console.export_text()
    assert "full-8.ms differs from fp32.ms first at layer fc (MatMulFusion" in text
    assert "4 NaN, first" in text
    assert "most is lost in conv1 (0.00009 of the cosine)" in text
    assert "7 operators have no counterpart" in text
    assert "\x1b" not in text


def test_nothing_to_compare_is_no_agreement_in_words():
    empty = Divergence("a.ms", "b.ms", 0.98, ())
    assert empty.message == "b.ms and a.ms have no layer that could be compared"
