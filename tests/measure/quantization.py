"""The table over all recipes: size, accuracy, agreement, host time. Not collected by pytest.

``python -m tests.measure.quantization [CONFIG ...] [--out FILE]`` converts and evaluates each
deployment by every recipe of configs/quantization, and by uniform grids and codebooks of 8 down to
1 bits of our own quantizer, then searches for the smallest model that loses no more than the
limits. All of it in the real converter and runtime; finished stages are taken from the workspace.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.chain.ground import Builder, Ground
from pipeline.chain.run import start
from pipeline.chain.tune import tune
from pipeline.config import places
from pipeline.config.recipe import NamedRecipe, Recipe
from pipeline.core.errors import PipelineError
from pipeline.core.events import Silent
from pipeline.stages.evaluate import Accuracy

ROOT = Path(__file__).parents[2]
TABLE = Path(__file__).with_suffix(".md")
DEPLOYMENTS = ("examples/digits/deploy.yaml", "examples/numbers/deploy.yaml")
_BITS = range(8, 0, -1)
_LIMITS = (0.0, 0.5, 1.0, 2.0)


def main() -> None:
    """Measure, then write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("configs", nargs="*", type=Path)
    parser.add_argument("--out", type=Path, default=TABLE)
    parser.add_argument("--work", type=Path, default=Path("runs"))
    parser.add_argument("--budget", type=float, default=300.0, help="seconds for each search")
    parser.add_argument("--limits", type=float, nargs="*", default=_LIMITS)
    options = parser.parse_args()
    configs = options.configs or [ROOT / name for name in DEPLOYMENTS]
    lines = ["Made by `python -m tests.measure.quantization`.", ""]
    for config in configs:
        lines += _deployment(config, options.work)
        lines += _searches(config, options.work, options.budget, options.limits)
        options.out.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _deployment(config: Path, work: Path) -> list[str]:
    names = places.names("quantization", near=config.parent)
    loaded = places.deployment(config, [name for name in names if name != "fp32"])
    lines = [f"## {loaded.deployment.name}", ""]
    with start(work, "measure", loaded.deployment.name) as run:
        builder = Builder(loaded, run, Silent())
        ground = builder.lay(loaded.deployment.toolchain, loaded.recipes)
        base = builder.evaluate(ground, ground.baseline)
        float_answers = _answers(ground, base)
        lines += [
            _float_words(ground, base),
            "",
            "| recipe | bytes | smaller | accuracy | change | agreement | host ms | |",
            "|---|--:|--:|--:|--:|--:|--:|---|",
        ]
        for named in (*loaded.recipes, *_own()):
            lines.append(_row(builder, ground, base, float_answers, named))
            print(lines[-1], flush=True)
        run.finish({"status": "done"})
    return [*lines, ""]


def _float_words(ground: Ground, base: Accuracy) -> str:
    return (
        f"The network itself has {ground.source.percent:.2f} %, the float model "
        f"{base.percent:.2f} % of {base.n} samples in {ground.baseline.size_bytes:,} bytes "
        f"({1e3 / base.samples_per_s:.3g} ms a sample on this computer's CPU)."
    )


def _own() -> Iterator[NamedRecipe]:
    """Uniform beside non-uniform at the same bits, by the same quantizer."""
    for bits in _BITS:
        for name, more in (
            ("uniform a tensor", {"grid": "uniform", "per_channel": False}),
            ("uniform a channel", {"grid": "uniform", "per_channel": True}),
            ("codebook a tensor", {"grid": "codebook", "per_channel": False}),
            ("codebook a channel", {"grid": "codebook", "per_channel": True}),
        ):
            settings: dict[str, Any] = {"quantization": "weight", "quantizer": "pipeline", **more}
            recipe = Recipe.model_validate({**settings, "bits": bits})
            yield NamedRecipe(name=f"{bits} bits, {name}", path=Path("own.yaml"), recipe=recipe)


def _row(builder: Builder, ground: Ground, base: Accuracy, answers: Any, named: NamedRecipe) -> str:
    try:
        model = builder.convert(ground, named)
        accuracy = builder.evaluate(ground, model)
    except PipelineError as error:
        return f"| {named.name} | | | | | | | {error.message} |"
    agreement = float((_answers(ground, accuracy) == answers).mean())
    return (
        f"| {named.name} | {model.size_bytes:,} "
        f"| {ground.baseline.size_bytes / model.size_bytes:.2f}x | {accuracy.percent:.2f} % "
        f"| {accuracy.percent - base.percent:+.2f} | {100 * agreement:.2f} % "
        f"| {1e3 / accuracy.samples_per_s:.3g} | |"
    )


def _answers(ground: Ground, accuracy: Accuracy) -> Any:
    outputs = np.fromfile(accuracy.outputs, np.float32).reshape(ground.samples.count, -1)
    return outputs.argmax(axis=1)


def _searches(config: Path, work: Path, budget: float, limits: Sequence[float]) -> list[str]:
    lines = [
        "| `tune`, at most lost | bytes | smaller | accuracy | change | trials | seconds |",
        "|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for limit in limits:
        begun = time.monotonic()
        found = tune(config, max_accuracy_drop=limit, budget_s=budget, workspace=work)
        best = found.best
        if best is None:
            lines.append(f"| {limit:g} | nothing found | | | | {found.trials} | |")
            continue
        lines.append(
            f"| {limit:g} | {best.size_bytes:,} "
            f"| {found.baseline.size_bytes / best.size_bytes:.2f}x | {best.percent:.2f} % "
            f"| {best.percent - found.baseline.percent:+.2f} | {len(found.candidates)} "
            f"| {time.monotonic() - begun:.0f} |"
        )
        print(lines[-1], flush=True)
    return [*lines, ""]


if __name__ == "__main__":
    main()
