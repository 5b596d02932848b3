"""Conversion stage: a recipe applied, and the proof that what came out is a model.

A recipe that the converter cannot carry out is applied to the float model that it made.

Converted means: the format's mark is there, the model loads and runs in the real runtime, its
outputs were compared with the checkpoint's, hold no NaN and depend on the input.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from pipeline.config.recipe import Recipe
from pipeline.core import files
from pipeline.core.events import Listener
from pipeline.core.runner import RunnerResult
from pipeline.core.tensors import TensorFacts
from pipeline.data.errors import DataInvalid
from pipeline.quantize.modelfile import ModelFile
from pipeline.quantize.quantizer import (
    QUANTIZER_VERSION,
    Layer,
    layer_from_json,
    quantize_file,
)
from pipeline.quantize.rules import Node, skipped
from pipeline.stages.parity import Parity, compare, from_json
from pipeline.stages.samples import Calibration
from pipeline.toolchain import converter, host
from pipeline.toolchain.converter import Graph
from pipeline.toolchain.errors import ConversionFailed, ModelUnusable
from pipeline.toolchain.toolchain import Toolchain


class Runtime(str, Enum):
    """Whose outputs those of a model are compared with."""

    MINDSPORE = "mindspore"
    ONNXRUNTIME = "onnxruntime"
    #: Nothing here runs the network itself: what the conversion did to it stays unseen.
    FP32_MODEL = "fp32 model"


@dataclass(frozen=True)
class Reference:
    """What the network itself gives: inputs (network layout) and outputs of the same samples.

    ``channels_last``: the network's own images are NHWC, as the converted model's are.
    """

    inputs: tuple[Path, ...]
    outputs: tuple[Path, ...]
    network_shapes: tuple[tuple[int, ...], ...]
    chosen: tuple[int, ...]
    digest: str
    runtime: Runtime = Runtime.MINDSPORE
    channels_last: bool = False


@dataclass(frozen=True)
class Model:
    """A proved ``.ms`` file."""

    recipe: str
    path: Path
    sha256: str
    size_bytes: int
    inputs: tuple[TensorFacts, ...]
    outputs: tuple[TensorFacts, ...]
    parity: Parity
    layers: tuple[Layer, ...] = ()


@dataclass(frozen=True)
class ConvertStage:
    """Convert ``graph`` with ``recipe`` and prove the model on the reference's samples.

    ``baseline``: the model of the same graph without quantization, which our own quantizer
    starts from; its inputs are known, which saves a start of the runtime to ask for them.
    """

    recipe_name: str
    recipe: Recipe
    graph: Graph
    graph_digest: str
    reference: Reference
    calibration: Calibration | None
    toolchain: Toolchain
    logs: Path
    baseline: Model | None = None
    name: str = "convert"

    @property
    def subject(self) -> str:
        return self.recipe_name

    def settings(self) -> Mapping[str, Any]:
        return {
            "recipe": self.recipe.settings(),
            "graph": self.graph_digest,
            "reference": self.reference.digest,
            "calibration": self.calibration.digest if self.calibration else None,
            "toolchain": self.toolchain.identity,
            **self._starting_point(),
        }

    @property
    def _speaks_of_nodes(self) -> bool:
        return bool(self.recipe.rules or self.recipe.skip_nodes)

    def _starting_point(self) -> dict[str, Any]:
        """What else decides where the float model's weights or nodes are asked for."""
        if self.baseline is None:
            return {}
        if self.recipe.written_by_pipeline:
            return {"baseline": self.baseline.sha256, "quantizer": QUANTIZER_VERSION}
        return {"baseline": self.baseline.sha256} if self._speaks_of_nodes else {}

    def execute(self, folder: Path, listener: Listener) -> Mapping[str, Any]:
        log = self.logs / f"convert-{self.recipe_name}.log"
        target = folder / "model.ms"
        layers: tuple[Layer, ...] = ()
        if self.recipe.written_by_pipeline:
            assert self.baseline is not None  # it is converted before any of these
            layers = quantize_file(self.baseline.path, self.recipe, target)
        else:
            self._convert(target, log)
            files.copy_file(log, folder / "convert.log")
        expects = self.baseline.inputs if self.baseline else ()
        facts, parity = self._prove(target, expects or host.describe(self.toolchain, target).inputs)
        return {
            "layers": [layer.as_json() for layer in layers],
            "sha256": files.sha256_file(target),
            "size_bytes": target.stat().st_size,
            "inputs": [_tensor_json(tensor) for tensor in facts.inputs],
            "outputs": [_tensor_json(tensor) for tensor in facts.outputs],
            "parity": parity.as_json(),
        }

    def load(self, folder: Path, facts: Mapping[str, Any]) -> Model:
        return Model(
            recipe=self.recipe_name,
            path=folder / "model.ms",
            sha256=facts["sha256"],
            size_bytes=facts["size_bytes"],
            inputs=tuple(_tensor(item) for item in facts["inputs"]),
            outputs=tuple(_tensor(item) for item in facts["outputs"]),
            parity=from_json(facts["parity"]),
            layers=tuple(layer_from_json(item) for item in facts.get("layers", ())),
        )

    def note(self, facts: Mapping[str, Any]) -> str:
        return f"{facts['size_bytes']:,} bytes, cosine {facts['parity']['cosine_min']:.5f}"

    def _convert(self, target: Path, log: Path) -> None:
        calibration = self.calibration
        converter.convert(
            self.toolchain,
            converter.Conversion(
                name=self.recipe_name,
                graph=self.graph,
                recipe=self.recipe,
                calibration=calibration.folders if calibration else {},
                calibration_samples=calibration.count if calibration else 0,
                skipped=self._skipped(),
            ),
            target,
            log,
        )

    def _skipped(self) -> tuple[str, ...] | None:
        if self.baseline is None or not self._speaks_of_nodes:
            return None
        nodes = [Node(*node) for node in ModelFile(self.baseline.path).nodes]
        return skipped(self.recipe, nodes)

    def _prove(self, model: Path, tensors: tuple[TensorFacts, ...]) -> tuple[RunnerResult, Parity]:
        import numpy as np

        from pipeline.data import layout

        name = f"{self.recipe_name}.ms"
        reference = self.reference
        rows = list(reference.chosen)
        if len(tensors) != len(reference.inputs):
            raise ModelUnusable(name, f"it has {len(tensors)} inputs, not {len(reference.inputs)}")
        with tempfile.TemporaryDirectory(dir=model.parent) as scratch:
            paths = []
            for index, tensor in enumerate(tensors):
                array = np.load(reference.inputs[index], mmap_mode="r")[rows]
                shape = reference.network_shapes[index]
                paths.append(Path(scratch) / f"input_{index}.bin")
                laid = layout.to_model(
                    array, shape, tensor, "the test set", reference.channels_last
                )
                layout.write_samples(laid, paths[-1])
            output = Path(scratch) / "outputs.bin"
            result = host.infer(self.toolchain, model, tuple(paths), output)
            if result.inputs != tensors:
                raise ModelUnusable(name, "its inputs are not those of the model in float")
            try:
                outputs = layout.read_outputs(output, result.outputs, len(rows))
                expected = [np.load(path, mmap_mode="r")[rows] for path in reference.outputs]
                parity = compare(outputs, expected)
            except (ValueError, OSError) as error:
                raise ModelUnusable(name, str(error)) from None
        if parity.nan_count:
            raise ModelUnusable(name, f"its outputs hold {parity.nan_count} NaN or infinite values")
        if parity.spread == 0.0:
            if compare(expected, expected).spread == 0.0:
                reason = "the network itself gives the same output for every sample chosen of it"
                raise DataInvalid("the test set", reason)
            raise ModelUnusable(name, "its output is the same for every input")
        return result, parity


def _tensor_json(tensor: TensorFacts) -> dict[str, Any]:
    return {
        "name": tensor.name,
        "dtype": tensor.dtype,
        "shape": list(tensor.shape),
        "format": tensor.format,
    }


def _tensor(item: Mapping[str, Any]) -> TensorFacts:
    return TensorFacts(item["name"], item["dtype"], tuple(item["shape"]), item["format"])


__all__ = ["ConversionFailed", "ConvertStage", "Graph", "Model", "Reference", "Runtime"]
