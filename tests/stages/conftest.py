"""A store, a listener that remembers, and the data of a very small network."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.core.events import Silent
from pipeline.core.files import sha256_file
from pipeline.core.store import Store
from pipeline.data.dataset import Dataset
from pipeline.data.layout import write_npy
from pipeline.stages.convert import Reference

#: In the layout of the network: NCHW, of which the model makes NHWC.
NETWORK_SHAPE = (1, 1, 2, 2)
COUNT = 6


@dataclass
class Heard(Silent):
    """Notes what stages told."""

    lines: list[tuple[Any, ...]] = field(default_factory=list)

    def started(self, step: str, subject: str) -> None:
        self.lines.append(("started", step, subject))

    def finished(self, step: str, subject: str, *, reused: bool, note: str, seconds: float) -> None:
        self.lines.append(("finished", step, subject, reused, note))


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture
def inputs() -> Any:
    """[N, 1, 2, 2], each sample another."""
    return np.arange(COUNT * 4, dtype=np.float32).reshape(COUNT, 1, 2, 2) % 7


@pytest.fixture
def dataset(tmp_path: Path, inputs: Any) -> Dataset:
    return make_dataset(tmp_path / "data", inputs, [0, 1, 2, 0, 1, 2])


def make_dataset(folder: Path, inputs: Any, labels: list[int] | None) -> Dataset:
    """A data set as the data stage leaves it."""
    folder.mkdir()
    write_npy(inputs, folder / "input_0.npy")
    if labels is not None:
        write_npy(np.array(labels), folder / "labels.npy")
    return Dataset(
        source="data:test",
        inputs=(folder / "input_0.npy",),
        labels=folder / "labels.npy" if labels is not None else None,
        count=len(inputs),
        sample_shapes=(inputs.shape[1:],),
        digest=sha256_file(folder / "input_0.npy") + str(labels),
    )


@pytest.fixture
def reference(tmp_path: Path, dataset: Dataset, inputs: Any) -> Reference:
    """What the network gives, which the fakes' good model gives too: its first three inputs."""
    outputs = tmp_path / "reference.npy"
    write_npy(inputs.reshape(COUNT, 4)[:, :3], outputs)
    return Reference(
        inputs=dataset.inputs,
        outputs=(outputs,),
        network_shapes=(NETWORK_SHAPE,),
        chosen=(0, 2, 3, 5),
        digest="reference",
    )
