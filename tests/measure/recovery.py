"""What recovery wins back, and what a step of it costs. Not collected by pytest.

``python -m tests.measure.recovery [--out FILE] [--work FOLDER] [NAME ...]`` recovers the cases
below in the real MindSpore, converter and runtime, and measures a step of each training against a
plain one of the same network, data and optimizer, one after the other in turns in one process.
Finished stages are taken from the workspace.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from mindspore import Tensor, nn, ops

import pipeline
from pipeline.chain import recovery
from pipeline.chain.ground import Builder
from pipeline.chain.recover import Recovered
from pipeline.chain.run import start
from pipeline.config import places
from pipeline.core.events import Silent
from pipeline.stages.recover import training
from pipeline.stages.recover.request import Request
from pipeline.stages.recover.stride import Stride
from pipeline.stages.recover.trainee import Trainee, tensors

ROOT = Path(__file__).parents[2]
TABLE = Path(__file__).with_suffix(".md")
DIGITS, NUMBERS = (ROOT / "examples" / name / "recover.yaml" for name in ("digits", "numbers"))


@dataclass(frozen=True)
class Case:
    """A network and a recipe, and how many steps of its training are timed."""

    name: str
    config: Path
    recipe: str
    steps: int


CASES = (
    Case("digits-2", DIGITS, "codebook-2", 40),
    Case("digits-1", DIGITS, "binary", 40),
    Case("digits-full", DIGITS, "full-8", 40),
    Case("numbers-3", NUMBERS, "three-bits", 12),
    Case("numbers-2", NUMBERS, "two-bits", 12),
)


class Told(Silent):
    """Says what has ended: this takes a while."""

    def finished(self, step: str, subject: str, *, reused: bool, note: str, seconds: float) -> None:
        """One line."""
        print(f"{step} {subject}: {note} ({'kept' if reused else f'{seconds:.0f} s'})", flush=True)


def main() -> None:
    """Measure, then write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--out", type=Path, default=TABLE)
    parser.add_argument("--work", type=Path, default=Path("runs"))
    options = parser.parse_args()
    chosen = [case for case in CASES if not options.names or case.name in options.names]
    training.seed(0)
    lines = ["Made by `python -m tests.measure.recovery`.", "", *_HEAD]
    for case in chosen:
        found = pipeline.recover(
            case.config, recipe=case.recipe, workspace=options.work, listener=Told()
        )
        lines.append(_row(case, found, _ratio(case, options.work)))
        options.out.write_text("\n".join([*lines, "", *_NOTES]) + "\n", encoding="utf-8")


_COLUMNS = (
    "network and recipe", "bytes", "float", "quantized", "equalized", "statistics", "bias",
    "trained", "`.ms`", "MindSpore", "worst cosine", "step",
)  # fmt: skip
_HEAD = (f"| {' | '.join(_COLUMNS)} |", "|---" * len(_COLUMNS) + "|")
_NOTES = (
    "float, quantized (the recipe's model of the network as it was), `.ms` (its recovered model)",
    "and MindSpore (the recovered network with quantized values) are on the whole test set; the",
    "steps and the training between them on the validation set, a step that did not help in",
    "brackets, `-` where it was not tried. Worst cosine: of the model's outputs with MindSpore's.",
    "step: the time of a step of this training over that of plain training.",
)


def _row(case: Case, found: Recovered, ratio: float) -> str:
    steps = {step.name: step for step in found.steps}
    cells = [f"{found.name} {case.recipe}", f"{found.size_bytes:,}", _percent(found.float_percent)]
    cells.append(_percent(found.before_percent))
    for name in ("equalization", "statistics", "bias"):
        step = steps[name]
        cells.append(_percent(step.percent) if step.kept else f"({_percent(step.percent)})")
    trained = max((epoch.percent for epoch in found.epochs[1:]), default=None)
    cells.append(_percent(trained) if found.best_epoch else f"({_percent(trained)})")
    cells += [_percent(found.after_percent), _percent(found.trained_percent)]
    assert found.agreement is not None  # a recovery has it
    cells += [f"{found.agreement.cosine_min:.5f}", f"{ratio:.2f}"]
    return "| " + " | ".join(cell.replace("(-)", "-") for cell in cells) + " |"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f} %"


def _ratio(case: Case, work: Path) -> float:
    """Median time of a step with quantized values over that of a plain one, in turns; the levels
    are fitted anew as often as the training does it."""
    request = _request(case, work)
    ours, plain = Trainee(request), Trainee(request).loaded()
    optimizer = nn.Adam(ours.network.trainable_params(), learning_rate=1e-3)
    stride = Stride(ours, optimizer)
    gradients = training.gradients(
        ours.network, ops.cross_entropy, request.settings, learns_statistics=True
    )
    plainly = nn.TrainOneStepCell(
        nn.WithLossCell(plain, nn.CrossEntropyLoss()),
        nn.Adam(plain.trainable_params(), learning_rate=1e-3),
    ).set_train()
    inputs, labels = ours.samples(request.training)
    times: tuple[list[float], list[float]] = ([], [])
    renewals: list[float] = []
    for count in range(case.steps):
        rows = np.arange(count * request.settings.batch, (count + 1) * request.settings.batch)
        batch = [np.asarray(array[rows % len(labels)]) for array in inputs]
        given = labels[rows % len(labels)].astype(np.int32)
        renewals.append(_timed(stride.renew))
        times[0].append(_timed(lambda b=batch, g=given: stride.take(gradients, b, g)))
        times[1].append(_timed(lambda b=batch, g=given: _plain(plainly, b, g)))
    # The first steps compile.
    step, simple = (float(np.median(each[2:])) for each in times)
    return (step + float(np.median(renewals[2:])) / request.settings.renew_steps) / simple


def _request(case: Case, work: Path) -> Request:
    loaded = places.deployment(case.config, (case.recipe,))
    (named,) = loaded.recipes
    how = recovery.checked(loaded, named, loaded.deployment.recover)
    with start(work, "measure", case.name) as run:
        builder = Builder(loaded, run, Silent())
        ground = builder.lay(loaded.deployment.toolchain, loaded.recipes)
        full = named.recipe.needs_calibration
        quantized = builder.convert(ground, named) if full else None
        request = recovery.stage_for(builder, ground, quantized, named, how).request()
        run.finish({"status": "done"})
    return request


def _plain(step: nn.Cell, batch: Sequence[Any], labels: Any) -> None:
    float(step(*tensors(batch), Tensor(labels)).asnumpy())


def _timed(call: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
