"""What the page shows of images and weights.

``python -m examples.experiment.pictures TRAIN.npz NETWORK.ckpt OUT.npz`` gathers it.

Images as fine-tuning sees them, by the pipeline's own augmentation, and a layer's weights with the
levels that the pipeline's own quantizer chooses. A process of its own, for it needs MindSpore.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from examples.experiment.plan import Augmentation

ROOT = Path(__file__).parents[2]
#: The layer whose weights are shown, and into how many bits they go.
LAYER = "fc1.weight"
BITS = 3
_SHOWN = 6
_SEED = (1998, 1)


@dataclass(frozen=True)
class Material:
    """Images [k, 28, 28] by augmentation; weights [n], and for each grid its levels and the part
    of the weights' power that it loses."""

    images: Mapping[Augmentation, Any]
    weights: Any
    levels: Mapping[str, Any]
    losses: Mapping[str, float]


def gather(train: Path, checkpoint: Path, out: Path) -> Material:
    """Have ``out`` made of the training images and a network. CalledProcessError if that fails."""
    subprocess.run(
        [
            sys.executable,
            "-m",
            "examples.experiment.pictures",
            *map(_word, (train, checkpoint, out)),
        ],
        cwd=ROOT,
        env={**os.environ, "GLOG_v": "3"},
        check=True,
        capture_output=True,
    )
    with np.load(out) as found:
        arrays = dict(found)
    return Material(
        images={key: arrays[f"images-{key.value}"] for key in Augmentation},
        weights=arrays["weights"],
        levels={grid: arrays[f"levels-{grid}"] for grid in ("uniform", "codebook")},
        losses={grid: float(arrays[f"loss-{grid}"]) for grid in ("uniform", "codebook")},
    )


def main(train: Path, checkpoint: Path, out: Path) -> None:
    """Write all of it into ``out``."""
    with np.load(train) as arrays:
        images, labels = arrays["inputs"][:_SHOWN], arrays["labels"][:_SHOWN]
    found = {f"images-{key.value}": _images(images, labels, key) for key in Augmentation}
    np.savez(out, **found, **_weights(checkpoint))


def _images(images: Any, labels: Any, augmentation: Augmentation) -> Any:
    from pipeline.config.recover import Augment
    from pipeline.stages.recover.augment import batches

    how = Augment.model_validate(augmentation.settings)
    ((found, _),) = batches([images], labels, how, len(labels), _SEED)
    return found[0][:, 0]


def _weights(checkpoint: Path) -> dict[str, Any]:
    import mindspore

    from pipeline.config.recipe import Grid
    from pipeline.quantize.rules import LayerSetting
    from pipeline.stages.recover.levels import quantized

    weights = mindspore.load_checkpoint(str(checkpoint))[LAYER].asnumpy()
    found: dict[str, Any] = {"weights": weights.ravel()}
    for grid in (Grid.UNIFORM, Grid.CODEBOOK):
        setting = LayerSetting(False, BITS, grid, None, per_channel=False, range=None)
        real = quantized(weights, 0, setting)
        found[f"levels-{grid.value}"] = np.unique(real)
        found[f"loss-{grid.value}"] = ((real - weights) ** 2).sum() / (weights**2).sum()
    return found


def _word(path: Path) -> str:
    return str(path.resolve())


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
