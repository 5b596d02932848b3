"""One step of training with quantized weights, and what it is made of.

Forward and backward see the snapped weights, the optimizer moves the float ones by the gradient
found there: the straight-through estimator (Bengio et al., arXiv:1308.3432; as BinaryConnect does
it, arXiv:1511.00363).
"""

from __future__ import annotations

import math
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import mindspore
import numpy as np
from mindspore import Parameter, ParameterTuple, Tensor, nn, ops

from pipeline.config.recover import Distillation, Recover
from pipeline.core import usercode
from pipeline.stages.recover.errors import FunctionUnusable
from pipeline.stages.recover.weights import Norm

_MOMENTUM = 0.9
_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm)

Loss = Callable[[Any, Any], Any]


class Objective(nn.Cell):  # type: ignore[misc]
    """The loss of a network's first output; ``taught`` are the float network's, or zeros."""

    def __init__(self, network: nn.Cell, loss: Loss, distillation: Distillation | None) -> None:
        super().__init__(auto_prefix=False)
        self.network = network
        self.loss = loss
        self.share = distillation.weight if distillation else 0.0
        self.temperature = distillation.temperature if distillation else 1.0

    def construct(self, labels: Tensor, taught: Tensor, *inputs: Tensor) -> Tensor:
        """A scalar."""
        outputs = self.network(*inputs)
        if isinstance(outputs, tuple):
            outputs = outputs[0]
        loss = self.loss(outputs, labels)
        if self.share > 0:
            wanted = ops.softmax(taught / self.temperature, -1)
            found = ops.log_softmax(outputs / self.temperature, -1)
            cross = -(wanted * found).sum(-1).mean() * self.temperature * self.temperature
            loss = (1 - self.share) * loss + self.share * cross
        return loss


class Gradients(nn.Cell):  # type: ignore[misc]
    """Loss and gradients of ``parameters`` for one batch."""

    def __init__(self, objective: Objective, parameters: Sequence[Parameter]) -> None:
        super().__init__(auto_prefix=False)
        self.objective = objective
        self.both = ops.value_and_grad(objective, None, ParameterTuple(parameters))

    def construct(self, labels: Tensor, taught: Tensor, *inputs: Tensor) -> Any:
        """(loss, gradients)"""
        return self.both(labels, taught, *inputs)


def gradients(
    network: nn.Cell, loss: Loss, settings: Recover, *, learns_statistics: bool
) -> Gradients:
    """A cell of its own for each answer to ``learns_statistics``: it is compiled into it."""
    objective = Objective(network, loss, settings.distillation)
    cell = Gradients(objective, network.trainable_params())
    cell.set_train()
    if not learns_statistics:
        for _, norm in norm_cells(network):
            norm.set_train(False)
    return cell


def draws(network: nn.Cell) -> bool:
    """Whether it drops values at random: a sequence that begins anew in each compiled cell."""
    return any("Drop" in type(cell).__name__ for _, cell in network.cells_and_names())


def norms(network: nn.Cell) -> tuple[Norm, ...]:
    """The batch norms of a network."""
    return tuple(
        Norm(cell.gamma.name, cell.moving_variance.name, float(cell.eps), cell.beta.name)
        for _, cell in norm_cells(network)
    )


def loss_of(settings: Recover, python_path: Sequence[Path]) -> Loss:
    """The function of (outputs, labels)."""
    if settings.loss == "cross_entropy":
        return ops.cross_entropy  # type: ignore[no-any-return]
    return _resolved("loss", settings.loss, python_path)


def rates(settings: Recover, steps: int, python_path: Sequence[Path]) -> list[float]:
    """A learning rate for each step."""
    if settings.schedule == "constant":
        return [settings.rate] * steps
    if settings.schedule == "cosine":
        return [settings.rate * (1 + math.cos(math.pi * i / steps)) / 2 for i in range(steps)]
    function = _resolved("schedule", settings.schedule, python_path)
    given = _called(
        "schedule", settings.schedule, lambda: list(map(float, function(settings.rate, steps)))
    )
    if len(given) != steps or not np.isfinite(given).all():
        reason = f"it gave {len(given)} rates for {steps} steps, or some that are no numbers"
        raise FunctionUnusable("schedule", settings.schedule, reason)
    return given  # type: ignore[no-any-return]


def optimizer(
    settings: Recover, parameters: Sequence[Parameter], steps: Sequence[float], path: Sequence[Path]
) -> nn.Optimizer:
    """The optimizer, with a rate for each step."""
    if settings.optimizer == "adam":
        return nn.Adam(parameters, learning_rate=list(steps))
    if settings.optimizer == "sgd":
        return nn.Momentum(parameters, learning_rate=list(steps), momentum=_MOMENTUM)
    name = settings.optimizer
    function = _resolved("optimizer", name, path)
    made = _called("optimizer", name, lambda: function(parameters, learning_rate=list(steps)))
    if not isinstance(made, nn.Optimizer):
        reason = f"it gave a {type(made).__name__}, not a mindspore.nn.Optimizer"
        raise FunctionUnusable("optimizer", name, reason)
    return made


def assign(parameters: Mapping[str, Parameter], values: Mapping[str, Any]) -> None:
    """Set parameters by name."""
    for name, value in values.items():
        parameters[name].set_data(Tensor(value))


def values(parameters: Mapping[str, Parameter]) -> dict[str, Any]:
    """Copies of the parameters' arrays."""
    return {name: parameter.asnumpy().copy() for name, parameter in parameters.items()}


def parameters_of(*cells: nn.Cell) -> dict[str, Parameter]:
    """All parameters of the cells, by name."""
    return {each.name: each for cell in cells for each in cell.get_parameters()}


def seed(number: int) -> None:
    """Graph mode, which is faster for small networks, and the same numbers each time."""
    mindspore.set_context(mode=mindspore.GRAPH_MODE)
    mindspore.set_deterministic(True)
    mindspore.set_seed(number)


def norm_cells(network: nn.Cell) -> list[tuple[str, Any]]:
    """The batch norms of a network with their paths."""
    return [pair for pair in network.cells_and_names() if isinstance(pair[1], _NORMS)]


def _resolved(key: str, name: str, python_path: Sequence[Path]) -> Callable[..., Any]:
    try:
        return _called(key, name, lambda: usercode.resolve(name, python_path))  # type: ignore[no-any-return]
    except usercode.NotFound as error:
        raise FunctionUnusable(key, name, str(error)) from error


def _called(key: str, name: str, call: Callable[[], Any]) -> Any:
    try:
        return call()
    except usercode.NotFound:
        raise
    except (Exception, SystemExit) as error:
        traceback.print_exception(error)
        blame = usercode.blame(error)
        place = blame.place if blame.file else ""
        raise FunctionUnusable(key, name, f"{blame.kind}: {blame.text}", place) from error
