"""Makes pipeline/stages/benchmark/reference.ms: the small fixed model that tells of the device.

``python -m tests.measure.reference_workload [OUT]`` exports two convolutions with seeded random
weights and converts them in float by the real converter. Run once, for the file must not change:
figures are only compared with those beside the same one. Not collected by pytest.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.chain.deploy import convert
from pipeline.core import files
from pipeline.stages.benchmark import reference

_DEPLOYMENT = """\
name: reference
network: {{factory: "{module}:network", checkpoint: {checkpoint}}}
inputs: [{{name: x, shape: [1, 16, 32, 32]}}]
data: {{test: "{module}:data"}}
recipes: [fp32]
"""


def network() -> Any:
    """16 channels of 32x32, a convolution, another, the mean, ten scores: 7 million products."""
    from mindspore import Parameter, Tensor, nn, ops

    class Net(nn.Cell):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.SequentialCell(
                nn.Conv2d(16, 16, 3), nn.ReLU(), nn.Conv2d(16, 32, 3), nn.ReLU()
            )
            self.mean = ops.ReduceMean()
            self.scores = nn.Dense(32, 10)

        def construct(self, x: Any) -> Any:
            return self.scores(self.mean(self.layers(x), (2, 3)))

    net = Net()
    random = np.random.Generator(np.random.PCG64(20))
    for parameter in net.get_parameters():
        values = random.normal(0, 0.1, parameter.shape).astype(np.float32)
        parameter.set_data(Parameter(Tensor(values)))
    return net


def data() -> Any:
    """A few samples to prove the conversion with."""
    random = np.random.Generator(np.random.PCG64(21))
    inputs = random.uniform(0, 1, (20, 16, 32, 32)).astype(np.float32)
    return inputs, np.arange(20) % 10


def main() -> None:
    """Make the file."""
    import mindspore

    out = Path(sys.argv[1]) if len(sys.argv) > 1 else reference.MODEL
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        mindspore.save_checkpoint(network(), str(folder / "net.ckpt"))
        config = folder / "deploy.yaml"
        config.write_text(
            _DEPLOYMENT.format(module="tests.measure.reference_workload", checkpoint="net.ckpt")
        )
        (row,) = convert(config, workspace=folder / "runs").rows
        files.copy_file(row.path, out)
    print(out, row.size_bytes, row.sha256)


if __name__ == "__main__":
    main()
