"""Whether a fine-tuned model is as fast as before: the same graph, measured in one session.

Latencies of an emulated device are this computer's; nothing but their ratio is told. Where ARM64
can be emulated, the instructions of an inference are counted, which nothing else moves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pipeline
from examples.experiment.plan import WAYS, Augmentation, Cell
from examples.experiment.result import Result
from examples.experiment.runner import Experiment, Tell, configure
from examples.experiment.session import measured
from pipeline.core import files
from pipeline.core.errors import ToolchainError
from pipeline.inspect.look import look
from pipeline.inspect.record import Operator
from pipeline.stages.benchmark import Measurement
from pipeline.statistics.ratios import Estimate, paired_ratio

#: Ways that are measured: integer arithmetic, and weights that are floats again in memory.
SHOWN = ("full-8", "codebook-2")
FLOAT, QUANTIZED, TUNED = "float", "quantized", "fine-tuned"
#: Raise it when the same models are to be measured anew.
_VERSION = 1
_DEVICE = "device"
_STORED_ONLY = ("QUANT_NONE", "QUANT_WEIGHT")


@dataclass(frozen=True)
class Speed:
    """A way's three models by their names: medians of an inference's latency on ``where``, and
    instructions (none where they are not counted) on ``cpu``. ``ratio``: fine-tuned over
    quantized, of p50 by launches that took turns, with its interval at 99 % confidence."""

    way: str
    where: str
    p50_ns: Mapping[str, float]
    ratio: Estimate
    instructions: Mapping[str, int]
    cpu: str

    @property
    def on_device(self) -> bool:
        """Whether the latencies themselves mean something."""
        return self.where == _DEVICE

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> Speed:
        """What ``asdict`` gave."""
        return Speed(**{**value, "ratio": Estimate(**value["ratio"])})


@dataclass(frozen=True)
class Graphs:
    """Of ``pairs`` of models, quantized and fine-tuned, so many have the same operators; their
    sizes are at most ``most_percent`` apart."""

    pairs: int
    same: int
    most_percent: float


def graphs(experiment: Experiment, results: Sequence[Result]) -> Graphs:
    """Look into every pair."""
    same, apart = 0, [0.0]
    pairs = [one for one in results if one.quantized_model is not None]
    for one in pairs:
        before = look(experiment.path(one.quantized_model or ""))
        after = look(experiment.path(one.tuned_model))
        same += [_told(each) for each in before.operators] == [
            _told(each) for each in after.operators
        ]
        apart.append(100 * abs(after.size_bytes / before.size_bytes - 1))
    return Graphs(len(pairs), same, max(apart))


def speeds(experiment: Experiment, results: Sequence[Result], tell: Tell) -> list[Speed]:
    """Of the ways that are shown, with the first seed; kept in speed.json. PipelineError."""
    chosen = [one for name in SHOWN for one in results if _is_shown(experiment, one, name)]
    if not chosen:
        return []
    kept = experiment.path("speed.json")
    models = _models(experiment, chosen)
    hashes = {name: files.sha256_file(path) for name, path in models.items()}
    key = files.sha256_json([_VERSION, hashes])
    if kept.is_file() and (value := files.read_json(kept)).get("key") == key:
        return [Speed.from_json(item) for item in value["speeds"]]
    found = _measured(experiment, chosen, models, tell)
    files.write_json(kept, {"key": key, "speeds": [asdict(one) for one in found]})
    return found


def _told(operator: Operator) -> tuple[object, ...]:
    """What is computed. Whether a weight is stored with a scale for each channel is not of it: the
    runtime decodes weights when it loads a model."""
    computed = "" if operator.quantization in _STORED_ONLY else operator.quantization
    return operator.kind, operator.macs, operator.activation, computed


def _is_shown(experiment: Experiment, one: Result, way: str) -> bool:
    plain = one.augmentation is Augmentation.NONE and one.quantized_model is not None
    return one.way == way and one.seed == experiment.plan.seeds[0] and plain


def _models(experiment: Experiment, chosen: Sequence[Result]) -> dict[str, Path]:
    """The float model, and two of each way."""
    first = chosen[0]
    cell = Cell(first.seed, WAYS[first.way], first.augmentation)
    config = configure(experiment, cell, tuned=False)
    report = pipeline.convert(config, recipes=("fp32",), workspace=experiment.workspace)
    models = {FLOAT: report.rows[0].path}
    for one in chosen:
        models[f"{one.way}-{QUANTIZED}"] = experiment.path(one.quantized_model or "")
        models[f"{one.way}-{TUNED}"] = experiment.path(one.tuned_model)
    return models


def _measured(
    experiment: Experiment, chosen: Sequence[Result], models: Mapping[str, Path], tell: Tell
) -> list[Speed]:
    tell(f"measuring {len(models)} models in one session")
    timed = measured(models, experiment.workspace)
    try:
        counted = measured(models, experiment.workspace, emulate="arm64")
    except ToolchainError as error:
        tell(f"instructions are not counted: {error.message} ({error.hint})")
        counted = {}
    return [_speed(one.way, timed, counted) for one in chosen]


def _speed(way: str, timed: Mapping[str, Measurement], counted: Mapping[str, Measurement]) -> Speed:
    names = {FLOAT: FLOAT, **{name: f"{way}-{name}" for name in (QUANTIZED, TUNED)}}
    runs = {name: [run.percentile_ns(50) for run in timed[of].runs] for name, of in names.items()}
    summaries = {name: counted[of].instructions for name, of in names.items() if of in counted}
    return Speed(
        way=way,
        where=timed[FLOAT].facts.where.value,
        p50_ns={name: sorted(values)[len(values) // 2] for name, values in runs.items()},
        ratio=paired_ratio(runs[QUANTIZED], runs[TUNED]),
        instructions={name: one.executed.total for name, one in summaries.items() if one},
        cpu=next((one.cpu for one in summaries.values() if one), ""),
    )
