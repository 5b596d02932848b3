"""Train LeNet-5 on the digits: ``python -m examples.digits.train``.

Seeded; about a minute on two cores. Writes the network's parameters, nothing of the optimizer.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import mindspore
import numpy as np
import numpy.typing as npt
from mindspore import Tensor, nn

from examples.digits import data
from examples.digits.network import lenet5

SEED = 28
EPOCHS = 30
BATCH = 32
PEAK_RATE = 2e-3
SMOOTHING = 0.05


def main() -> None:
    """Read the command line, train, test, save."""
    parser = argparse.ArgumentParser(description="Train LeNet-5 on scikit-learn's digits.")
    parser.add_argument("--epochs", type=int, default=EPOCHS, help="default: %(default)s")
    parser.add_argument(
        "--out",
        type=Path,
        default=Path(__file__).with_name("lenet5.ckpt"),
        help="checkpoint to write (default: lenet5.ckpt beside this file)",
    )
    arguments = parser.parse_args()
    # Compiled whole: four times faster than operator by operator, for so small a network.
    mindspore.set_context(mode=mindspore.GRAPH_MODE)
    mindspore.set_seed(SEED)
    network = lenet5()
    fit(network, arguments.epochs)
    images, labels = data.test()
    print(f"test accuracy {accuracy(network, images, labels):.2%} of {len(labels)} images")
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    mindspore.save_checkpoint(network, str(arguments.out))
    print(f"wrote {arguments.out} ({arguments.out.stat().st_size:,} bytes)")


def fit(network: nn.Cell, epochs: int) -> None:
    """Train in place on the training images: Adam, one cosine, images moved a little each time."""
    images, labels = data.train()
    steps = epochs * -(-len(labels) // BATCH)
    rates = nn.cosine_decay_lr(0.0, PEAK_RATE, steps, max(1, steps // max(1, epochs)), epochs)
    loss = nn.CrossEntropyLoss(label_smoothing=SMOOTHING)
    optimizer = nn.Adam(network.trainable_params(), learning_rate=rates)
    step = nn.TrainOneStepCell(nn.WithLossCell(network, loss), optimizer).set_train()
    random = np.random.default_rng(SEED)
    for epoch in range(1, epochs + 1):
        started, losses = time.monotonic(), []
        for batch, targets in _batches(images, labels, random):
            losses.append(float(step(Tensor(batch), Tensor(targets)).asnumpy()))
        seconds = time.monotonic() - started
        print(f"epoch {epoch:2}/{epochs}  loss {np.mean(losses):.4f}  {seconds:.1f} s", flush=True)


def accuracy(network: nn.Cell, images: data.Images, labels: data.Labels) -> float:
    """Share of images whose largest logit is that of their label, in [0, 1]."""
    network.set_train(False)
    logits = network(Tensor(images)).asnumpy()
    return float((logits.argmax(axis=1) == labels).mean())


def _batches(
    images: data.Images, labels: data.Labels, random: np.random.Generator
) -> Iterator[tuple[data.Images, data.Labels]]:
    order = random.permutation(len(labels))
    # Whole batches only: graph mode compiles the network anew for another size.
    for start in range(0, len(order) - BATCH + 1, BATCH):
        rows = order[start : start + BATCH]
        yield moved(images[rows], random), labels[rows]


def moved(images: data.Images, random: np.random.Generator) -> data.Images:
    """[N, 1, H, W] turned up to 12 degrees, scaled up to 12 % and shifted up to 2.5 pixels."""
    count, _, height, width = images.shape
    angle = np.deg2rad(random.uniform(-12, 12, (count, 1, 1)))
    scale = random.uniform(0.88, 1.12, (count, 1, 1))
    shift = random.uniform(-2.5, 2.5, (2, count, 1, 1))
    y, x = np.mgrid[:height, :width] - np.array([height - 1, width - 1]).reshape(2, 1, 1) / 2
    from_y = (np.cos(angle) * y - np.sin(angle) * x) / scale + shift[0] + (height - 1) / 2
    from_x = (np.sin(angle) * y + np.cos(angle) * x) / scale + shift[1] + (width - 1) / 2
    return _sampled(images[:, 0], from_y, from_x)[:, None]


def _sampled(
    images: data.Images, y: npt.NDArray[np.float64], x: npt.NDArray[np.float64]
) -> data.Images:
    """Bilinear samples of [N, H, W] at real coordinates [N, H, W]; 0 outside."""
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1)))
    y = (y + 1).clip(0, padded.shape[1] - 1.001)
    x = (x + 1).clip(0, padded.shape[2] - 1.001)
    top, left = y.astype(int), x.astype(int)
    down, right = y - top, x - left
    image = np.arange(len(images))[:, None, None]
    upper = padded[image, top, left] * (1 - right) + padded[image, top, left + 1] * right
    lower = padded[image, top + 1, left] * (1 - right) + padded[image, top + 1, left + 1] * right
    result: data.Images = (upper * (1 - down) + lower * down).astype(np.float32)
    return result


if __name__ == "__main__":
    main()
