"""What each layer costs when it alone is quantized, measured in the real runtime."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pipeline.chain.ground import Builder, Ground
from pipeline.chain.layers import Layers
from pipeline.chain.pages import write_sensitivity_page
from pipeline.chain.parallel import gather, workers
from pipeline.chain.run import WORKSPACE, start
from pipeline.chain.spreads import activation_spreads, weight_spread
from pipeline.config import places
from pipeline.config.recipe import NamedRecipe, Recipe
from pipeline.core.errors import ToolchainError, UsageError
from pipeline.core.events import Listener, Silent
from pipeline.inspect.look import look
from pipeline.quantize.quantizer import settings_for, sqnr_db
from pipeline.quantize.rules import LayerSetting
from pipeline.search.options import Layer
from pipeline.search.sensitivity import LayerCost, Spread
from pipeline.stages.convert import Model
from pipeline.stages.evaluate import Accuracy


@dataclass(eq=False)
class NothingQuantized(UsageError):
    """A recipe that leaves every layer as it is."""

    recipe: str

    @property
    def message(self) -> str:
        return f"the recipe {self.recipe} quantizes no layer of this network"

    @property
    def hint(self) -> str:
        return "name one that does, such as --recipe weight-4 or --recipe full-8"


@dataclass(frozen=True)
class Sensitivity:
    """Each layer alone, in the order of the model, and how the values of layers are spread."""

    name: str
    recipe: str
    run_folder: Path
    baseline_percent: float
    n: int
    costs: tuple[LayerCost, ...]
    spreads: tuple[Spread, ...]

    def as_json(self) -> dict[str, Any]:
        """What ``--json`` prints and the manifest holds."""
        return {
            "status": "done",
            "name": self.name,
            "recipe": self.recipe,
            "run_folder": str(self.run_folder),
            "baseline_accuracy_percent": round(self.baseline_percent, 4),
            "n": self.n,
            "layers": [cost.as_json() for cost in self.costs],
            "spreads": [spread.as_json() for spread in self.spreads],
        }


def sensitivity(
    config: Path | None = None,
    *,
    recipe: str = "codebook-3",
    jobs: int | None = None,
    toolchain: Path | None = None,
    workspace: Path = WORKSPACE,
    listener: Listener | None = None,
) -> Sensitivity:
    """Quantize each layer of ``config``'s network alone as ``recipe`` does, and evaluate.

    Recipes of our own quantizer change one weight of the float model. For the converter's recipes
    the converter is called once a layer, with all others skipped. ``jobs`` at a time; as many as
    there are cores when None. Raises PipelineError.
    """
    listener = listener or Silent()
    loaded = places.deployment(config, (recipe,))
    (named,) = loaded.recipes
    with start(workspace, "sensitivity", loaded.deployment.name) as run:
        builder = Builder(loaded, run, listener)
        ground = builder.lay(toolchain or loaded.deployment.toolchain, loaded.recipes)
        outputs = builder.evaluate(ground, ground.baseline)
        layers = Layers(builder, ground, outputs)
        ask = _Own(layers, named) if named.recipe.written_by_pipeline else _Others(layers, named)
        found = ask.all(jobs)
        result = Sensitivity(
            name=loaded.deployment.name,
            recipe=named.name,
            run_folder=run.folder,
            baseline_percent=outputs.percent,
            n=outputs.n,
            costs=tuple(cost for cost, _ in found),
            spreads=tuple(spread for _, some in found for spread in some) + ask.activations(),
        )
        write_sensitivity_page(result, ground)
        run.finish(result.as_json())
    return result


@dataclass
class _Own:
    """Recipes that our own quantizer carries out."""

    layers: Layers
    named: NamedRecipe

    def all(self, jobs: int | None) -> list[tuple[LayerCost, tuple[Spread, ...]]]:
        settings = settings_for(self.layers.model, self.named.recipe)
        nodes: dict[str, LayerSetting] = {
            weight.node: settings[weight.tensor]
            for weight in self.layers.model.weights
            if weight.tensor in settings
        }
        if not nodes:
            raise NothingQuantized(self.named.name)
        with workers(jobs) as pool:
            waiting = [pool.submit(self._one, node, setting) for node, setting in nodes.items()]
            gather(*waiting)
            return [job.result() for job in waiting]

    def activations(self) -> tuple[Spread, ...]:
        """Activations stay float."""
        return ()

    def _one(self, node: str, setting: LayerSetting) -> tuple[LayerCost, tuple[Spread, ...]]:
        from pipeline.quantize import layer

        model = self.layers.model
        mine = [weight for weight in model.weights if weight.node == node]
        done = {w.tensor: layer.quantize(model.values(w), w.axis, setting) for w in mine}
        constants = {tensor: one.constant for tensor, one in done.items()}
        trial = self.layers.trial(f"{node} alone", {node: Layer(setting, constants, 0.0)}).artefact
        elements = sum(weight.elements for weight in mine)
        first = mine[0]
        values, real = model.values(first), done[first.tensor].real
        cost = LayerCost(
            node=node,
            operator=first.operator,
            setting=words(setting),
            float_bytes=4 * elements,
            stored_bytes=sum(constant.stored_bytes for constant in constants.values()),
            drop_points=self.layers.outputs.percent - trial.percent,
            cosine_min=trial.cosine_min,
            cosine_mean=trial.cosine_mean,
            sqnr_db=sqnr_db(values, real),
            clipped=sum(one.clipped for one in done.values()) / elements,
            failed=trial.failed,
        )
        return cost, (weight_spread(node, values, real),)


@dataclass
class _Others:
    """Recipes that the converter carries out."""

    layers: Layers
    named: NamedRecipe

    @cached_property
    def whole(self) -> Model:
        """The recipe's model with all layers."""
        builder, ground = self._parts()
        return builder.convert(ground, self.named)

    def all(self, jobs: int | None) -> list[tuple[LayerCost, tuple[Spread, ...]]]:
        there = {name for name, _ in self.layers.model.nodes}
        quantized = [
            node
            for node in look(self.whole.path).operators
            if node.quantization != "QUANT_NONE" and node.name in there
        ]
        if not quantized:
            raise NothingQuantized(self.named.name)
        names = [node.name for node in quantized]
        with workers(jobs) as pool:
            waiting = [pool.submit(self._one, node.name, node.kind, names) for node in quantized]
            gather(*waiting)
            return [(job.result(), ()) for job in waiting]

    def activations(self) -> tuple[Spread, ...]:
        """Ranges that the whole recipe chose for activations, where it quantizes them."""
        builder, ground = self._parts()
        return activation_spreads(ground, self.whole, builder.run.folder / "inputs")

    def _one(self, node: str, operator: str, quantized: Sequence[str]) -> LayerCost:
        builder, ground = self._parts()
        recipe = self.named.recipe
        skipped = tuple(name for name in quantized if name != node)
        settings = recipe.model_dump(exclude_unset=True) | {"skip_nodes": skipped, "rules": ()}
        alone = NamedRecipe(
            name=f"{self.named.name}-{quantized.index(node)}",
            path=self.named.path,
            recipe=Recipe.model_validate(settings),
        )
        before = ground.baseline.size_bytes
        try:
            model = builder.convert(ground, alone)
            accuracy: Accuracy = builder.evaluate(ground, model)
        except ToolchainError as error:
            return LayerCost(node, operator, self.named.name, before, before, failed=error.message)
        return LayerCost(
            node=node,
            operator=operator,
            setting=self.named.name,
            float_bytes=before,
            stored_bytes=model.size_bytes,
            drop_points=self.layers.outputs.percent - accuracy.percent,
            cosine_min=model.parity.cosine_min,
            cosine_mean=model.parity.cosine_mean,
        )

    def _parts(self) -> tuple[Builder, Ground]:
        return self.layers.builder, self.layers.ground


def words(setting: LayerSetting) -> str:
    """A setting in a few words: ``codebook of 8``, ``4 bits a channel``."""
    if setting.step is not None:
        return f"entropy-coded, steps of {setting.step:g}"
    if setting.entries is not None:
        text = f"codebook of {setting.entries}"
    else:
        text = f"{setting.bits} bit" + ("s" if setting.bits > 1 else "")
    return text + (", a channel" if setting.per_channel else "")
