"""Networks as MindSpore itself exports them: ``export.py FOLDER``."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import mindspore
import numpy as np
from mindspore import nn

from examples.digits.network import lenet5

CHECKPOINT = Path(__file__).parents[3] / "examples" / "digits" / "lenet5.ckpt"


class TwoInputs(nn.Cell):
    """Two inputs, two outputs."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Dense(3, 4)
        self.second = nn.Dense(5, 4)

    def construct(self, left, right):  # type: ignore[no-untyped-def]
        both = self.first(left) + self.second(right)
        return both, both * both


class Words(nn.Cell):
    """Whole numbers in, by an embedding."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(11, 6)
        self.flat = nn.Flatten()
        self.head = nn.Dense(42, 3)

    def construct(self, tokens):  # type: ignore[no-untyped-def]
        return self.head(self.flat(self.embedding(tokens)))


def main(folder: Path) -> None:
    """Export each network, and data whose labels are the network's own answers."""
    os.chdir(folder)
    mindspore.set_device("CPU")
    mindspore.set_seed(3)
    random = np.random.default_rng(3)
    digits = lenet5()
    mindspore.load_param_into_net(digits, mindspore.load_checkpoint(str(CHECKPOINT)))
    image = random.random((1, 1, 28, 28), np.float32)
    _export(digits, "lenet", image)
    shape = mindspore.Tensor(shape=[None, 1, 28, 28], dtype=mindspore.float32)
    mindspore.export(digits, shape, file_name="open", file_format="MINDIR")
    left = random.normal(size=(20, 1, 3)).astype(np.float32)
    right = random.normal(size=(20, 1, 5)).astype(np.float32)
    _export(TwoInputs(), "two", left, right)
    # 64 bits, of which the network takes 32
    _export(Words(), "words", random.integers(0, 11, (20, 1, 7)))


def _export(network: nn.Cell, name: str, *samples: np.ndarray) -> None:  # type: ignore[type-arg]
    network.set_train(False)
    narrow = [each.astype(np.int32) if each.dtype == np.int64 else each for each in samples]
    first = [mindspore.Tensor(each[0] if len(each) > 1 else each) for each in narrow]
    for form in ("MINDIR", "ONNX"):
        mindspore.export(network, *first, file_name=name, file_format=form)
    if len(samples[0]) == 1:
        return
    labels = []
    for row in zip(*narrow, strict=True):
        answer = network(*map(mindspore.Tensor, row))
        labels.append(int((answer[0] if isinstance(answer, tuple) else answer).asnumpy().argmax()))
    inputs = {f"input_{number}": each[:, 0] for number, each in enumerate(samples)}
    np.savez(f"{name}.npz", labels=np.array(labels), **inputs)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
    sys.stdout.flush()
    os._exit(0)
