"""What a command gave, as typed rows: the one source of the table, the JSON and the manifest."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from device.device import DeviceFacts, Where
from pipeline.chain.compare import Comparison
from pipeline.chain.culprit import Culprit
from pipeline.core.errors import ExitCode
from pipeline.stages.benchmark import Measurement
from pipeline.stages.benchmark.validity import INCONCLUSIVE
from pipeline.stages.convert import Runtime
from pipeline.stages.parity import Parity


@dataclass(frozen=True)
class Quality:
    """What a model knows: top-1 on the test set, and its outputs against the reference's.

    ``draws``: accuracies in percent of the same recipe with the calibration set drawn otherwise.
    """

    times_smaller: float
    correct: int
    n: int
    drop_points: float
    parity: Parity
    host_samples_per_s: float
    draws: tuple[float, ...] = ()

    @property
    def percent(self) -> float:
        """Accuracy in percent."""
        return 100.0 * self.correct / self.n

    def as_json(self) -> dict[str, Any]:
        """Units in the names."""
        return {
            "times_smaller": round(self.times_smaller, 3),
            "accuracy_percent": round(self.percent, 4),
            "accuracy_drop_points": round(self.drop_points, 4),
            "correct": self.correct,
            "n": self.n,
            "parity": self.parity.as_json(),
            "host_samples_per_s": self.host_samples_per_s,
            "calibration_draws_percent": [round(self.percent, 4), *self.draws]
            if self.draws
            else [],
        }


@dataclass(frozen=True)
class Row:
    """One model; ``failures`` are the limits that it does not meet, in words.

    ``culprit``: its first layer that differs, looked for where its outputs missed their limit;
    ``recovered``: whether accuracy was won back for it.
    """

    name: str
    path: Path
    sha256: str
    size_bytes: int
    fp16: bool = False
    quality: Quality | None = None
    measurement: Measurement | None = None
    failures: tuple[str, ...] = ()
    culprit: Culprit | None = None
    recovered: bool = False

    def as_json(self) -> dict[str, Any]:
        """A model's entry in ``--json`` and the manifest."""
        return {
            "name": self.name,
            "path": str(self.path),
            "sha256": self.sha256,
            "size_bytes": self.size_bytes,
            "fp16": self.fp16,
            "recovered": self.recovered,
            **(self.quality.as_json() if self.quality else {}),
            "benchmark": self.measurement.as_json() if self.measurement else None,
            "failures": list(self.failures),
            "first_difference": self.culprit.as_json() if self.culprit else None,
        }


@dataclass(frozen=True)
class Report:
    """The outcome of a deployment, a conversion or a benchmark.

    ``reference``: whose outputs accuracy and parity are against. ``checkpoint_percent`` is its
    accuracy, whatever the network came as. ``comparison``: with an older run's models, where
    these took turns with them.
    """

    name: str
    run_folder: Path
    rows: tuple[Row, ...]
    checkpoint_percent: float | None = None
    device: DeviceFacts | None = None
    profile: str | None = None
    reference: Runtime | None = None
    comparison: Comparison | None = None

    @property
    def emulated(self) -> bool:
        """Whether the figures are of an emulated device."""
        return self.device is not None and self.device.where is not Where.DEVICE

    @property
    def failures(self) -> tuple[str, ...]:
        """Every limit that was not met, with the model's name."""
        return tuple(f"{row.name}: {text}" for row in self.rows for text in row.failures)

    @property
    def invalid(self) -> tuple[str, ...]:
        """Every measurement that must not be used, with the model's name and why."""
        measured = ((row.name, row.measurement) for row in self.rows if row.measurement)
        return tuple(f"{name}: {one.invalid}" for name, one in measured if one.invalid)

    @property
    def doubts(self) -> tuple[str, ...]:
        """Why measurements should be used with care, with the models' names; each reason once."""
        names: dict[str, list[str]] = {}
        for row in self.rows:
            for text in row.measurement.judgement.doubts if row.measurement else ():
                if not text.startswith(INCONCLUSIVE):  # said of each model by itself
                    names.setdefault(text, []).append(row.name)
        return tuple(f"{', '.join(models)}: {text}" for text, models in names.items())

    @property
    def exit_code(self) -> ExitCode:
        """1 for a limit that was not met or a regression, 5 for an invalid measurement, else 0."""
        if self.failures or (self.comparison and self.comparison.regressions):
            return ExitCode.GATE_FAILED
        if self.invalid:
            return ExitCode.NO_DATA
        return self.comparison.exit_code if self.comparison else ExitCode.DONE

    def as_json(self) -> dict[str, Any]:
        """What ``--json`` prints and the manifest holds."""
        return {
            "status": "done",
            "name": self.name,
            "verdict": "failed" if self.failures else "passed",
            "failures": list(self.failures),
            "invalid": list(self.invalid),
            "where": self.device.where.value if self.device else None,
            "emulated": self.emulated,
            "profile": self.profile,
            "device": self.device.as_json() if self.device else None,
            "checkpoint_accuracy_percent": self.checkpoint_percent,
            "reference": self.reference.value if self.reference else None,
            "run_folder": str(self.run_folder),
            "models": [row.as_json() for row in self.rows],
            **({"comparison": self.comparison.as_json()} if self.comparison else {}),
        }
