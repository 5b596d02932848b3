"""Small deployments of every way in, with limits that only an exact model meets."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from device.runner import SOURCES
from pipeline.core.events import Silent
from pipeline.toolchain import toolchain
from pipeline.toolchain.errors import DownloadFailed
from tests.source import models

ROOT = Path(__file__).parents[2]
DIGITS = ROOT / "examples" / "digits" / "deploy.yaml"

Config = Callable[..., Path]


@pytest.fixture(scope="session")
def tools() -> None:
    """The toolchain; without network and cache there is nothing to test with."""
    try:
        toolchain.resolve(None, SOURCES, Silent())
    except DownloadFailed as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))


@pytest.fixture
def dense(tools: None, tmp_path: Path) -> Config:
    """``dense("dense.onnx", recipe)``: its deployment file; keywords go into it."""

    def write(model: Any, recipe: str, **more: Any) -> Path:
        models.onnx(tmp_path / "dense.onnx")
        models.tflite(tmp_path / "dense.tflite")
        labels = models.dense(models.SAMPLES).argmax(1)
        np.savez(tmp_path / "dense.npz", inputs=models.SAMPLES, labels=labels)
        config = {
            "name": "dense",
            "model": model,
            "data": {"test": "dense.npz", "calibration": "dense.npz", "calibration_samples": 20},
            "recipes": [recipe],
            "limits": {"min_cosine": 0.9999999},
            **more,
        }
        (tmp_path / "deploy.yaml").write_text(yaml.safe_dump(config))
        return tmp_path / "deploy.yaml"

    return write


@pytest.fixture
def digits(tools: None, tmp_path: Path) -> Config:
    """``digits(recipe)``: the example with that recipe and an exact limit."""

    def write(recipe: str) -> Path:
        config = yaml.safe_load(DIGITS.read_text())
        config["network"]["checkpoint"] = str(DIGITS.parent / "lenet5.ckpt")
        config |= {
            "recipes": [recipe],
            "limits": {"min_cosine": 0.99999},
            "python_path": [str(ROOT)],
        }
        (tmp_path / "deploy.yaml").write_text(yaml.safe_dump(config))
        return tmp_path / "deploy.yaml"

    return write
