"""Model file stage: a network in another format than a checkpoint, and its right answers."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pipeline.config.deployment import Format, Input, ModelFile
from pipeline.core import files, process
from pipeline.core.errors import LocalDiskFull
from pipeline.core.events import Listener
from pipeline.data.dataset import Dataset
from pipeline.data.errors import DataInvalid
from pipeline.mindir.errors import MindSporeMissing
from pipeline.stages import child
from pipeline.stages.checkpoint.errors import WorkerCrashed, WorkerTimeout
from pipeline.stages.checkpoint.request import InputSpec
from pipeline.stages.convert import Graph, Reference, Runtime
from pipeline.stages.evaluate import count_correct
from pipeline.stages.source import fp32, interface
from pipeline.stages.source.artefact import Source
from pipeline.stages.source.errors import OnnxRuntimeMissing, decode
from pipeline.stages.source.interface import Agreed, Interface
from pipeline.stages.source.samples import fitted
from pipeline.toolchain.converter import Framework
from pipeline.toolchain.toolchain import Toolchain

_WORKER = "pipeline.stages.source.worker"
_DEADLINE_S = 3600.0
_ONNXRUNTIMES = ("onnxruntime", "onnxruntime-gpu", "onnxruntime-openvino")
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
            "data": self.dataset.digest,
            "parity": [self.parity_samples, self.seed],
            "reference": self._runtime.value,
            "runtime": self._runtime_version(),
            "mindspore": _mindspore_version() if self._needs_rewrite else None,
        }

    def execute(self, folder: Path, listener: Listener) -> Mapping[str, Any]:
        import numpy as np

        from pipeline.data import choice

        if self.dataset.labels is None:
            raise DataInvalid(self.dataset.source, "a test set needs labels")
        labels = np.load(self.dataset.labels)
        answer: dict[str, Any] = {"outputs": [], "facts": {}}
        if self._needs_rewrite or self._runtime is not Runtime.FP32_MODEL:
            answer = self._ask(folder)
        outputs = answer["outputs"]
        if self.toolchain is not None and self._runtime is Runtime.FP32_MODEL:
            log = self.logs / "model-fp32.log"
            specs, last = self._agreed.inputs, self.model.channels_last
            graph = self._graph(folder)
            outputs = fp32.outputs(self.toolchain, graph, specs, self.dataset, last, folder, log)
        return {
            "outputs": outputs,
            "correct": count_correct(np.load(folder / outputs[0]), labels),
            "n": self.dataset.count,
            "chosen": choice.choose(self.dataset.count, self.parity_samples, self.seed, labels),
            "format": self.model.format.value,
            "reference": self._runtime.value,
            "runtime_version": self._runtime_version(),
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
                inputs=self.dataset.inputs,
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
    def _digests(self) -> dict[str, str]:
        weights = {"weights": self.model.weights} if self.model.weights else {}
        named = {"model": self.model.file, **weights, **self._interface.beside}
        return {name: files.sha256_file(path) for name, path in named.items()}

    @property
    def _needs_rewrite(self) -> bool:
        if self.model.format is not Format.MINDIR:
            return False
        return self._interface.version > _PLAIN_MINDIR or bool(self._agreed.fixed)

    def _graph(self, folder: Path) -> Graph:
        return Graph(
            file=folder / "model.mindir" if self._needs_rewrite else self.model.file,
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
                "samples": [str(path) for path in fitted(self.dataset, specs, scratch)]
                if runs
                else [],
                "output": str(folder),
            }
            environment = child.environment(scratch)
            answer, done = child.ask(_WORKER, request, scratch, _DEADLINE_S, environment)
        files.write_bytes(log, done.stdout + done.stderr)
        if done.ending is not process.Ending.EXIT:
            raise WorkerTimeout(str(self.model.file), _DEADLINE_S, log)
        if answer is None and done.lacked_space:
            raise LocalDiskFull(folder)
        if answer is None:
            raise WorkerCrashed(str(self.model.file), child.how(done.returncode), log)
        if "error" in answer:
            raise decode(answer["error"])
        files.copy_file(log, folder / "model.log")
        result: dict[str, Any] = answer["result"]
        return result

    def _runtime_version(self) -> str:
        if self._runtime is Runtime.MINDSPORE:
            return _mindspore_version()
        if self._runtime is Runtime.ONNXRUNTIME:
            return _onnxruntime_version(self.model.file)
        assert self.toolchain is not None
        return self.toolchain.identity


def _plain(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, list[int]]:
    return {name: list(shape) for name, shape in shapes.items()}


def _mindspore_version() -> str:
    """The installed version, found without importing it."""
    try:
        return importlib.metadata.version("mindspore")
    except importlib.metadata.PackageNotFoundError:
        raise MindSporeMissing() from None


def _onnxruntime_version(model: Path) -> str:
    """The installed version, found without importing it."""
    if importlib.util.find_spec("onnxruntime") is None:
        raise OnnxRuntimeMissing(model)
    for name in _ONNXRUNTIMES:
        try:
            return importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return "unknown"
