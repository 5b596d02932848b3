"""Configurations written to a folder of their own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

GOOD = """\
name: digits
network:
  factory: network:lenet5
  checkpoint: lenet5.ckpt
inputs:
  - {name: images, shape: [1, 1, 28, 28]}
data:
  test: data:test
  calibration: more.npz
recipes: [fp32, full-8]
"""

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """``write(text)`` gives the path of a deploy.yaml; other names and bytes are fine too."""

    def write(content: str | bytes, name: str = "deploy.yaml") -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write
