"""Five small networks of different kinds for the digits, and their training in seconds.

``python -m tests.measure.networks.small NAME OUT`` trains one for two epochs and writes its
checkpoint. ``deployment`` does so where it was not done yet, and writes a ``deploy.yaml``.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mindspore import nn

ROOT = Path(__file__).parents[3]
NAMES = ("dense", "lenet", "strided", "depthwise", "residual")
_SEED, _EPOCHS, _BATCH, _RATE = 5, 2, 32, 2e-3
_DEPLOYMENT = """name: {name}
network:
  factory: tests.measure.networks.small:network
  arguments: {{name: {name}}}
  checkpoint: {name}.ckpt
inputs:
  - {{name: images, shape: [1, 1, 28, 28]}}
data:
  test: examples.digits.data:test
  calibration: examples.digits.data:calibration
  calibration_samples: 50
recipes: [fp32, fp16, weight-8, dynamic-8, full-8-max-min, codebook-4]
python_path: ["{root}"]
"""


def network(name: str) -> nn.Cell:
    """One of ``NAMES``. Input: float32 [N, 1, 28, 28]. Output: float32 [N, 10], logits."""
    from mindspore import nn

    from examples.digits.network import lenet5

    relu, flatten = nn.ReLU(), nn.Flatten()
    if name == "lenet":
        return lenet5()
    if name == "dense":
        return nn.SequentialCell(flatten, nn.Dense(784, 64), relu, nn.Dense(64, 10))
    first = nn.Conv2d(1, 16, 3, stride=2, has_bias=True)
    if name == "strided":
        second = nn.Conv2d(16, 24, 3, stride=2, has_bias=True)
        return nn.SequentialCell(first, relu, second, relu, flatten, nn.Dense(1176, 10))
    if name == "depthwise":
        deep = nn.Conv2d(16, 16, 3, stride=2, group=16, has_bias=True)
        point = nn.Conv2d(16, 32, 1, has_bias=True)
        return nn.SequentialCell(first, relu, deep, point, relu, flatten, nn.Dense(1568, 10))
    if name == "residual":
        inner = nn.SequentialCell(nn.Conv2d(16, 16, 3, has_bias=True), relu)
        return nn.SequentialCell(first, relu, _residual(inner), flatten, nn.Dense(3136, 10))
    raise ValueError(f"no network is called {name!r}")


def _residual(inner: nn.Cell) -> nn.Cell:
    from mindspore import Tensor, nn

    class Residual(nn.Cell):  # type: ignore[misc]
        """What goes in, and what its layers make of it, added."""

        def __init__(self) -> None:
            super().__init__()
            self.inner = inner

        def construct(self, x: Tensor) -> Tensor:
            return x + self.inner(x)

    return Residual()


def deployment(folder: Path, name: str) -> Path:
    """The YAML file of a network's deployment; its network is trained if it was not yet."""
    checkpoint, path = folder / f"{name}.ckpt", folder / f"{name}.yaml"
    if not checkpoint.is_file():
        command = [sys.executable, "-m", "tests.measure.networks.small", name, str(checkpoint)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        subprocess.run(command, cwd=ROOT, env=environment, check=True)
    path.write_text(_DEPLOYMENT.format(name=name, root=ROOT))
    return path


def main(name: str, out: Path) -> None:
    """Train with Adam, batches of 32, and write the checkpoint."""
    import mindspore
    from mindspore import Tensor, nn
    from numpy.random import default_rng

    from examples.digits import data

    mindspore.set_context(mode=mindspore.GRAPH_MODE)
    mindspore.set_seed(_SEED)
    trained = network(name)
    optimizer = nn.Adam(trained.trainable_params(), learning_rate=_RATE)
    with_loss = nn.WithLossCell(trained, nn.CrossEntropyLoss())
    step = nn.TrainOneStepCell(with_loss, optimizer).set_train()
    images, labels = data.train()
    random = default_rng(_SEED)
    for _ in range(_EPOCHS):
        order = random.permutation(len(labels))
        for start in range(0, len(order) - _BATCH + 1, _BATCH):
            rows = order[start : start + _BATCH]
            step(Tensor(images[rows]), Tensor(labels[rows]))
    part = out.with_name(f".{out.name}")
    mindspore.save_checkpoint(trained, str(part))
    os.replace(part, out)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
