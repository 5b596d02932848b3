"""Model file stage: a network in another format than a checkpoint, and its right answers."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pipeline.config.deployment import Format, Input, ModelFile
from pipeline.core import files
from pipeline.core.events import Listener
from pipeline.data.dataset import Dataset
from pipeline.data.errors import DataInvalid
from pipeline.mindir.errors import MindSporeMissing
from pipeline.stages.checkpoint.request import InputSpec
from pipeline.stages.convert import Graph, Reference, Runtime
from pipeline.stages.evaluate import count_correct
from pipeline.stages.source import fp32, installed, interface, onnx_defaults
from pipeline.stages.source.artefact import Source, check_mindir
from pipeline.stages.source.asking import ask
from pipeline.stages.source.interface import Agreed, Interface
from pipeline.stages.source.samples import fitted
from pipeline.toolchain.converter import Framework
from pipeline.toolchain.toolchain import Toolchain

_WORKER = "pipeline.stages.source.worker"
_DEADLINE_S = 3600.0
#: A copy of an ONNX file, with what it left to the reader.
_COMPLETED = "model.onnx"
#: MindIR that the converter reads as it is.
_PLAIN_MINDIR = 1


def runtime_of(model: ModelFile) -> Runtime:
    """Whose outputs are the right ones of a model file."""
    own = {Format.MINDIR: Runtime.MINDSPORE, Format.ONNX: Runtime.ONNXRUNTIME}
    if model.reference == "fp32":
        return Runtime.FP32_MODEL
    return own.get(model.format, Runtime.FP32_MODEL)


@dataclass(frozen=True)
class ModelFileStage:
    """Look at ``model``, bring it to a form that the converter reads, run it on the test set.

    ``toolchain`` is needed where the fp32 model gives the reference, and None elsewhere.
    """

    model: ModelFile
    inputs: tuple[Input, ...]
    dataset: Dataset
    parity_samples: int
    seed: int
    logs: Path
    toolchain: Toolchain | None
    name: str = "model"

    @property
    def subject(self) -> str:
        return self.model.file.name

    def settings(self) -> Mapping[str, Any]:
        agreed = self._agreed
        return {
            "format": self.model.format.value,
            "files": self._digests,
            "inputs": [[item.name, list(item.shape), item.dtype] for item in agreed.inputs],
            "fixed": sorted(agreed.fixed),
            "completed": self._lacks_defaults,
            "data": self.dataset.digest,
            "parity": [self.parity_samples, self.seed],
            "reference": self._runtime.value,
            "runtime": self._runtime_version(),
            "mindspore": self._rewriter_version(),
        }

    def execute(self, folder: Path, listener: Listener) -> Mapping[str, Any]:
        import numpy as np

        from pipeline.data import choice

        if self.dataset.labels is None:
            raise DataInvalid(self.dataset.source, "a test set needs labels")
        labels = np.load(self.dataset.labels)
        answer: dict[str, Any] = {"outputs": [], "facts": {}}
        if self._lacks_defaults:
            onnx_defaults.complete(self.model.file, folder / _COMPLETED)
        if self._needs_rewrite or self._runtime is not Runtime.FP32_MODEL:
            answer = self._ask(folder)
        outputs = answer["outputs"]
        if self.toolchain is not None and self._runtime is Runtime.FP32_MODEL:
            log = self.logs / "model-fp32.log"
            specs, last = self._agreed.inputs, self.model.channels_last
            graph = self._graph(folder)
            check_mindir(self.toolchain, {**self._mindir_versions, **answer["facts"]})
            outputs = fp32.outputs(self.toolchain, graph, specs, self._samples, last, folder, log)
        return {
            "outputs": outputs,
            "correct": count_correct(np.load(folder / outputs[0]), labels),
            "n": self.dataset.count,
            "chosen": choice.choose(self.dataset.count, self.parity_samples, self.seed, labels),
            "format": self.model.format.value,
            "reference": self._runtime.value,
            "runtime_version": self._runtime_version(),
            **self._mindir_versions,
            **answer["facts"],
        }

    def load(self, folder: Path, facts: Mapping[str, Any]) -> Source:
        outputs = tuple(folder / name for name in facts["outputs"])
        chosen = tuple(facts["chosen"])
        digests = [files.sha256_file(path) for path in outputs]
        graph = self._graph(folder)
        converted = files.sha256_file(graph.file)
        return Source(
            graph=graph,
            digest=files.sha256_json(
                [graph.framework.value, converted, self._digests, _plain(graph.shapes)]
            ),
            reference=Reference(
                inputs=self._samples.inputs,
                outputs=outputs,
                network_shapes=tuple(item.shape for item in self._agreed.inputs),
                chosen=chosen,
                digest=files.sha256_json([self.dataset.digest, digests, chosen]),
                runtime=self._runtime,
                channels_last=self.model.channels_last,
            ),
            correct=facts["correct"],
            n=facts["n"],
            facts=facts,
        )

    def note(self, facts: Mapping[str, Any]) -> str:
        return (
            f"{100.0 * facts['correct'] / facts['n']:.2f} % of {facts['n']}, "
            f"by {facts['reference']}"
        )

    @property
    def _runtime(self) -> Runtime:
        return runtime_of(self.model)

    @cached_property
    def _interface(self) -> Interface:
        return interface.read(self.model)

    @cached_property
    def _agreed(self) -> Agreed:
        found = self._interface.inputs
        if found is None:
            specs = (InputSpec(item.name, item.shape, item.dtype) for item in self.inputs)
            return Agreed(tuple(specs), {})
        return interface.agree(self.model.file, found, self.inputs)

    @cached_property
    def _samples(self) -> Dataset:
        """The test set with its inputs in the model's order."""
        return self.dataset.ordered([spec.name for spec in self._agreed.inputs])

    @cached_property
    def _digests(self) -> dict[str, str]:
        weights = {"weights": self.model.weights} if self.model.weights else {}
        named = {"model": self.model.file, **weights, **self._interface.beside}
        return {name: files.sha256_file(path) for name, path in named.items()}

    @property
    def _needs_rewrite(self) -> bool:
        if self.model.format is not Format.MINDIR:
            return False
        return self._interface.version > _PLAIN_MINDIR or bool(self._agreed.fixed)

    @property
    def _mindir_versions(self) -> dict[str, list[int]]:
        """Those of a MindIR before and after it was rewritten, which it mostly is not."""
        version = self._interface.version
        return {"mindir_version": [version] * 2} if self.model.format is Format.MINDIR else {}

    @cached_property
    def _lacks_defaults(self) -> bool:
        return self.model.format is Format.ONNX and not onnx_defaults.is_complete(self.model.file)

    def _graph(self, folder: Path) -> Graph:
        file = folder / "model.mindir" if self._needs_rewrite else self.model.file
        return Graph(
            file=folder / _COMPLETED if self._lacks_defaults else file,
            framework=Framework[self.model.format.name],
            weights=self.model.weights,
            beside=self._interface.beside,
            # MindIR has them written into it.
            shapes={} if self.model.format is Format.MINDIR else self._agreed.fixed,
        )

    def _ask(self, folder: Path) -> dict[str, Any]:
        """What the worker answers; its files are in ``folder``."""
        log = self.logs / "model.log"
        runs = self._runtime is not Runtime.FP32_MODEL
        with files.disk_errors(folder), tempfile.TemporaryDirectory(dir=folder) as name:
            scratch = Path(name)
            specs = self._agreed.inputs
            request = {
                "file": str(self.model.file.absolute()),
                "rewrite": self._needs_rewrite,
                "runtime": self._runtime.value if runs else None,
                "inputs": [
                    {"name": spec.name, "shape": spec.shape, "dtype": spec.dtype} for spec in specs
                ],
                "samples": [str(path) for path in fitted(self._samples, specs, scratch)]
                if runs
                else [],
                "output": str(folder),
            }
            try:
                result: dict[str, Any] = ask(
                    _WORKER, request, self.model.file, scratch, deadline_s=_DEADLINE_S, log=log
                )
            except MindSporeMissing as error:
                raise MindSporeMissing(error.reason, not self._needs_rewrite) from None
        files.copy_file(log, folder / "model.log")
        return result

    def _rewriter_version(self) -> str | None:
        return installed.mindspore_version(avoidable=False) if self._needs_rewrite else None

    def _runtime_version(self) -> str:
        if self._runtime is Runtime.MINDSPORE:
            return installed.mindspore_version(avoidable=not self._needs_rewrite)
        if self._runtime is Runtime.ONNXRUNTIME:
            return installed.onnxruntime_version(self.model.file)
        assert self.toolchain is not None
        return self.toolchain.identity


def _plain(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, list[int]]:
    return {name: list(shape) for name, shape in shapes.items()}
