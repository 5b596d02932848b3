"""The steps without training, one after another: each is tried, judged, and kept if it helps."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from pipeline.config.recover_words import Free
from pipeline.inspect.look import look
from pipeline.stages.recover import places, training
from pipeline.stages.recover.free import bias, equalization, statistics
from pipeline.stages.recover.free.taps import Taps
from pipeline.stages.recover.request import STEP
from pipeline.stages.recover.state import Step
from pipeline.stages.recover.trainee import Trainee, first, tensors

Values = Mapping[str, Any]

#: How far outputs may move, against the largest, where a step must leave the float network as is.
_SAME = 1e-3


class NotTried(Exception):
    """Why a step cannot help this network."""


def run(trainee: Trainee) -> Iterator[Step]:
    """Try every step of the settings, from the network as it is, which is the first. What helps
    stays in the trainee's parameters.

    ``exact`` is what layers should answer: the float network, equalized or not.
    """
    begun = time.monotonic()
    exact = training.values(trainee.parameters)
    best, _ = trainee.judged(exact)
    count = len(trainee.samples(trainee.request.validation)[1])
    yield _told(Step("as it is", best, count, True, "", _since(begun)))
    for kind in trainee.request.settings.free:
        begun = time.monotonic()
        floats = training.values(trainee.parameters)
        try:
            changed = _STEPS[kind](trainee, floats, exact)
        except NotTried as reason:
            yield _told(Step(kind.value, None, count, False, str(reason), _since(begun)))
            continue
        training.assign(trainee.parameters, changed)
        correct, _ = trainee.judged({**floats, **changed})
        if kept := correct > best:
            best = correct
            exact = {**exact, **changed} if kind is Free.EQUALIZATION else exact
        else:
            training.assign(trainee.parameters, {name: floats[name] for name in changed})
        yield _told(Step(kind.value, correct, count, kept, "", _since(begun)))


def _since(begun: float) -> float:
    return round(time.monotonic() - begun, 3)


def _told(step: Step) -> Step:
    print(STEP + json.dumps(asdict(step)), flush=True)
    return step


def _equalized(trainee: Trainee, floats: Values, _: Values) -> dict[str, Any]:
    if trainee.layers:
        raise NotTried("the ranges of activations are those of the channels as they were")
    found = equalization.pairs(look(trainee.request.model), trainee.links, floats)
    if not found:
        raise NotTried("no layers in a row have only ReLU or pooling between them")
    changed = equalization.equalized(found, floats)
    batch = tensors(next(trainee.batches()))
    before = first(trainee.network(*batch)).asnumpy()
    training.assign(trainee.parameters, changed)
    after = first(trainee.network(*batch)).asnumpy()
    training.assign(trainee.parameters, floats)
    if not np.abs(after - before).max() <= _SAME * np.abs(before).max():
        raise NotTried("the network has operators that a scaled channel changes")
    return changed


def _reestimated(trainee: Trainee, floats: Values, _: Values) -> dict[str, Any]:
    network = trainee.loaded()
    norms = training.norm_cells(network)
    if not norms:
        raise NotTried("the network has no batch norm")
    training.assign(training.parameters_of(network), {**floats, **trainee.settled(floats)})
    trainee.quantize(network)
    return statistics.estimated(statistics.prepare(network, norms), norms, trainee.batches())


def _corrected(trainee: Trainee, floats: Values, exact: Values) -> dict[str, Any]:
    if trainee.layers and trainee.request.recipe.bias_correction is not False:
        raise NotTried("the converter does it for this recipe")
    plain, rough = trainee.loaded(), trainee.loaded()
    found = places.find(plain, trainee.links)
    if all(place.shift is None for place in found):
        raise NotTried("no quantized layer has a bias")
    training.assign(training.parameters_of(plain), exact)
    training.assign(training.parameters_of(rough), {**floats, **trainee.settled(floats)})
    trainee.quantize(rough)
    taps = Taps(plain, found), Taps(rough, found)
    return bias.corrected(*taps, found, trainee.batches(), floats)


_STEPS: Mapping[Free, Callable[[Trainee, Values, Values], dict[str, Any]]] = {
    Free.EQUALIZATION: _equalized,
    Free.STATISTICS: _reestimated,
    Free.BIAS: _corrected,
}
