"""Trial stage: a model with some weights stored in some way, measured in the real runtime."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.core import files
from pipeline.core.events import Listener
from pipeline.quantize.modelfile import ModelFile
from pipeline.quantize.quantizer import QUANTIZER_VERSION
from pipeline.quantize.rules import LayerSetting
from pipeline.quantize.stored import Constant
from pipeline.stages.convert import Model
from pipeline.stages.evaluate import Accuracy, count_correct
from pipeline.stages.parity import compare
from pipeline.stages.samples import Samples
from pipeline.toolchain import host
from pipeline.toolchain.errors import HostRunFailed, ModelUnusable
from pipeline.toolchain.toolchain import Toolchain


@dataclass(frozen=True)
class Trial:
    """What a trial gave. ``failed`` says why there is nothing else.

    ``agreement``: part of the samples with the same answer as the float model. Cosines are those
    of the first output with the float model's.
    """

    size_bytes: int = 0
    correct: int = 0
    n: int = 0
    agreement: float = 0.0
    cosine_min: float = 0.0
    cosine_mean: float = 0.0
    failed: str = ""

    @property
    def percent(self) -> float:
        """Accuracy in percent."""
        return 100.0 * self.correct / self.n if self.n else 0.0

    @property
    def distortion(self) -> float:
        """How far the outputs are from the float model's: 1 minus the mean cosine."""
        return 1.0 - self.cosine_mean


@dataclass(frozen=True)
class Question:
    """A model, and the samples that it is judged on: ``outputs`` are the float model's for them."""

    subject: str
    model: Path
    inputs: tuple[Path, ...]
    count: int
    labels: Path
    outputs: Path
    deadline_s: float


#: Answers a question, here or elsewhere.
Judge = Callable[[Question, Toolchain], Mapping[str, Any]]


def judge(question: Question, toolchain: Toolchain) -> dict[str, Any]:
    """Run the model on this machine: the facts of a trial but its size.

    Raises ModelUnusable and HostRunFailed.
    """
    import numpy as np

    from pipeline.data import layout

    count = question.count
    with tempfile.TemporaryDirectory(prefix="pipeline-trial-") as folder:
        output = Path(folder) / "outputs.bin"
        result = host.infer(toolchain, question.model, question.inputs, output, question.deadline_s)
        try:
            ours = layout.read_outputs(output, result.outputs, count)[0]
            theirs = layout.read_outputs(question.outputs, result.outputs, count)[0]
        except (ValueError, OSError) as error:
            raise ModelUnusable(question.subject, str(error)) from None
        parity = compare([ours], [theirs])
        if parity.nan_count or parity.spread == 0.0:
            raise ModelUnusable(question.subject, "its outputs hold NaN or are all the same")
        answers = [array.reshape(count, -1).argmax(axis=1) for array in (ours, theirs)]
        return {
            "correct": count_correct(ours, np.load(question.labels)),
            "n": count,
            "agreement": float((answers[0] == answers[1]).mean()),
            "cosine_min": parity.cosine_min,
            "cosine_mean": parity.cosine_mean,
        }


@dataclass(frozen=True)
class TrialStage:
    """Store ``constants`` (by tensor) in ``model`` and evaluate; a failure is a result too.

    ``choice`` names what the constants are: the settings by node. ``model`` is ``baseline``,
    opened once for all trials, and ``outputs`` what it answers to the same samples.
    """

    subject: str
    baseline: Model
    model: ModelFile
    choice: Mapping[str, LayerSetting]
    constants: Mapping[int, Constant]
    samples: Samples
    labels_digest: str
    outputs: Accuracy
    toolchain: Toolchain
    judge: Judge = judge
    deadline_s: float = 3600.0
    name: str = "trial"

    def settings(self) -> Mapping[str, Any]:
        return {
            "baseline": self.baseline.sha256,
            "quantizer": QUANTIZER_VERSION,
            "choice": [[node, *one.key] for node, one in sorted(self.choice.items())],
            "samples": self.samples.digest,
            "labels": self.labels_digest,
            "toolchain": self.toolchain.identity,
        }

    def execute(self, folder: Path, listener: Listener) -> Mapping[str, Any]:
        path = folder / "model.ms"
        files.write_bytes(path, self.model.with_constants(self.constants))
        try:
            facts = self.judge(self._question(path), self.toolchain)
        except (ModelUnusable, HostRunFailed) as error:
            facts = {"failed": error.message}
        # A search makes hundreds; any can be made again.
        size = path.stat().st_size
        path.unlink()
        return {"size_bytes": size, **facts}

    def load(self, folder: Path, facts: Mapping[str, Any]) -> Trial:
        return Trial(**facts)

    def note(self, facts: Mapping[str, Any]) -> str:
        trial = Trial(**facts)
        return trial.failed or f"{trial.size_bytes:,} bytes, {trial.percent:.2f} %"

    def _question(self, path: Path) -> Question:
        assert self.samples.labels is not None  # the baseline was evaluated with them
        return Question(
            subject=self.subject,
            model=path,
            inputs=self.samples.inputs,
            count=self.samples.count,
            labels=self.samples.labels,
            outputs=self.outputs.outputs,
            deadline_s=self.deadline_s,
        )
