"""A network that is to be recovered: its parameters, its data, and the weights it may have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import mindspore
import numpy as np
from mindspore import Tensor

from pipeline.quantize.modelfile import ModelFile
from pipeline.quantize.quantizer import settings_for
from pipeline.stages.checkpoint import network, parameters, reference
from pipeline.stages.evaluate import count_correct
from pipeline.stages.recover import fake, levels, places, training, weights
from pipeline.stages.recover.activations import layers
from pipeline.stages.recover.errors import (
    ActivationUnmatched,
    NothingToRecover,
    TrainingSetUnfit,
)
from pipeline.stages.recover.request import Labelled, Request

#: Samples of the training set that the steps without training look at.
_LOOKED_AT = 512


class Trainee:
    """Raises the errors of ``recover.errors`` and those of the checkpoint stage."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self._sets = {
            one.labels: self._read(one)
            for one in (request.training, request.validation, request.test)
        }
        self.network = self.loaded()
        self.parameters = training.parameters_of(self.network)
        self.layers = layers(request.quantized, request.model) if request.quantized else {}
        self.links = self._linked()
        self.quantize(self.network)

    def loaded(self) -> Any:
        """Another instance of the network in float, with the checkpoint's parameters."""
        asked = self.request.network
        cell = network.build(asked.factory, asked.arguments, asked.python_path)
        parameters.load(cell, asked.checkpoint, asked.factory)
        return cell.set_train(False)

    def quantize(self, cell: Any) -> None:
        """Put an instance's activations on their grids, where the recipe asks for it."""
        if self.layers:
            found = places.find(cell, self.links)
            for link in self.links:
                if link.parameter not in {place.link.parameter for place in found}:
                    node = self.layers[link.parameter].node
                    raise ActivationUnmatched(node, "no layer of the network has its weight")
            fake.quantize(cell, found, self.layers)
            cell.set_train(False)

    def samples(self, labelled: Labelled) -> tuple[list[Any], Any]:
        """Inputs [N, *a sample without its batch of 1] and labels [N]."""
        return self._sets[labelled.labels]

    def batches(self) -> Iterator[list[Any]]:
        """Inputs of whole batches of the training set, a seeded choice, as they are."""
        inputs, labels = self.samples(self.request.training)
        size = self.request.settings.batch
        order = np.random.default_rng(self.request.settings.seed).permutation(len(labels))
        for start in range(0, max(min(_LOOKED_AT, len(labels)) // size, 1) * size, size):
            rows = order[start : start + size]
            yield [np.asarray(array[rows]) for array in inputs]

    def settled(self, floats: weights.Values) -> dict[str, Any]:
        """The weights among ``floats`` at the values that the quantizer gives them."""
        return weights.settled(self.links, floats)

    def scores(self, labelled: Labelled) -> Any:
        """The first output [N, ...] of the network as it is, in batches of one size."""
        inputs, labels = self.samples(labelled)
        self.network.set_train(False)
        size = self.request.settings.batch
        outputs = []
        for start in range(0, len(labels), size):
            rows = np.arange(start, start + size) % len(labels)  # the last is filled up
            found = self.network(*(Tensor(np.asarray(array[rows])) for array in inputs))
            outputs.append(first(found).asnumpy())
        return np.concatenate(outputs)[: len(labels)]

    def correct(self, labelled: Labelled) -> int:
        """Right answers of the network as it is."""
        return count_correct(self.scores(labelled), self.samples(labelled)[1])

    def judged(self, floats: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        """Right answers on the validation set with the settled weights of ``floats``, which the
        network has again afterwards; and those weights."""
        snapped = self.settled(floats)
        training.assign(self.parameters, snapped)
        correct = self.correct(self.request.validation)
        training.assign(self.parameters, {name: floats[name] for name in snapped})
        return correct, snapped

    def write(self, values: Mapping[str, Any], path: Path) -> None:
        """A checkpoint of the network's parameters."""
        named = [{"name": name, "data": Tensor(values[name])} for name in self.parameters]
        mindspore.save_checkpoint(named, str(path))

    def _read(self, labelled: Labelled) -> tuple[list[Any], Any]:
        specs = self.request.network.inputs
        if any(spec.shape[0] != 1 for spec in specs):
            raise TrainingSetUnfit(labelled.source, "an input of the network has no batch of 1")
        samples = reference.read_samples(specs, labelled.inputs)
        return [array[:, 0] for array in samples], np.load(labelled.labels)

    def _linked(self) -> tuple[weights.Link, ...]:
        model = ModelFile(self.request.model)
        settings: dict[int, levels.Setting] = (
            {
                weight.tensor: levels.Symmetric()
                for weight in model.weights
                if weight.name in self.layers
            }
            if self.request.quantized
            else {**settings_for(model, self.request.recipe)}
        )
        if not settings:
            raise NothingToRecover(self.request.recipe_name)
        floats = training.values(self.parameters)
        return weights.link(model, settings, floats, training.norms(self.network))


def first(outputs: Any) -> Any:
    """The first of a network's outputs."""
    return outputs[0] if isinstance(outputs, (tuple, list)) else outputs


def tensors(batch: Sequence[Any]) -> list[Tensor]:
    """Arrays as MindSpore takes them."""
    return [Tensor(array) for array in batch]
