"""Checkpoint stage: network and trained parameters to MindIR, and the network's own answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.config.deployment import Input, Network
from pipeline.core import files
from pipeline.core.events import Listener
from pipeline.data.dataset import Dataset
from pipeline.data.errors import DataInvalid
from pipeline.stages.checkpoint import identity
from pipeline.stages.checkpoint.export import export_checkpoint
from pipeline.stages.convert import Graph, Reference
from pipeline.stages.evaluate import count_correct
from pipeline.stages.source.artefact import Source

_DEADLINE_S = 3600.0


@dataclass(frozen=True)
class CheckpointStage:
    """Export ``network``; MindSpore runs in a child process and only when there is work."""

    network: Network
    inputs: tuple[Input, ...]
    python_path: tuple[Path, ...]
    dataset: Dataset
    parity_samples: int
    seed: int
    logs: Path
    name: str = "checkpoint"

    @property
    def subject(self) -> str:
        return self.network.factory

    def settings(self) -> Mapping[str, Any]:
        return {
            **identity.settings(self.network, self.inputs, self.python_path),
            "data": self.dataset.digest,
            "parity": [self.parity_samples, self.seed],
        }

    def execute(self, folder: Path, listener: Listener) -> Mapping[str, Any]:
        import numpy as np

        from pipeline.data import choice

        request = identity.request(self.network, self.inputs, self.python_path, self.dataset.inputs)
        log = self.logs / "checkpoint.log"
        result = export_checkpoint(request, folder, deadline_s=_DEADLINE_S, log=log)
        files.copy_file(log, folder / "checkpoint.log")
        if self.dataset.labels is None:
            raise DataInvalid(self.dataset.source, "a test set needs labels")
        labels = np.load(self.dataset.labels)
        outputs = [path.name for path in result.outputs]
        return {
            "mindir_sha256": files.sha256_file(result.mindir),
            "outputs": outputs,
            "correct": count_correct(np.load(result.outputs[0]), labels),
            "n": self.dataset.count,
            "chosen": choice.choose(self.dataset.count, self.parity_samples, self.seed, labels),
            "parameter_count": result.parameter_count,
            "mindspore_version": result.mindspore_version,
            "mindir_version": [result.mindir_version_before, result.mindir_version_after],
            "operators": dict(result.operators),
            "rewrites": dict(result.rewrites),
            "dependencies": dict(result.dependencies),
        }

    def load(self, folder: Path, facts: Mapping[str, Any]) -> Source:
        outputs = tuple(folder / name for name in facts["outputs"])
        chosen = tuple(facts["chosen"])
        digests = [files.sha256_file(path) for path in outputs]
        return Source(
            graph=Graph(folder / "model.mindir"),
            digest=facts["mindir_sha256"],
            reference=Reference(
                inputs=self.dataset.inputs,
                outputs=outputs,
                network_shapes=tuple(item.shape for item in self.inputs),
                chosen=chosen,
                digest=files.sha256_json([self.dataset.digest, digests, chosen]),
            ),
            correct=facts["correct"],
            n=facts["n"],
            facts=facts,
        )

    def note(self, facts: Mapping[str, Any]) -> str:
        return (
            f"{facts['parameter_count']:,} parameters, "
            f"{100.0 * facts['correct'] / facts['n']:.2f} % of {facts['n']}"
        )
