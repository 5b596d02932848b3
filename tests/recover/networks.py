"""Networks with batch norms to train, and functions that a configuration may name."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import mindspore
import numpy as np
from mindspore import Tensor, nn, ops


class Normed(nn.Cell):
    """Two convolutions (one of them by groups) with batch norms, and a dense layer."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.SequentialCell(
            nn.Conv2d(1, 8, 5, 2, pad_mode="pad", padding=2),
            nn.BatchNorm2d(8),
            nn.ReLU(),
            nn.Conv2d(8, 16, 3, 2, pad_mode="pad", padding=1, group=4),
            nn.BatchNorm2d(16),
            nn.ReLU(),
        )
        self.flatten = nn.Flatten()
        self.out = nn.Dense(16 * 7 * 7, 10)

    def construct(self, images: Tensor) -> Tensor:
        return self.out(self.flatten(self.body(images)))


def save(path: Path) -> None:
    """A checkpoint with statistics as a training leaves them: of no two channels the same."""
    mindspore.set_seed(5)
    random = np.random.default_rng(5)
    network = Normed()
    for parameter in network.get_parameters():
        if parameter.name.endswith(("gamma", "moving_variance")):
            values = random.uniform(0.5, 1.5, parameter.shape).astype(np.float32)
            parameter.set_data(Tensor(values))
    mindspore.save_checkpoint(network, str(path))


def halves(rate: float, steps: int) -> list[float]:
    """A schedule: the whole rate, then half of it."""
    return [rate if step < steps / 2 else rate / 2 for step in range(steps)]


def momentum(parameters: Any, learning_rate: Any) -> nn.Optimizer:
    """An optimizer of the user's."""
    return nn.Momentum(parameters, learning_rate, 0.8)


def smoothed(outputs: Tensor, labels: Tensor) -> Tensor:
    """A loss of the user's."""
    return ops.cross_entropy(outputs, labels, label_smoothing=0.05)


def broken(outputs: Tensor, labels: Tensor) -> Tensor:
    """A loss that no number comes out of."""
    return ops.cross_entropy(outputs, labels) / 0.0 - ops.cross_entropy(outputs, labels) / 0.0


def failing(outputs: Tensor, labels: Tensor) -> Tensor:
    """A loss that MindSpore cannot compute."""
    return ops.cross_entropy(outputs.reshape((3, -1)), labels)


def no_optimizer(parameters: Any, learning_rate: Any) -> str:
    """What is not an optimizer."""
    return "adam"


if __name__ == "__main__":
    save(Path(sys.argv[1]))
