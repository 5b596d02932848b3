"""Quantizing from Python: settings in calls instead of a recipe's file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from pipeline.chain.ground import Builder, Ground
from pipeline.chain.run import WORKSPACE, start
from pipeline.config import places
from pipeline.config.recipe import NamedRecipe, Recipe
from pipeline.core import files
from pipeline.core.errors import UsageError, one_line
from pipeline.core.events import Listener, Silent
from pipeline.quantize.quantizer import Layer
from pipeline.stages.convert import Model
from pipeline.stages.evaluate import Accuracy


@dataclass(eq=False)
class SettingRefused(UsageError):
    """Settings that no recipe may have."""

    reason: str

    @property
    def message(self) -> str:
        return f"these settings cannot be: {self.reason}"

    @property
    def hint(self) -> str:
        return "`pipeline schema recipe` prints every setting and what it may be"


@dataclass(frozen=True)
class QuantizedModel:
    """A proved model: its outputs were compared with the network's, its accuracy measured."""

    model: Model
    accuracy: Accuracy

    @property
    def size_bytes(self) -> int:
        """Bytes of the file."""
        return self.model.size_bytes

    @property
    def percent(self) -> float:
        """Accuracy on the test set, in percent."""
        return self.accuracy.percent

    @property
    def layers(self) -> tuple[Layer, ...]:
        """What became of each weight."""
        return self.model.layers

    def save(self, path: Path | str) -> Path:
        """Copy the ``.ms`` file to ``path``, whole or not at all."""
        target = Path(path)
        files.copy_file(self.model.path, target)
        return target


class Quantizer:
    """A deployment's network, ready to be quantized in one way after another.

    >>> quantizer = Quantizer("deploy.yaml")
    >>> quantizer.set(-1, 1, 8)
    >>> quantizer.quantize().save("model.ms")
    """

    def __init__(
        self,
        config: Path | str | None = None,
        *,
        toolchain: Path | None = None,
        workspace: Path = WORKSPACE,
        listener: Listener | None = None,
    ) -> None:
        """Export the checkpoint and convert it, unless that is done. Raises PipelineError."""
        self._listener = listener or Silent()
        self._loaded = places.deployment(Path(config) if config is not None else None, ("fp32",))
        self._workspace = workspace
        self._toolchain = toolchain or self._loaded.deployment.toolchain
        self._settings: dict[str, Any] = {"quantization": "weight", "quantizer": "pipeline"}
        self._rules: list[dict[str, Any]] = []
        with start(workspace, "quantize", self._loaded.deployment.name) as run:
            builder = Builder(self._loaded, run, self._listener)
            self._ground: Ground = builder.lay(self._toolchain, ())

    def set(
        self,
        low: float | None = None,
        high: float | None = None,
        bits: int | None = None,
        *,
        scope: str | None = None,
        operator: str | None = None,
        **settings: Any,
    ) -> Quantizer:
        """Set the range of the weights (values outside are clipped; the weights' own where it is
        left out), their bits, and any other key of a recipe; for the nodes of ``scope`` and
        ``operator`` only, where they are given. A later call wins. Gives the quantizer itself.
        """
        told = dict(settings)
        if low is not None or high is not None:
            told["range"] = (low, high)
        if bits is not None:
            told["bits"] = bits
        if scope is None and operator is None:
            self._settings.update(told)
        else:
            place = {"scope": scope, "operator": operator}
            self._rules.append({key: value for key, value in place.items() if value} | told)
        return self

    @property
    def recipe(self) -> Recipe:
        """What was set, as a recipe. Raises SettingRefused."""
        try:
            return Recipe.model_validate({**self._settings, "rules": self._rules})
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"]))
            text = f"{place}: {first['msg']}" if place else first["msg"]
            raise SettingRefused(one_line(text.replace("Value error, ", ""))) from None

    def quantize(self, name: str = "quantized") -> QuantizedModel:
        """Quantize, prove and evaluate. Raises PipelineError."""
        recipe = self.recipe
        with start(self._workspace, "quantize", self._loaded.deployment.name) as run:
            builder = Builder(self._loaded, run, self._listener)
            ground = self._ground
            named = NamedRecipe(name=name, path=Path("recipe.yaml"), recipe=recipe)
            if recipe.needs_calibration and not ground.calibrations:
                ground = self._ground = builder.lay(self._toolchain, (named,))
            model = builder.convert(ground, named)
            accuracy = builder.evaluate(ground, model)
            run.keep_model(model.path, f"{self._loaded.deployment.name}.{name}.ms")
            run.finish(
                {
                    "status": "done",
                    "recipe": recipe.model_dump(mode="json", exclude_defaults=True),
                    "size_bytes": model.size_bytes,
                    "accuracy_percent": accuracy.percent,
                    "layers": [layer.as_json() for layer in model.layers],
                }
            )
        return QuantizedModel(model, accuracy)
