"""Train LeNet-5 from scratch: ``python -m examples.experiment.base TRAIN.npz SEED EPOCHS OUT``.

As ``examples.digits.train`` does it, but with any images and seed; a process of its own, so that
one network's training knows nothing of another's.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import mindspore
import numpy as np
from mindspore import Tensor, nn

from examples.digits.network import lenet5
from examples.digits.train import BATCH, PEAK_RATE, SMOOTHING, moved


def main(train: Path, seed: int, epochs: int, out: Path) -> None:
    """Train, and write the checkpoint, whole or not at all."""
    mindspore.set_context(mode=mindspore.GRAPH_MODE)
    mindspore.set_deterministic(True)
    mindspore.set_seed(seed)
    network = lenet5()
    with np.load(train) as arrays:
        fit(network, arrays["inputs"], arrays["labels"], seed, epochs)
    part = out.with_name(f".{out.name}")
    mindspore.save_checkpoint(network, str(part))
    os.replace(part, out)


def fit(
    network: nn.Cell,
    images: np.ndarray[tuple[int, ...], np.dtype[np.float32]],
    labels: np.ndarray[tuple[int, ...], np.dtype[np.int32]],
    seed: int,
    epochs: int,
) -> None:
    """Adam over one cosine; images [N, 1, H, W] are moved a little, each time anew."""
    per_epoch = len(labels) // BATCH
    rates = nn.cosine_decay_lr(0.0, PEAK_RATE, epochs * per_epoch, per_epoch, epochs)
    loss = nn.CrossEntropyLoss(label_smoothing=SMOOTHING)
    optimizer = nn.Adam(network.trainable_params(), learning_rate=rates)
    step = nn.TrainOneStepCell(nn.WithLossCell(network, loss), optimizer).set_train()
    random = np.random.default_rng(seed)
    for _ in range(epochs):
        order = random.permutation(len(labels))
        for start in range(0, per_epoch * BATCH, BATCH):
            rows = order[start : start + BATCH]
            step(Tensor(moved(images[rows], random)), Tensor(labels[rows]))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
