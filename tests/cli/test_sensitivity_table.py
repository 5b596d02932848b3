"""Layers as people read them in a terminal."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from pipeline.cli.sensitivity_table import shown
from pipeline.search.sensitivity import LayerCost
from tests.report import made


def text_of(
    costs: list[LayerCost], title: str = "each alone", width: int = 120, encoding: str = "utf-8"
) -> str:
    data = io.BytesIO()
    file = io.TextIOWrapper(data, encoding)
    Console(file=file, width=width, color_system=None).print(*shown(costs, title))
    file.flush()
    return data.getvalue().decode(encoding)


def cost(name: str, mean: float, drop: float = 0.0, setting: str = "4 bits") -> LayerCost:
    node = f"Default/{name}-Dense/MatMul-op0"
    return LayerCost(node, "MatMul", setting, 4000, 500, drop, mean, mean, 18.04)


def row(text: str, name: str) -> str:
    return next(line for line in text.splitlines() if name in line.split())


def test_rows_have_figures_and_the_costliest_is_named() -> None:
    text = text_of([cost("fc1", 0.9999), cost("fc2", 0.9, 1.25), cost("fc3", 1.0)])
    assert row(text, "fc2").split()[:7] == ["2", "fc2", "3,500", "+1.25", "18.0", "dB", "0.1"]
    assert "costs most: fc2, 1 - cosine 0.1, +1.25 points lost" in text
    assert "stored as" not in text
    assert "stored as" in text_of([cost("fc1", 0.9), cost("fc2", 0.9, 0, "codebook of 8")])


def test_bars_are_as_long_as_the_logarithm() -> None:
    text = text_of([cost("fc1", 1 - 1e-6), cost("fc2", 1 - 1e-2), cost("fc3", 1.0)])
    lengths = [row(text, name).count("█") for name in ("fc1", "fc2", "fc3")]
    assert lengths == [2, 20, 0]
    assert "▌" in row(text, "fc1")  # an eighth of twenty cells is two and a half


def test_a_terminal_without_unicode_gets_plain_bars() -> None:
    text = text_of([cost("fc1", 0.9), cost("fc2", 0.5)], encoding="ascii")
    assert row(text, "fc2").count("#") == 20


def test_failures_say_why_and_nothing_else() -> None:
    failed = replace(cost("fc1", 1.0), failed="the converter crashed")
    assert "the converter crashed" in row(text_of([failed]), "fc1")
    assert "no layer has figures" in text_of([failed])
    assert "costs most" not in text_of([failed])


@pytest.mark.parametrize("name", [*made.HOSTILE, "[bold]x[/bold] [/]"])
def test_names_cannot_touch_the_terminal(name: str) -> None:
    hostile = replace(cost("fc1", 0.9), node=name, setting=name)
    text = text_of([hostile, replace(hostile, failed=name, setting="y")], title=name, width=200)
    assert "\x1b" not in text and "\u202e" not in text and "\x00" not in text
    if name.startswith("["):
        assert name in text


@pytest.mark.parametrize("width", [60, 80, 120])
def test_60_layers_keep_within_the_terminal(width: int) -> None:
    text = text_of(made.costs(60), width=width)
    assert max(map(len, text.splitlines())) <= width
    assert "stage5.9.conv" in text.replace(" ", "") or width < 80


def test_no_color_is_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    file = io.StringIO()
    Console(file=file, width=100).print(*shown([cost("fc1", 0.9)], "title"))
    assert "\x1b" not in file.getvalue()
