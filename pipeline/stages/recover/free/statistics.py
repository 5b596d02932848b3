"""Batch norm re-estimation: the statistics that a network has with quantized weights.

Means and variances are those of whole batches behind batch norms that use the batch's own, as
Sun et al. do (Hybrid 8-bit Floating Point Training, 2019, section 4.3).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from mindspore import Tensor, nn, ops


def prepare(network: nn.Cell, norms: Iterable[tuple[str, Any]]) -> nn.Cell:
    """``network`` with batch norms that keep nothing but the last batch's statistics."""
    for _, norm in norms:
        norm.use_batch_statistics = True
        norm.bn_train = ops.BatchNorm(
            is_training=True, epsilon=norm.eps, momentum=1.0, data_format=norm.format
        )
    return network


def estimated(
    network: nn.Cell, norms: Iterable[tuple[str, Any]], batches: Iterable[Sequence[Any]]
) -> dict[str, Any]:
    """Means and variances of the ``norms`` over all batches, by parameter, for a network that
    ``prepare`` gave."""
    cells = [norm for _, norm in norms]
    means: list[list[Any]] = [[] for _ in cells]
    variances: list[list[Any]] = [[] for _ in cells]
    for batch in batches:
        network(*(Tensor(array) for array in batch))
        for number, norm in enumerate(cells):
            means[number].append(norm.moving_mean.asnumpy().astype(np.float64))
            variances[number].append(norm.moving_variance.asnumpy().astype(np.float64))
    found: dict[str, Any] = {}
    for norm, mean, variance in zip(cells, means, variances, strict=True):
        # The whole variance is that inside of the batches and that of their means.
        whole = np.mean(variance, axis=0) + np.var(mean, axis=0)
        found[norm.moving_mean.name] = np.mean(mean, axis=0).astype(np.float32)
        found[norm.moving_variance.name] = whole.astype(np.float32)
    return found
