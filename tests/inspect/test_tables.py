"""Inspections as people read them."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console, RenderableType

from pipeline.chain.inspect import inspect
from pipeline.cli import inspect_tables
from pipeline.inspect.compare import Comparison
from tests.inspect.models import DATA, ms, node, tensor


def shown(parts: list[RenderableType]) -> str:
    console = Console(file=io.StringIO(), width=160, color_system=None)
    console.print(*parts)
    file = console.file
    assert isinstance(file, io.StringIO)
    return file.getvalue()


def text_of(*paths: Path) -> str:
    found = inspect(*paths)
    if isinstance(found, Comparison):
        return shown(inspect_tables.comparison(found))
    return shown(inspect_tables.inspection(found))


@pytest.mark.parametrize(
    "name", ["fp32.ms", "full_8.ms", "small.mindir", "kinds.ckpt", "small.onnx"]
)
def test_every_kind_is_shown(name: str) -> None:
    text = text_of(DATA / name)
    assert name in text
    assert "parameters" in text


def test_quantization_is_told_in_words() -> None:
    text = text_of(DATA / "weight_4.ms")
    assert "4 bits, 8 channels, scale 0.0412 to 0.0625" in text
    assert "BITPACKING" in text
    assert "6 of 12 operators only cast" in text_of(DATA / "full_8.ms")


def test_changes_are_shown() -> None:
    text = text_of(DATA / "fp32.ms", DATA / "full_8.ms")
    assert "fp32.ms -> full_8.ms" in text
    assert "0.837x" in text
    assert "QuantDTypeCast" in text
    assert "no difference" in text_of(DATA / "fp32.ms", DATA / "fp32.ms")


def test_names_of_the_file_cannot_touch_the_terminal(tmp_path: Path) -> None:
    evil = "\x1b]0;title\x07[red]\nnext" + "x" * 500
    path = tmp_path / "evil.ms"
    path.write_bytes(ms([tensor(evil, [-1])], [node(1, [0], [0], evil)], [0], [0]))
    for text in (text_of(path), text_of(DATA / "fp32.ms", path)):
        assert "\x1b" not in text
        assert "\x07" not in text
        assert "x" * 200 not in text
