"""One step of training: forward and backward with quantized weights, forward for the float ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mindspore import Tensor, nn

from pipeline.stages.recover import training, weights
from pipeline.stages.recover.levels import Levels
from pipeline.stages.recover.trainee import Trainee, first, tensors


class Stride:
    """Steps of an epoch; the trainee's parameters are the float ones between them."""

    def __init__(self, trainee: Trainee, optimizer: nn.Optimizer, teacher: Any = None) -> None:
        self._trainee = trainee
        self._optimizer = optimizer
        self._teacher = teacher
        names = weights.names(trainee.links)
        self._watched = {name: trainee.parameters[name] for name in names}
        self._chosen: Mapping[str, Levels] = {}

    def renew(self) -> None:
        """Fit the levels to the weights as they are now."""
        self._chosen = weights.fit(self._trainee.links, training.values(self._watched))

    def take(self, gradients: Any, batch: Sequence[Any], labels: Any) -> float:
        """Learn from a batch; gives its loss. ``gradients`` are ``training.gradients``."""
        parameters = self._trainee.parameters
        floats = training.values(self._watched)
        snapped = weights.snapped(self._trainee.links, floats, self._chosen)
        training.assign(parameters, snapped)
        given = tensors(batch)
        loss, found = gradients(Tensor(labels), self._taught(given), *given)
        value = float(loss.asnumpy())
        training.assign(parameters, {name: floats[name] for name in snapped})
        self._optimizer(found)
        return value

    def _taught(self, given: Sequence[Tensor]) -> Tensor:
        return Tensor(0.0) if self._teacher is None else first(self._teacher(*given))
