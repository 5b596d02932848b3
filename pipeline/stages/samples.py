"""Samples stage: a data set as raw files in the layout of the converted model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipeline.core import files
from pipeline.core.events import Listener
from pipeline.core.tensors import TensorFacts
from pipeline.data.dataset import Dataset
from pipeline.data.errors import (
    CalibrationTooSmall,
    DataInvalid,
    DrawsAlike,
    InputNameUnusable,
)


@dataclass(frozen=True)
class Samples:
    """For each input of the model one file with ``count`` samples, one after another."""

    inputs: tuple[Path, ...]
    count: int
    labels: Path | None
    digest: str


@dataclass(frozen=True)
class SamplesStage:
    """All samples of a labelled set, for evaluation."""

    dataset: Dataset
    network_shapes: tuple[tuple[int, ...], ...]
    tensors: tuple[TensorFacts, ...]
    channels_last: bool = False
    name: str = "samples"

    @property
    def subject(self) -> str:
        return self.dataset.source

    def settings(self) -> Mapping[str, Any]:
        return _settings(self)

    def execute(self, folder: Path, listener: Listener) -> Mapping[str, Any]:
        from pipeline.data import layout

        for index, array in enumerate(_arrays(self)):
            layout.write_samples(array, folder / f"input_{index}.bin")
        return {"count": self.dataset.count}

    def load(self, folder: Path, facts: Mapping[str, Any]) -> Samples:
        paths = tuple(folder / f"input_{index}.bin" for index in range(len(self.tensors)))
        digest = files.sha256_json([files.sha256_file(path) for path in paths])
        return Samples(paths, facts["count"], self.dataset.labels, digest)

    def note(self, facts: Mapping[str, Any]) -> str:
        return f"{facts['count']} samples"


@dataclass(frozen=True)
class Calibration:
    """For each input's name a folder with one raw file a sample."""

    folders: Mapping[str, Path]
    count: int
    digest: str


@dataclass(frozen=True)
class CalibrationStage:
    """A seeded, class-balanced choice, as the converter reads it: a folder an input, a file a
    sample, in the layout and under the name that the converted graph has.

    ``draw`` numbers the choices that one seed gives.
    """

    dataset: Dataset
    network_shapes: tuple[tuple[int, ...], ...]
    tensors: tuple[TensorFacts, ...]
    wanted: int
    seed: int
    channels_last: bool = False
    draw: int = 0
    name: str = "calibration"

    @property
    def subject(self) -> str:
        return self.dataset.source

    def settings(self) -> Mapping[str, Any]:
        chosen = self.dataset.names_of(self._chosen())
        return {
            **_settings(self),
            "wanted": self.wanted,
            "seed": self.seed,
            "draw": self.draw,
            "chosen": chosen,
            "chosen_sha256": files.sha256_json(chosen),
        }

    def execute(self, folder: Path, listener: Listener) -> Mapping[str, Any]:
        from pipeline.data import layout

        for tensor in self.tensors:
            if any(sign in tensor.name for sign in ',="\r\n') or tensor.name.strip() != tensor.name:
                raise InputNameUnusable(tensor.name)
        if self.dataset.count < self.wanted:
            raise CalibrationTooSmall(self.dataset.count, self.wanted)
        if self.draw and self.dataset.count == self.wanted:
            raise DrawsAlike(self.dataset.count, self.wanted)
        chosen = self._chosen()
        for index, array in enumerate(_arrays(self)):
            (folder / str(index)).mkdir()
            for number in chosen:
                layout.write_samples(array[number], folder / str(index) / f"{number:08d}.bin")
        names = self.dataset.names_of(chosen)
        return {
            "chosen": chosen,
            "names": names,
            "names_sha256": files.sha256_json(names),
            "seed": self.seed,
            "draw": self.draw,
        }

    def load(self, folder: Path, facts: Mapping[str, Any]) -> Calibration:
        folders = {tensor.name: folder / str(index) for index, tensor in enumerate(self.tensors)}
        digest = files.sha256_json([self.settings(), facts["chosen"]])
        return Calibration(folders, len(facts["chosen"]), digest)

    def note(self, facts: Mapping[str, Any]) -> str:
        draw = f", draw {facts['draw'] + 1}" if facts["draw"] else ""
        return f"{len(facts['chosen'])} samples, seed {facts['seed']}{draw}"

    def draws(self, count: int) -> tuple[CalibrationStage, ...]:
        """Stages for ``count`` draws, this one's own first."""
        return tuple(replace(self, draw=self.draw + number) for number in range(count))

    def _chosen(self) -> list[int]:
        import numpy as np

        from pipeline.data import choice

        labels = np.load(self.dataset.labels) if self.dataset.labels else None
        seed = choice.derived(self.seed, self.draw)
        return choice.choose(self.dataset.count, self.wanted, seed, labels)


def _settings(stage: SamplesStage | CalibrationStage) -> dict[str, Any]:
    return {
        "data": stage.dataset.digest,
        "network_shapes": [list(shape) for shape in stage.network_shapes],
        "channels_last": stage.channels_last,
        "tensors": [[t.name, t.dtype, list(t.shape), t.format] for t in stage.tensors],
    }


def _arrays(stage: SamplesStage | CalibrationStage) -> list[Any]:
    import numpy as np

    from pipeline.data import layout

    tensors = stage.tensors
    dataset = stage.dataset.ordered([tensor.name for tensor in tensors])
    if len(dataset.inputs) != len(tensors):
        reason = f"{len(dataset.inputs)} inputs a sample, the model has {len(tensors)}"
        raise DataInvalid(dataset.source, reason)
    return [
        layout.to_model(
            np.load(path, mmap_mode="r"), shape, tensor, dataset.source, stage.channels_last
        )
        for path, shape, tensor in zip(dataset.inputs, stage.network_shapes, tensors, strict=True)
    ]
