"""Train MobileNetV2 on two-digit numbers: ``python -m examples.numbers.train``.

Seeded; about nine minutes of one core. Writes the network's parameters, nothing of the optimizer.
"""

from __future__ import annotations

import argparse
import math
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import mindspore
import numpy as np
from mindspore import Tensor, nn

from examples.digits.data import Images, Labels
from examples.numbers import data
from examples.numbers.depthwise import Depthwise
from examples.numbers.network import mobilenetv2
from pipeline.core import files

SEED = 28
EPOCHS = 6
BATCH = 64
PEAK_RATE = 2e-3
WARM_UP_SHARE = 0.1
SMOOTHING = 0.05
TEST_BATCH = 250


def main() -> None:
    """Read the command line, train, test, save."""
    parser = argparse.ArgumentParser(description="Train MobileNetV2 on two-digit numbers.")
    parser.add_argument("--epochs", type=int, default=EPOCHS, help="default: %(default)s")
    parser.add_argument(
        "--images", type=int, default=data.TRAIN_IMAGES, help="of an epoch; default: %(default)s"
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path(__file__).with_name("mobilenetv2.ckpt"),
        help="checkpoint to write (default: mobilenetv2.ckpt beside this file)",
    )
    arguments = parser.parse_args()
    if arguments.epochs < 1 or arguments.images < BATCH:
        parser.error(f"at least one epoch and {BATCH} images are needed")
    if arguments.out.is_dir():
        parser.error(f"{arguments.out} is a folder")
    mindspore.set_context(mode=mindspore.GRAPH_MODE)
    mindspore.set_seed(SEED)
    network = mobilenetv2()
    fit(network, arguments.epochs, arguments.images)
    save(network, arguments.out)
    print(f"wrote {arguments.out} ({arguments.out.stat().st_size:,} bytes)")


def fit(network: nn.Cell, epochs: int, count: int) -> None:
    """Train in place with Adam, on ``count`` new images each epoch, and tell how it goes."""
    test = data.test()
    steps = count // BATCH
    loss = nn.CrossEntropyLoss(label_smoothing=SMOOTHING)
    rates = learning_rates(epochs * steps)
    optimizer = nn.Adam(network.trainable_params(), learning_rate=rates)
    step = nn.TrainOneStepCell(nn.WithLossCell(network, loss), optimizer)
    started = time.monotonic()
    for epoch in range(1, epochs + 1):
        step.set_train()
        # Whole batches only: graph mode compiles the network anew for another size.
        batches = islice(_batches(*data.train(epoch, count), BATCH), steps)
        losses = [float(step(images, labels).asnumpy()) for images, labels in batches]
        share = accuracy(network, *test)
        seconds = time.monotonic() - started
        print(
            f"epoch {epoch}/{epochs}  loss {np.mean(losses):.4f}  test accuracy {share:.2%}  "
            f"{seconds:.0f} s, {seconds / epoch * (epochs - epoch):.0f} s to go",
            flush=True,
        )


def learning_rates(steps: int) -> list[float]:
    """One rate a step: up in a line, down in half a cosine."""
    warm = max(1, round(steps * WARM_UP_SHARE))
    up = [PEAK_RATE * (step + 1) / warm for step in range(warm)]
    left = steps - warm
    down = [PEAK_RATE * (1 + math.cos(math.pi * (step + 1) / left)) / 2 for step in range(left)]
    return up + down


def accuracy(network: nn.Cell, images: Images, labels: Labels) -> float:
    """Share of images whose largest logit is that of their number, in [0, 1]."""
    network.set_train(False)
    for _, cell in network.cells_and_names():
        if isinstance(cell, Depthwise):
            cell.set_train()  # the same sums, without the slow kernel
    right = [
        np.count_nonzero(network(batch).asnumpy().argmax(axis=1) == numbers.asnumpy())
        for batch, numbers in _batches(images, labels, TEST_BATCH)
    ]
    return sum(right) / len(labels)


def save(network: nn.Cell, path: Path) -> None:
    """Write the parameters to ``path``, whole or not at all."""
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder, "network.ckpt")
        mindspore.save_checkpoint(network, str(written))
        files.copy_file(written, path)


def _batches(images: Images, labels: Labels, size: int) -> Iterator[tuple[Tensor, Tensor]]:
    for start in range(0, len(labels), size):
        rows = slice(start, start + size)
        yield Tensor(images[rows]), Tensor(labels[rows])


if __name__ == "__main__":
    main()
