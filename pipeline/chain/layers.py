"""The layers of a deployment's network: their options, and what each costs by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pipeline.chain.ground import Builder, Ground
from pipeline.chain.subset import evenly
from pipeline.config.recipe import Grid
from pipeline.core.events import Silent
from pipeline.quantize.modelfile import ModelFile
from pipeline.quantize.rules import LayerSetting
from pipeline.search.options import Layer, Option, of_node
from pipeline.stages.evaluate import Accuracy, labels_digest
from pipeline.stages.options import OptionsStage
from pipeline.stages.samples import Samples
from pipeline.stages.stage import Outcome, run_stage
from pipeline.stages.trial import Judge, Trial, TrialStage, judge

#: Samples on which a layer alone is tried.
_FEW = 384


@dataclass
class Layers:
    """Options by node, in the order of the model, and trials of any choice among them."""

    builder: Builder
    ground: Ground
    outputs: Accuracy
    judge: Judge = judge

    @cached_property
    def model(self) -> ModelFile:
        """The float model, opened once."""
        return ModelFile(self.ground.baseline.path)

    @cached_property
    def options(self) -> dict[str, tuple[Layer, ...]]:
        """What each node's weights may be stored as, the smallest first."""
        found = self.builder.stage(OptionsStage(self.ground.baseline))
        nodes: dict[str, dict[int, tuple[Option, ...]]] = {}
        for weight in self.model.weights:
            nodes.setdefault(weight.node, {})[weight.tensor] = found[weight.tensor]
        return {node: of_node(mine) for node, mine in nodes.items()}

    def elements(self, node: str) -> int:
        """Number of weights of a node."""
        return sum(weight.elements for weight in self.model.weights if weight.node == node)

    @property
    def other_bytes(self) -> int:
        """What of the float model's file no option changes."""
        weights = sum(4 * weight.elements for weight in self.model.weights)
        return self.ground.baseline.size_bytes - weights

    def power(self, node: str) -> float:
        """Sum of squares of a node's weights."""
        mine = (weight for weight in self.model.weights if weight.node == node)
        return sum(float((self.model.values(weight).astype(float) ** 2).sum()) for weight in mine)

    @cached_property
    def few(self) -> tuple[Samples, Accuracy]:
        """As many samples as tell how far outputs move, which takes less than accuracy does."""
        folder = self.builder.run.folder / "inputs" / "few"
        return evenly(self.ground.samples, self.outputs, _FEW, folder)

    def probe(self, subject: str, chosen: Mapping[str, Layer]) -> Outcome[Trial]:
        """``trial`` on few samples."""
        return self._trial(subject, chosen, *self.few)

    def trial(self, subject: str, chosen: Mapping[str, Layer]) -> Outcome[Trial]:
        """The model with the weights of some nodes stored as chosen, measured."""
        return self._trial(subject, chosen, self.ground.samples, self.outputs)

    def _trial(
        self, subject: str, chosen: Mapping[str, Layer], samples: Samples, outputs: Accuracy
    ) -> Outcome[Trial]:
        constants = {
            tensor: constant
            for layer in chosen.values()
            for tensor, constant in layer.constants.items()
        }
        stage = TrialStage(
            subject=subject,
            baseline=self.ground.baseline,
            model=self.model,
            choice={node: layer.setting for node, layer in chosen.items()},
            constants=constants,
            samples=samples,
            labels_digest=labels_digest(samples),
            outputs=outputs,
            toolchain=self.ground.toolchain,
            judge=self.judge,
        )
        return run_stage(self.builder.run.store, stage, Silent())

    def near(self, node: str, bits_per_weight: float) -> Layer:
        """The option of a node whose stored bits are nearest to a number of them a weight."""
        elements = self.elements(node)
        return min(
            self.options[node],
            key=lambda layer: abs(8 * layer.stored_bytes / elements - bits_per_weight),
        )


def recipe_of(chosen: Mapping[str, Layer], description: str) -> dict[str, Any]:
    """A choice as a recipe's file has it: a rule for each node."""
    return {
        "description": description,
        "quantization": "weight",
        "quantizer": "pipeline",
        "bits": 8,
        "rules": [_rule(node, layer.setting) for node, layer in chosen.items()],
    }


def _rule(node: str, setting: LayerSetting) -> dict[str, Any]:
    rule: dict[str, Any] = {"scope": node, "grid": setting.grid.value}
    if setting.grid is Grid.ENTROPY:
        return {**rule, "step": setting.step}
    if setting.entries is not None:
        rule["entries"] = setting.entries
    else:
        rule["bits"] = setting.bits
    return {**rule, "per_channel": setting.per_channel}
