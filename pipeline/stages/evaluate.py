"""Evaluation stage: accuracy of a converted model on the labelled test set, in the real runtime."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.core import files
from pipeline.core.events import Listener
from pipeline.data.errors import DataInvalid
from pipeline.stages.convert import Model
from pipeline.stages.samples import Samples
from pipeline.toolchain import host
from pipeline.toolchain.errors import ModelUnusable
from pipeline.toolchain.toolchain import Toolchain


@dataclass(frozen=True)
class Accuracy:
    """Top-1 accuracy: ``correct`` of ``n`` samples. ``outputs`` holds the raw outputs of all."""

    correct: int
    n: int
    outputs: Path
    samples_per_s: float

    @property
    def percent(self) -> float:
        """Accuracy in percent."""
        return 100.0 * self.correct / self.n


@dataclass(frozen=True)
class EvaluateStage:
    """Run all samples through ``model`` in one process and count the right answers."""

    model: Model
    samples: Samples
    labels_digest: str
    toolchain: Toolchain
    name: str = "evaluate"

    @property
    def subject(self) -> str:
        return self.model.recipe

    def settings(self) -> Mapping[str, Any]:
        return {
            "model": self.model.sha256,
            "samples": self.samples.digest,
            "labels": self.labels_digest,
            "toolchain": self.toolchain.identity,
        }

    def execute(self, folder: Path, listener: Listener) -> Mapping[str, Any]:
        import numpy as np

        from pipeline.data import layout

        output = folder / "outputs.bin"
        result = host.infer(self.toolchain, self.model.path, self.samples.inputs, output)
        try:
            outputs = layout.read_outputs(output, result.outputs, self.samples.count)
        except (ValueError, OSError) as error:
            raise ModelUnusable(f"{self.model.recipe}.ms", str(error)) from None
        if self.samples.labels is None:
            raise DataInvalid("the test set", "it has no labels")
        correct = count_correct(outputs[0], np.load(self.samples.labels))
        spent = sum(result.samples_ns) / 1e9
        return {
            "correct": correct,
            "n": self.samples.count,
            "samples_per_s": round(self.samples.count / spent, 1) if spent else 0.0,
        }

    def load(self, folder: Path, facts: Mapping[str, Any]) -> Accuracy:
        return Accuracy(
            facts["correct"], facts["n"], folder / "outputs.bin", facts["samples_per_s"]
        )

    def note(self, facts: Mapping[str, Any]) -> str:
        return f"{100.0 * facts['correct'] / facts['n']:.2f} % of {facts['n']}"


def count_correct(scores: Any, labels: Any) -> int:
    """Samples whose highest score [N, ..., classes] is at the label [N]; NaN is never right."""
    import numpy as np

    flat = np.asarray(scores).reshape(len(labels), -1)
    if flat.shape[1] <= int(labels.max()):
        reason = f"label {int(labels.max())} and only {flat.shape[1]} scores a sample"
        raise DataInvalid("the test set", reason)
    valid = np.isfinite(flat).all(axis=1)
    return int((valid & (flat.argmax(axis=1) == labels)).sum())


def labels_digest(samples: Samples) -> str:
    """Hash of the labels."""
    return files.sha256_file(samples.labels) if samples.labels else ""
