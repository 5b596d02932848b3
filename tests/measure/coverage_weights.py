"""Weights that make a network's outputs depend on its inputs: ``coverage_weights REQUEST.json``.

What a network starts its training with hides much: scales of layers at 1e-6, heads of zeros and
batch norms whose statistics fit nothing let whole blocks count for nothing, so that a wrong block
would go unnoticed. So constants become random, and each batch norm gets the statistics of what
really arrives at it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.core import files, process
from pipeline.stages.checkpoint import network

_SEED = 20


def main(request_file: Path) -> None:
    """Write the checkpoint that the request asks for."""
    process.die_with_parent()
    request = files.read_json(request_file)
    import mindspore

    mindspore.set_device("CPU")
    mindspore.set_seed(_SEED)
    cell = network.build(request["factory"], request["arguments"], ())
    cell.set_train(False)
    disturb(mindspore, cell)
    batch = [np.load(path) for path in request["batches"]]
    settle(mindspore, cell, batch, request["samples"])
    mindspore.save_checkpoint(cell, request["checkpoint"])


def disturb(mindspore: Any, cell: Any) -> None:
    """Make what is constant or next to nothing in a trainable parameter random."""
    random = np.random.default_rng(_SEED)
    for parameter in cell.trainable_params():
        values = parameter.asnumpy()
        if values.dtype != np.float32:
            continue
        if values.size == 1 or np.ptp(values) == 0:
            near = float(values.flat[0])
            near = 1.0 if abs(near) > 0.5 else 0.1 if near else 0.0
            values = near + random.normal(0, 0.05, values.shape)
        elif np.abs(values).max() < 1e-3:
            values = random.normal(0, 0.05, values.shape)
        else:
            continue
        parameter.set_data(mindspore.Tensor(values.astype(np.float32)))


def settle(mindspore: Any, cell: Any, batch: list[Any], samples: int) -> None:
    """Give each batch norm mean and variance of what arrives there, the first ones first."""
    norms = [item for _, item in cell.cells_and_names() if hasattr(item, "moving_variance")]
    hooks = [norm.register_forward_pre_hook(_learner(mindspore)) for norm in norms]
    if not norms:  # one sample then, to see whether MindSpore can run it at all
        batch = [array[: len(array) // samples] for array in batch]
    cell(*(mindspore.Tensor(array) for array in batch))
    for hook in hooks:
        hook.remove()


def _learner(mindspore: Any) -> Any:
    def learn(norm: Any, inputs: Any) -> None:
        values = inputs[0].asnumpy().astype(np.float64)
        axes = tuple(axis for axis in range(values.ndim) if axis != 1)
        for parameter, found in (
            (norm.moving_mean, values.mean(axes)),
            (norm.moving_variance, np.maximum(values.var(axes), 1e-4)),
        ):
            parameter.set_data(mindspore.Tensor(found.astype(np.float32)))

    return learn


if __name__ == "__main__":
    main(Path(sys.argv[1]))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # MindSpore takes its time to tear itself down
