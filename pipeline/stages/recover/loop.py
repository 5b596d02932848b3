"""Epoch after epoch: train, snap, check, keep."""

from __future__ import annotations

import json
import time
import traceback
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.config.recover_words import Train
from pipeline.core import files, usercode
from pipeline.core.errors import PipelineError
from pipeline.stages.checkpoint import mindspore_text, network
from pipeline.stages.evaluate import count_correct
from pipeline.stages.recover import augment, state, training
from pipeline.stages.recover.errors import TrainingDiverged, TrainingFailed, TrainingSetUnfit
from pipeline.stages.recover.free import steps
from pipeline.stages.recover.request import EPOCH, PROGRESS, Answer, Request
from pipeline.stages.recover.state import Epoch, State
from pipeline.stages.recover.stride import Stride
from pipeline.stages.recover.trainee import Trainee

_TELL_EVERY_S = 1.0


class Loop:
    """One training. Raises the errors of ``recover.errors`` and those of the checkpoint stage."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._settings = settings = request.settings
        training.seed(settings.seed)
        shapes = [spec.shape for spec in request.network.inputs]
        augment.check(request.training.source, shapes, settings.augment)
        self._trainee = trainee = Trainee(request)
        self._parameters = trainee.parameters
        path = request.network.python_path
        self._loss = training.loss_of(settings, path)
        self._steps = self._steps_of_epoch()
        rates = training.rates(settings, self._steps * settings.epochs, path)
        trainable = trainee.network.trainable_params()
        self._optimizer = training.optimizer(settings, trainable, rates, path)
        teacher = trainee.loaded() if settings.distillation else None
        self._stride = Stride(trainee, self._optimizer, teacher)
        self._everything = {
            **self._parameters,
            **training.parameters_of(trainee.network, self._optimizer),
        }
        self._mark = files.sha256_json(usercode.loaded_sources())

    def run(self, checkpoint: Path, outputs: Path) -> Answer:
        """Train from the beginning, or from the last epoch that was kept; write the best, and
        what it answers on the test set."""
        try:
            done = self._trained()
        except PipelineError:
            raise
        except Exception as error:
            traceback.print_exception(error)
            text, factory = str(error), self._request.network.factory
            where = mindspore_text.place(text) or network.users_line(error)
            raise TrainingFailed(factory, mindspore_text.boil_down(text), where) from error
        trainee, test = self._trainee, self._request.test
        best = state.best(self._request.state)
        training.assign(self._parameters, best)
        trainee.write(best, checkpoint)
        scores, labels = trainee.scores(test), trainee.samples(test)[1]
        np.save(outputs, scores)
        return Answer(
            steps=done.steps,
            enough_percent=done.enough,
            epochs=done.epochs,
            best=done.best.number,
            test_correct=count_correct(scores, labels),
            test_n=len(labels),
            weights=tuple(each.parameter for each in trainee.links),
            dependencies=usercode.loaded_sources(),
        )

    def _trained(self) -> State:
        folder = self._request.state
        now = state.find(folder, self._mark)
        if now is None:
            now = self._begun()
        else:
            training.assign(self._everything, now.values)
        step: Any = None
        draws = training.draws(self._trainee.network)
        while self._goes_on(now):
            begun, number = time.monotonic(), len(now.epochs)
            learns = number <= self._settings.statistics_epochs
            if step is None or draws or number == self._settings.statistics_epochs + 1:
                step = training.gradients(
                    self._trainee.network, self._loss, self._settings, learns_statistics=learns
                )
            now = self._checked(now, self._epoch(number, step), begun)
        return now

    def _goes_on(self, now: State) -> bool:
        """Whether there is another epoch to train."""
        settings = self._settings
        if len(now.epochs) > settings.epochs or settings.train is Train.NEVER:
            return False
        if settings.target_percent is not None and now.best.percent >= settings.target_percent:
            return False
        untrained = len(now.epochs) == 1 and settings.train is Train.IF_NEEDED
        return not (untrained and now.best.percent >= now.enough)

    def _begun(self) -> State:
        """The steps without training, and what stands before the first epoch."""
        begun, validation = time.monotonic(), self._request.validation
        enough = self._settings.target_percent
        if enough is None:
            count = len(self._trainee.samples(validation)[1])
            exact = 100.0 * self._trainee.correct(validation) / count
            enough = exact - self._request.drop_points
        found = tuple(steps.run(self._trainee))
        return self._checked(State((), {}, found, enough), None, begun)

    def _epoch(self, number: int, step: Any) -> float:
        """Train for an epoch; gives the mean loss. The parameters are the float ones after it."""
        settings = self._settings
        inputs, labels = self._trainee.samples(self._request.training)
        losses: list[float] = []
        told = time.monotonic()
        rows = augment.batches(
            inputs, labels, settings.augment, settings.batch, (settings.seed, number)
        )
        for count, (batch, targets) in enumerate(rows):
            if count % settings.renew_steps == 0:
                self._stride.renew()
            losses.append(self._stride.take(step, batch, targets))
            if not np.isfinite(losses[-1]):
                raise TrainingDiverged(number, count + 1)
            if time.monotonic() - told >= _TELL_EVERY_S:
                told = time.monotonic()
                done = number - 1 + (count + 1) / self._steps
                print(PROGRESS + json.dumps([done, settings.epochs]), flush=True)
        return float(np.mean(losses))

    def _checked(self, before: State, loss: float | None, begun: float) -> State:
        """Count right answers with snapped weights, and keep and tell what was found."""
        floats = training.values(self._parameters)
        correct, snapped = self._trainee.judged(floats)
        n = len(self._trainee.samples(self._request.validation)[1])
        seconds = round(time.monotonic() - begun, 3)
        epoch = Epoch(len(before.epochs), loss, correct, n, seconds)
        values = training.values(self._everything)
        now = State((*before.epochs, epoch), values, before.steps, before.enough)
        state.keep(self._request.state, now, {**floats, **snapped}, self._mark)
        print(EPOCH + json.dumps(asdict(epoch)), flush=True)
        return now

    def _steps_of_epoch(self) -> int:
        training_set = self._request.training
        count, batch = len(self._trainee.samples(training_set)[1]), self._settings.batch
        if count < batch:
            reason = f"{count} samples are less than a batch of {batch}"
            raise TrainingSetUnfit(training_set.source, reason)
        return count // batch
