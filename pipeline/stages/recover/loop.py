"""Epoch after epoch: train, snap, check, keep."""

from __future__ import annotations

import json
import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import mindspore
import numpy as np
from mindspore import Tensor

from pipeline.core import files, usercode
from pipeline.core.errors import PipelineError
from pipeline.quantize.modelfile import ModelFile
from pipeline.quantize.quantizer import settings_for
from pipeline.stages.checkpoint import mindspore_text, network, parameters, reference
from pipeline.stages.evaluate import count_correct
from pipeline.stages.recover import augment, state, training, weights
from pipeline.stages.recover.errors import (
    NothingToRecover,
    TrainingDiverged,
    TrainingFailed,
    TrainingSetUnfit,
)
from pipeline.stages.recover.request import EPOCH, Answer, Labelled, Request
from pipeline.stages.recover.state import Epoch, State


class Loop:
    """One training. Raises the errors of ``recover.errors`` and those of the checkpoint stage."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._settings = settings = request.settings
        training.seed(settings.seed)
        self._sets = {
            one.labels: self._read(one)
            for one in (request.training, request.validation, request.test)
        }
        shapes = [spec.shape for spec in request.network.inputs]
        augment.check(request.training.source, shapes, settings.augment)
        self._network = self._loaded()
        self._parameters = training.parameters_of(self._network)
        self._links = self._linked()
        self._teacher = self._loaded() if settings.distillation else None
        path = request.network.python_path
        self._loss = training.loss_of(settings, path)
        self._steps = self._steps_of_epoch()
        rates = training.rates(settings, self._steps * settings.epochs, path)
        trainable = self._network.trainable_params()
        self._optimizer = training.optimizer(settings, trainable, rates, path)
        self._everything = training.parameters_of(self._network, self._optimizer)
        self._mark = files.sha256_json(usercode.loaded_sources())

    def run(self, checkpoint: Path) -> Answer:
        """Train from the beginning, or from the last epoch that was kept; write the best."""
        try:
            epochs = self._trained()
        except PipelineError:
            raise
        except Exception as error:
            traceback.print_exception(error)
            text, factory = str(error), self._request.network.factory
            where = mindspore_text.place(text) or network.users_line(error)
            raise TrainingFailed(factory, mindspore_text.boil_down(text), where) from error
        best = state.best(self._request.state)
        training.assign(self._parameters, best)
        self._write(best, checkpoint)
        correct, n = self._correct(self._request.test)
        return Answer(
            epochs=epochs,
            best=State(epochs, {}).best.number,
            test_correct=correct,
            test_n=n,
            weights=tuple(each.parameter for each in self._links),
            dependencies=usercode.loaded_sources(),
        )

    def _trained(self) -> tuple[Epoch, ...]:
        folder = self._request.state
        now = state.find(folder, self._mark)
        if now is None:
            now = self._checked((), None, time.monotonic())
        else:
            training.assign(self._everything, now.values)
        target = self._settings.target_percent
        step: Any = None
        draws = training.draws(self._network)
        while len(now.epochs) <= self._settings.epochs:
            if target is not None and now.best.percent >= target:
                break
            begun, number = time.monotonic(), len(now.epochs)
            learns = number <= self._settings.statistics_epochs
            if step is None or draws or number == self._settings.statistics_epochs + 1:
                step = training.gradients(
                    self._network, self._loss, self._settings, learns_statistics=learns
                )
            now = self._checked(now.epochs, self._epoch(number, step), begun)
        return now.epochs

    def _epoch(self, number: int, step: Any) -> float:
        """Train for an epoch; gives the mean loss. The parameters are the float ones after it."""
        request, settings = self._request, self._settings
        inputs, labels = self._sets[request.training.labels]
        seed = (settings.seed, number)
        watched = {name: self._parameters[name] for name in weights.names(self._links)}
        losses = []
        chosen: Mapping[str, Any] = {}
        rows = augment.batches(inputs, labels, settings.augment, settings.batch, seed)
        for count, (batch, targets) in enumerate(rows):
            floats = training.values(watched)
            if count % settings.renew_steps == 0:
                chosen = weights.fit(self._links, floats)
            snapped = weights.snapped(self._links, floats, chosen)
            training.assign(self._parameters, snapped)
            tensors = [Tensor(array) for array in batch]
            loss, found = step(Tensor(targets), self._taught(tensors), *tensors)
            losses.append(float(loss.asnumpy()))
            if not np.isfinite(losses[-1]):
                raise TrainingDiverged(number, count + 1)
            training.assign(self._parameters, {name: floats[name] for name in snapped})
            self._optimizer(found)
        return float(np.mean(losses))

    def _checked(self, before: tuple[Epoch, ...], loss: float | None, begun: float) -> State:
        """Count right answers with snapped weights, and keep and tell what was found."""
        floats = training.values(self._parameters)
        snapped = weights.settled(self._links, floats)
        training.assign(self._parameters, snapped)
        correct, n = self._correct(self._request.validation)
        training.assign(self._parameters, {name: floats[name] for name in snapped})
        seconds = round(time.monotonic() - begun, 3)
        epoch = Epoch(len(before), loss, correct, n, seconds)
        now = State((*before, epoch), training.values(self._everything))
        state.keep(self._request.state, now, {**floats, **snapped}, self._mark)
        print(EPOCH + json.dumps(asdict(epoch)), flush=True)
        return now

    def _taught(self, tensors: Sequence[Tensor]) -> Tensor:
        if self._teacher is None:
            return Tensor(0.0)
        return _first(self._teacher(*tensors))

    def _correct(self, labelled: Labelled) -> tuple[int, int]:
        """Right answers of the network as it is; batches of one size, compiled once."""
        inputs, labels = self._sets[labelled.labels]
        self._network.set_train(False)
        size = self._settings.batch
        outputs = []
        for start in range(0, len(labels), size):
            rows = np.arange(start, start + size) % len(labels)  # the last is filled up
            found = self._network(*(Tensor(np.asarray(array[rows])) for array in inputs))
            outputs.append(_first(found).asnumpy())
        scores = np.concatenate(outputs)[: len(labels)]
        return count_correct(scores, labels), len(labels)

    def _loaded(self) -> Any:
        asked = self._request.network
        cell = network.build(asked.factory, asked.arguments, asked.python_path)
        parameters.load(cell, asked.checkpoint, asked.factory)
        return cell.set_train(False)

    def _read(self, labelled: Labelled) -> tuple[list[Any], Any]:
        """Inputs [N, *a sample without its batch of 1] and labels."""
        specs = self._request.network.inputs
        if any(spec.shape[0] != 1 for spec in specs):
            raise TrainingSetUnfit(labelled.source, "an input of the network has no batch of 1")
        samples = reference.read_samples(specs, labelled.inputs)
        return [array[:, 0] for array in samples], np.load(labelled.labels)

    def _linked(self) -> tuple[weights.Link, ...]:
        model = ModelFile(self._request.model)
        settings = settings_for(model, self._request.recipe)
        if not settings:
            raise NothingToRecover(self._request.recipe_name)
        floats = training.values(self._parameters)
        return weights.link(model, settings, floats, training.norms(self._network))

    def _steps_of_epoch(self) -> int:
        training_set = self._request.training
        count, batch = len(self._sets[training_set.labels][1]), self._settings.batch
        if count < batch:
            reason = f"{count} samples are less than a batch of {batch}"
            raise TrainingSetUnfit(training_set.source, reason)
        return count // batch

    def _write(self, values: Mapping[str, Any], path: Path) -> None:
        named = [{"name": name, "data": Tensor(values[name])} for name in self._parameters]
        mindspore.save_checkpoint(named, str(path))


def _first(outputs: Any) -> Any:
    return outputs[0] if isinstance(outputs, (tuple, list)) else outputs
